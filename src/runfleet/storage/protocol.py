"""What every storage account can do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

OnBytes = Callable[[int], None]
"""Told of each number of bytes that has been moved."""


def unheard(_: object) -> None:
    """Tell nobody how much has been moved, or how far a transfer is."""


@dataclass(frozen=True, slots=True)
class Blob:
    """
    One blob of a listing.

    Parameters
    ----------
    name
        Its whole name, folders separated by slashes.
    size
        In bytes.
    last_modified
        When it was last written, in UTC.
    md5
        The MD5 of its content, where the storage account keeps that.
    is_folder_mark
        Whether it is no file, but stands for a folder; a `Storage` lists no such blobs.
    """

    name: str
    size: int
    last_modified: datetime
    md5: bytes | None = None
    is_folder_mark: bool = False


class Storage(Protocol):
    """
    Containers of blobs.

    Names follow Azure's rules; breaking them raises `InvalidNameError`. Reading, writing and
    listing in a container that is not there raises `ContainerNotFoundError`. A blob is written
    whole or not at all.
    """

    @property
    def place(self) -> str:
        """Where it is, for a user to look at."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether one mostly waits for its answers: several requests at a time are faster then."""
        ...

    def close(self) -> None:
        """Give back the connections: it is not used any more."""

    def create_container(self, container: str) -> None:
        """Make a container; one that is there already is left alone."""

    def list_containers(self) -> Iterator[str]:
        """List the names of the containers, sorted."""

    def delete_container(self, container: str) -> None:
        """Delete a container with all its blobs; one that is not there is no error."""

    def put_file(
        self,
        container: str,
        blob: str,
        path: Path | str,
        *,
        sha256: str | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """
        Write the content of a file as a blob, in place of any blob of that name.

        Parameters
        ----------
        container, blob, path
            Which file, and where it goes.
        sha256
            The hash of what it is to hold, in hexadecimal digits; None for whatever it holds.
        on_bytes
            Is told of all that has gone.

        Raises
        ------
        ContentChangedError
            If what was read has another hash; nothing is written then.
        """

    def put_bytes(self, container: str, blob: str, content: bytes) -> None:
        """Write a blob, in place of any blob of that name."""

    def replace_bytes(
        self, container: str, blob: str, content: bytes, *, instead_of: bytes | None
    ) -> bool:
        """
        Write a blob unless somebody else has written it meanwhile.

        Parameters
        ----------
        container, blob
            Which one.
        content
            What it shall hold.
        instead_of
            What it held when it was read last; None where there was no such blob.

        Returns
        -------
        written
            Whether it holds the content now; if not, nothing has changed.
        """
        ...

    def get_bytes(
        self, container: str, blob: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """
        Read a blob, or a part of it.

        Parameters
        ----------
        container, blob
            Which one.
        offset
            Where to begin; beyond the end there is nothing to read, which is no error.
        length
            How many bytes at most; None for all that follow.

        Raises
        ------
        BlobNotFoundError
            If there is no such blob.
        """

    def get_file(
        self, container: str, blob: str, path: Path | str, *, on_bytes: OnBytes = unheard
    ) -> None:
        """Copy a blob to a file, whose folder is made if need be; raises `BlobNotFoundError`."""

    def put_files(
        self,
        container: str,
        files: Iterable[tuple[Path | str, str]],
        *,
        sha256: Mapping[str, str] | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """
        Write the content of many files as blobs, see `put_file`.

        Parameters
        ----------
        container
            Where the blobs go.
        files
            The path of each file, with the name of its blob.
        sha256
            The hash of what a file is to hold, by the name of its blob; none for whatever it holds.
        on_bytes
            Is told of all that has gone, perhaps in several threads.

        Raises
        ------
        ContentChangedError
            If what was read of one has another hash; that one is not written then.
        """

    def get_files(
        self,
        container: str,
        files: Iterable[tuple[Blob, Path | str]],
        *,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """
        Copy many blobs to files; one that an interruption leaves half written is left so.

        Parameters
        ----------
        container
            Where the blobs are.
        files
            The blobs, as listed, each with the path of its file, whose folder is made if need be.
        on_bytes
            Is told of all that has come, perhaps in several threads.

        Raises
        ------
        BlobNotFoundError
            If one of the blobs is gone.
        """

    def has_content(self, container: str, blob: Blob, path: Path | str) -> bool:
        """Tell whether a blob, as listed, has the content of a file; if unsure, say no."""
        ...

    def copy_blob(self, container: str, blob: str, to_container: str, to_blob: str) -> None:
        """Copy a blob within the account, in place of any blob there."""

    def exists(self, container: str, blob: str) -> bool:
        """Tell whether there is such a blob."""

    def delete_blob(self, container: str, blob: str) -> None:
        """Delete a blob; one that is not there is no error."""

    def delete_prefix(self, container: str, prefix: str) -> None:
        """Delete all blobs whose names begin with the prefix."""

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """List the blobs whose names begin with the prefix, sorted by name, as a stream."""

    def list_folders(
        self, container: str, parent: str, folders: Collection[str]
    ) -> Iterator[tuple[str, list[Blob]]]:
        """
        List the blobs in some of the folders of a folder, at whatever costs least.

        Parameters
        ----------
        container
            Where the folders are.
        parent
            The folder in which they lie, with its slash.
        folders
            Their names.

        Returns
        -------
        listed
            The name of each folder, in any order, with all blobs below it: none is no error.
        """
        ...

    def blob_url(self, container: str, blob: str, *, life: timedelta, write: bool = False) -> str:
        """
        Give a URL that lets a node read a blob.

        Parameters
        ----------
        container, blob
            Which one; it need not be there yet.
        life
            How long the URL has to work.
        write
            Whether it lets the node write, too.
        """

    def container_url(self, container: str, *, life: timedelta, write: bool = False) -> str:
        """Give a URL that lets a node read and list a container; see `blob_url`."""
