"""The storage account that belongs to the emulator of a home folder, its *auto storage*."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.home import Folders
from runfleet.storage.directory import DirectoryStorage
from runfleet.storage.files import write_private

if TYPE_CHECKING:
    from runfleet.storage.azure_blob import AzureBlob

FOLDER = "folder"
"""Stands for the folder of the home folder, where else a connection string is."""


def open_auto_storage(home: Path) -> DirectoryStorage | AzureBlob:
    """Open the storage account: a folder, unless another one has been linked."""
    try:
        connection_string = Folders(home).linked_storage.read_text(encoding="utf-8")
    except FileNotFoundError:
        return DirectoryStorage(Folders(home).storage)
    return _open_account(connection_string)


def link_auto_storage(home: Path, account: str) -> None:
    """
    Link a storage account, once it answers, for now and for later.

    Parameters
    ----------
    home
        See `runfleet.home`.
    account
        A connection string, which is kept in a file that only its owner may read; or `folder`.

    Raises
    ------
    StorageError
        If the account cannot be used; the one that was linked before stays so.
    """
    link = Folders(home).linked_storage
    if account == FOLDER:
        link.unlink(missing_ok=True)
        return
    next(_open_account(account).list_containers(), None)
    write_private(link, account.encode())


def is_linked(home: Path, account: str) -> bool:
    """Tell whether this is the account that is linked."""
    try:
        return Folders(home).linked_storage.read_text(encoding="utf-8") == account
    except FileNotFoundError:
        return account == FOLDER


def _open_account(connection_string: str) -> AzureBlob:
    # The SDK behind it takes longer to import than all else of a short command.
    from runfleet.storage.azure_blob import AzureBlob

    return AzureBlob.from_connection_string(connection_string)
