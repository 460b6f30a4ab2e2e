"""What can go wrong with storage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.errors import RunfleetError

if TYPE_CHECKING:
    import hashlib

_MOST_SHOWN = 80


class StorageError(RunfleetError):
    """A storage account refused or failed."""


class InvalidNameError(StorageError):
    """A name that Azure Storage, or the folder in its place, does not allow."""


class ContainerNotFoundError(StorageError):
    """
    There is no such container.

    Parameters
    ----------
    container
        Its name.
    """

    def __init__(self, container: str) -> None:
        super().__init__(
            f"there is no container `{container}`",
            hint="check its name, and that it has not been deleted from the storage account",
        )
        self.container = container


class BlobNotFoundError(StorageError):
    """
    There is no such blob.

    Parameters
    ----------
    container, blob
        Where it should have been.
    """

    def __init__(self, container: str, blob: str) -> None:
        super().__init__(f"there is no blob `{blob}` in container `{container}`")
        self.container = container
        self.blob = blob


class ContentChangedError(StorageError):
    """
    A file holds something else than it was to be written for; nothing was written.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"`{path}` has changed since it was looked at",
            hint="try again when nothing writes to the file any more",
        )
        self.path = Path(path)


class StorageAccessError(StorageError):
    """The storage account refuses the key, the identity or the signature."""


class StorageUnavailableError(StorageError):
    """
    The storage account could not be reached, or failed, for longer than we wait.

    Parameters
    ----------
    message, hint
        What went wrong and where, and how to mend it.
    status
        The HTTP status; 0 where there was no answer.
    """

    def __init__(self, message: str, *, status: int = 0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class NotAStorageAccountError(StorageError):
    """
    Something else has answered, as a proxy does before one has logged in.

    Parameters
    ----------
    server
        Who was asked.
    content
        The answer, or how it begins.
    """

    def __init__(self, server: str, content: bytes) -> None:
        super().__init__(
            f"the answer of {server} is none of a storage account: "
            f"{content[:_MOST_SHOWN].decode(errors='replace')!r}",
            hint="check the account's URL, and that no proxy answers in its place",
        )


class LifeTooLongError(StorageError):
    """A signed URL was to work for longer than it can."""


def demand_content(read: hashlib._Hash, sha256: str, path: Path | str) -> None:
    """Refuse what was read of a file if it has another hash; raises `ContentChangedError`."""
    if read.hexdigest() != sha256:
        raise ContentChangedError(path)


def not_written(container: str, blob: str, error: OSError) -> StorageError:
    """Say why a file cannot be written as a blob."""
    what = f"blob `{blob}` cannot be written to container `{container}`"
    if error.filename is not None and os.path.isdir(error.filename):
        return StorageError(
            f"{what}: `{error.filename}` is a folder",
            hint="`upload_folder` uploads a whole folder, `upload_zipped` as one zip file",
        )
    return StorageError(f"{what}: {error.strerror}: {error.filename}")
