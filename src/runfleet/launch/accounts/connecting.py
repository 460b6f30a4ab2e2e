"""Opens accounts by their names."""

from __future__ import annotations

import getpass
import os
import platform
from pathlib import Path

from runfleet.home import runfleet_home
from runfleet.launch.accounts.access import Access, LocalAccess
from runfleet.launch.accounts.account import Account
from runfleet.launch.accounts.keys import AskKey, Keys
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.emulator import emulator_of


def connect(
    account: str = LOCAL, *, home: Path | str | None = None, ask_key: AskKey | None = None
) -> Account:
    """
    Open an account.

    Parameters
    ----------
    account
        `local`: the emulator on this machine, which is started if it is not running. Or the name
        of an Azure account of `accounts.yaml`.
    home
        Where runfleet keeps its state; None for `RUNFLEET_HOME`, or else the platform's place.
    ask_key
        Asks for a key that is neither in the environment nor in the system's keyring.

    Raises
    ------
    AccountError
        If there is no such account.

    Examples
    --------
    >>> study = Study.load("study.yaml")
    >>> with connect() as account:
    ...     submission = account.submit(study)
    ...     for progress in submission.watch():
    ...         print(progress.counts)
    ...     submission.table()
    """
    folder = Path(home).absolute() if home else runfleet_home()
    if account == LOCAL:
        emulator_of(folder).begin()
    return Account(account, folder, access_to(account, folder, ask_key))


def access_to(account: str, home: Path, ask_key: AskKey | None = None) -> Access:
    """Find the way to an account, and start nothing; see `connect`."""
    if account == LOCAL:
        return LocalAccess(home, emulator_of(home))
    # Imported late: what runs on this machine does without, and begins the sooner.
    from runfleet.launch.accounts.account_file import AccountFile, check_certificates
    from runfleet.launch.accounts.azure_access import AzureAccess

    settings = AccountFile(home).get(account)
    check_certificates(settings)
    return AzureAccess(settings, Keys(os.environ, ask_key), owner())


def owner() -> str:
    """Name whoever is at this machine, as pools are marked with it: `ann@desk`."""
    return f"{_user()}@{platform.node()}"


def _user() -> str:
    """Name the user; in containers, nobody may know more than a number, or not even that."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        # Windows has no such numbers.
        number = getattr(os, "getuid", None)
        return str(number()) if number else "unknown"
