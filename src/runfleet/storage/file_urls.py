"""`file://` URLs of containers and blobs that lie in a folder, and the way back."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runfleet.storage.errors import InvalidNameError, StorageError
from runfleet.storage.names import check_blob_name, check_container_name


def container_path(url: str, root: Path) -> Path:
    """
    Find the folder of a container from its `file://` URL.

    Parameters
    ----------
    url
        As `DirectoryStorage.container_url` gives it.
    root
        The folder of the storage account.

    Raises
    ------
    StorageError
        If the URL is none of a container in that folder.
    """
    container, blob = _split(url, root)
    if blob:
        raise StorageError(f"`{url}` names a blob, not a container")
    return root.resolve() / container


def blob_path(url: str, root: Path) -> Path:
    """
    Find the file of a blob from its `file://` URL.

    Parameters
    ----------
    url
        As `DirectoryStorage.blob_url` gives it.
    root
        The folder of the storage account.

    Raises
    ------
    StorageError
        If the URL is none of a blob in that folder.
    """
    container, blob = _split(url, root)
    if not blob:
        raise StorageError(f"`{url}` names a container, not a blob")
    return root.resolve() / container / blob


def _split(url: str, root: Path) -> tuple[str, str]:
    path = _path_text(url)
    folder = root.resolve().as_posix().rstrip("/") + "/"
    if not os.path.normcase(path).startswith(os.path.normcase(folder)):
        raise StorageError(f"`{url}` lies outside the storage folder {root}")
    container, _, blob = path[len(folder) :].rstrip("/").partition("/")
    try:
        check_container_name(container)
        if blob:
            check_blob_name(blob)
    except InvalidNameError as error:
        raise StorageError(
            f"`{url}` is no place in the storage folder {root}: {error.message}"
        ) from error
    return container, blob


def _path_text(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise StorageError(f"`{url}` is not a file:// URL of this machine")
    if parts.query or parts.fragment:
        raise StorageError(f"`{url}` has more than a path: encode `?` as %3F and `#` as %23")
    path = unquote(parts.path, errors="surrogateescape")
    return path.removeprefix("/") if os.name == "nt" else path
