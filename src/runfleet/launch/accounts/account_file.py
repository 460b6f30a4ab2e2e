"""The file that names the Azure accounts: what they are and how to log in, but no secret."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from filelock import FileLock
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from runfleet.azure.account_settings import (
    AccountSettings,
    account_of_endpoint,
)
from runfleet.documents.document import Document, parse_document
from runfleet.documents.errors import DocumentError, suggest
from runfleet.documents.validation import check
from runfleet.home import Folders
from runfleet.launch.accounts.account_form import AccountsForm
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.errors import AccountError
from runfleet.storage.files import written_whole

_HEAD = (
    "# The Azure accounts of runfleet. Keys are not kept here: they come from the environment,",
    "# the system's keyring or a prompt; `docs/azure.md` has more.",
)
_OPTIONAL = ("subscription", "resource_group", "location", "ca_file", "management")


class AccountFile:
    """
    The accounts of a home folder.

    Parameters
    ----------
    home
        See `runfleet.home`.
    """

    def __init__(self, home: Path) -> None:
        self.path = Folders(home).accounts
        self._lock = Folders(home).accounts_lock

    def accounts(self) -> list[AccountSettings]:
        """
        List the accounts, in the order of the file.

        Raises
        ------
        AccountError
            If the file is wrong; with the line.
        """
        try:
            document = parse_document(self._text(), self.path)
            _refuse_other_files(document)
            return check(AccountsForm, document).settings()
        except DocumentError as error:
            refused = AccountError(error.message, hint=error.hint)
            refused.others = error.others
            raise refused from error

    def get(self, name: str) -> AccountSettings:
        """Find an account; raises `AccountError` if there is none of that name."""
        if name == LOCAL:
            raise AccountError(
                f"`{LOCAL}` is this machine; it has no entry and needs no keys",
                hint="`runfleet account list` shows the accounts that have",
            )
        accounts = {account.name: account for account in self.accounts()}
        if name not in accounts:
            nearest = suggest(name, [LOCAL, *accounts], "known are")
            stop = "" if nearest.endswith("?") else ";"
            raise AccountError(
                f"there is no account `{name}`",
                hint=f"{nearest}{stop} `runfleet account add` adds one",
            )
        return accounts[name]

    def add(self, account: AccountSettings, *, replace: bool = False) -> None:
        """
        Add an account; comments in the file, and all other accounts, stay as they are.

        Raises
        ------
        AccountError
            If the name is taken and it is not to be replaced.
        """
        with self._locked():
            there = {other.name for other in self.accounts()}  # none if the file is damaged
            if not replace and account.name in there:
                raise AccountError(
                    f"there is an account `{account.name}` already",
                    hint="give another name, or `--replace` it",
                )
            self._edit(lambda accounts: accounts.update({account.name: _entry(account)}))

    def remove(self, name: str) -> None:
        """Remove an account from the file; on Azure nothing changes."""
        with self._locked():
            self.get(name)
            self._edit(lambda accounts: accounts.pop(name))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep two editors from writing over what the other has added."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._lock):
            yield

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            what = f"{self.path}: this is not UTF-8"
            raise AccountError(what, hint="save the file in UTF-8") from error

    def _edit(self, change: Callable[[CommentedMap], object]) -> None:
        yaml = YAML()
        text = self._text()
        written = StringIO()
        content = yaml.load(text)
        if content is None:
            comments = [line for line in text.splitlines() if line.startswith("#")]
            written.writelines(f"{line}\n" for line in comments or _HEAD)
            content = CommentedMap()
        if content.get("accounts") is None:
            content["accounts"] = CommentedMap()
        change(content["accounts"])
        yaml.dump(content, written)
        # Where it is a link, what it leads to.
        with written_whole(self.path.resolve()) as partial:
            partial.write_text(written.getvalue(), encoding="utf-8")


def account_settings(name: str, facts: Mapping[str, Any]) -> AccountSettings:
    """
    Check an account that is to be added.

    Parameters
    ----------
    name
        What it shall be called.
    facts
        As in the file; members that are None are left out.

    Raises
    ------
    AccountError
        If something of it is wrong.
    """
    given = {key: value for key, value in facts.items() if value is not None}
    document = Document(Path(), "", {"accounts": {name: given}}, {})
    try:
        settings = check(AccountsForm, document).settings()[0]
    except DocumentError as error:
        # Nobody has written a file yet, so that its places mean nothing.
        what = error.what.removeprefix(f"`accounts.{name}`: ")
        raise AccountError(what, hint=error.hint) from error
    check_certificates(settings)
    return settings


def check_certificates(account: AccountSettings) -> None:
    """
    Refuse a `ca_file` that cannot be used; the SDK would raise a foreign error later.

    Raises
    ------
    AccountError
        If it is not there, or holds no certificates.
    """
    if account.ca_file is None or Path(account.ca_file).is_dir():
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(account.ca_file)
    except ssl.SSLError as error:
        reason = "it holds no certificates in PEM"
        raise _bad_certificates(account, reason) from error
    except OSError as error:
        raise _bad_certificates(account, error.strerror or str(error)) from error


def _bad_certificates(account: AccountSettings, reason: str) -> AccountError:
    return AccountError(
        f"the `ca_file` of account `{account.name}`, `{account.ca_file}`, cannot be used: {reason}",
        hint="name a PEM file of the certificates to trust, or leave it out: Azure needs none",
    )


def _refuse_other_files(document: Document) -> None:
    if document.data is not None and not isinstance(document.data, dict):
        hint = "begin with the line `accounts:`, and name each account below it"
        raise document.error((), "this is no file of accounts", hint)


def _entry(account: AccountSettings) -> CommentedMap:
    """Write an account as the file has it, leaving out what goes without saying."""
    entry = CommentedMap(endpoint=account.endpoint, login=account.login.value)
    if account.batch_account != account_of_endpoint(account.endpoint):
        entry["batch_account"] = account.batch_account
    entry["storage"] = CommentedMap(url=account.storage.url, login=account.storage.login.value)
    for key in _OPTIONAL:
        if value := getattr(account, key):
            entry[key] = value
    return entry
