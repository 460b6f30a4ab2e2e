"""Where the keys of accounts come from: the environment, the system's keyring, or a prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any

from runfleet.azure.account_settings import AccountSettings
from runfleet.launch.errors import AccountError

AskKey = Callable[[str], str]
"""Asks whoever is there for a key, whose name it is given."""

_SERVICE = "runfleet"


class KeyKind(StrEnum):
    """Which of an account's keys."""

    BATCH = "batch"
    STORAGE = "storage"


# What `az` reads: the variable with the key counts where the other one names the same account.
_AZ_VARIABLES = {
    KeyKind.BATCH: ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ACCESS_KEY"),
    KeyKind.STORAGE: ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"),
}


def variable_of(account: str, kind: KeyKind) -> str:
    """Name the environment variable of a key: `RUNFLEET_AZURE_BATCH_KEY`."""
    return f"RUNFLEET_{account.upper().replace('-', '_')}_{kind.value.upper()}_KEY"


@dataclass(frozen=True)
class Keys:
    """
    Finds the keys of accounts.

    Parameters
    ----------
    environment
        The variables of this process.
    ask
        Asks for a key that is nowhere to be found; None where nobody is there.
    """

    environment: Mapping[str, str]
    ask: AskKey | None = None

    def find(self, account: AccountSettings, kind: KeyKind) -> str:
        """
        Find a key.

        Parameters
        ----------
        account, kind
            Which one.

        Raises
        ------
        AccountError
            If it is nowhere, and nobody can be asked.
        """
        for key in self._known(account, kind):
            return key
        if self.ask is not None:
            return self.ask(title_of(account, kind))
        raise AccountError(
            f"there is no {title_of(account, kind)}",
            hint=f"set {variable_of(account.name, kind)} in the environment, or keep the key in "
            f"the system's keyring with `runfleet account login {account.name}`",
        )

    def source(self, account: AccountSettings, kind: KeyKind) -> str | None:
        """Tell in words where a key is found; None if it is nowhere."""
        for name in self._variables(account, kind):
            return f"the variable {name}"
        return "the system's keyring" if read_keyring(account.name, kind) else None

    def _known(self, account: AccountSettings, kind: KeyKind) -> Iterator[str]:
        for name in self._variables(account, kind):
            yield self.environment[name].strip()
        if kept := read_keyring(account.name, kind):
            yield kept

    def _variables(self, account: AccountSettings, kind: KeyKind) -> Iterator[str]:
        own = variable_of(account.name, kind)
        if self.environment.get(own):
            yield own
        named, key = _AZ_VARIABLES[kind]
        if self.environment.get(named) == account_name(account, kind) and self.environment.get(key):
            yield key


def account_name(account: AccountSettings, kind: KeyKind) -> str:
    """Tell the name, at Azure, of what the key is for."""
    return account.storage.account if kind is KeyKind.STORAGE else account.batch_account


def title_of(account: AccountSettings, kind: KeyKind) -> str:
    """Name a key for people."""
    what = "storage" if kind is KeyKind.STORAGE else "Batch"
    return f"key of {what} account `{account_name(account, kind)}` (account `{account.name}`)"


def read_keyring(account: str, kind: KeyKind) -> str | None:
    """Read a key from the system's keyring; None if it is not there, or there is no keyring."""
    keyring = _keyring()
    if keyring is None:
        return None
    try:
        kept: str | None = keyring.get_password(_SERVICE, f"{account}/{kind.value}")
    except keyring.errors.KeyringError:  # locked, or a machine without any
        return None
    return kept


def write_keyring(account: str, kind: KeyKind, key: str) -> None:
    """
    Keep a key in the system's keyring.

    Raises
    ------
    AccountError
        If there is none.
    """
    keyring = _keyring()
    hint = f"set {variable_of(account, kind)} in the environment instead"
    if keyring is None:
        raise AccountError(
            "the library `keyring` is not installed",
            hint=f"`pip install 'runfleet[keyring]'` installs it; or {hint}",
        )
    try:
        keyring.set_password(_SERVICE, f"{account}/{kind.value}", key)
    except keyring.errors.KeyringError as error:
        raise AccountError(f"this machine has no keyring: {error}", hint=hint) from error


def forget_keys(account: str) -> None:
    """
    Remove the keys of an account from the system's keyring, if they are there.

    Raises
    ------
    AccountError
        If there is one that does not say, or does not let go of them, as while it is locked.
    """
    keyring = _keyring()
    if keyring is None:
        return
    try:
        for kind in KeyKind:
            name = f"{account}/{kind.value}"
            if keyring.get_password(_SERVICE, name) is not None:
                keyring.delete_password(_SERVICE, name)
    except keyring.errors.NoKeyringError:
        return
    except keyring.errors.KeyringError as error:
        raise AccountError(
            f"the keys of account `{account}` cannot be removed from the system's keyring: {error}",
            hint="unlock the keyring, and try again",
        ) from error


def _keyring() -> Any:
    """The library, which is optional; imported only where a key is not in the environment."""
    try:
        return import_module("keyring")
    except ImportError:
        return None
