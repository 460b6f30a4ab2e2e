"""Whole folders to containers and back, as files or as one zip file; only what has changed."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runfleet.storage.errors import StorageError
from runfleet.storage.names import check_blob_name
from runfleet.storage.protocol import OnBytes, Storage, unheard


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """
    How far a transfer is.

    Parameters
    ----------
    moved, total
        In bytes; of the files that have changed.
    """

    moved: int
    total: int


OnProgress = Callable[[TransferProgress], None]


@dataclass(frozen=True, slots=True)
class Transferred:
    """
    What a transfer has done.

    Parameters
    ----------
    files, size
        How many files were moved, and their bytes.
    unchanged
        How many were there already, with the same content.
    """

    files: int
    size: int
    unchanged: int


def upload_folder(
    storage: Storage,
    container: str,
    folder: Path | str,
    prefix: str = "",
    *,
    on_progress: OnProgress = unheard,
) -> Transferred:
    """
    Upload all files of a folder, except those that are there with the same content.

    Parameters
    ----------
    storage, container
        Where to; the container has to be there.
    folder
        The folder; links to files and folders are followed.
    prefix
        The folder in the container, without a slash at its end; blobs there that the folder lacks
        stay.
    on_progress
        Is told how far it is, perhaps in another thread.

    Raises
    ------
    StorageError
        If there is no such folder, or anything goes wrong on the way.
    """
    # Imported late: the node agent, which starts with every emulator, does without archives.
    from runfleet.storage.archives import files_below

    folder = _present(folder)
    start = _folder_start(prefix)
    present = {blob.name: blob for blob in storage.list_blobs(container, start)}
    named = {start + path.relative_to(folder).as_posix(): path for path in files_below(folder)}
    changed = {
        name: path
        for name, path in sorted(named.items())
        if name not in present or not storage.has_content(container, present[name], path)
    }
    size = sum(path.stat().st_size for path in changed.values())
    storage.put_files(
        container,
        ((str(path), name) for name, path in changed.items()),
        on_bytes=_adding_up(size, on_progress),
    )
    return Transferred(len(changed), size, len(named) - len(changed))


def download_folder(
    storage: Storage,
    container: str,
    folder: Path | str,
    prefix: str = "",
    *,
    on_progress: OnProgress = unheard,
) -> Transferred:
    """
    Download all blobs of a folder in a container, except those that are here with the same content.

    Parameters
    ----------
    storage, container
        Where from.
    folder
        Where to; made if need be. Files there that the container lacks stay.
    prefix
        The folder in the container, without a slash at its end.
    on_progress
        Is told how far it is, perhaps in another thread.

    Raises
    ------
    InvalidNameError
        If a blob cannot be a file below the folder.
    StorageError
        If anything else goes wrong.
    """
    start = _folder_start(prefix)
    folder = Path(folder)
    listed = storage.list_blobs(container, start)
    placed = [(blob, _place(folder, blob.name[len(start) :])) for blob in listed]
    changed = [
        (blob, str(path))
        for blob, path in placed
        if not (path.is_file() and storage.has_content(container, blob, path))
    ]
    size = sum(blob.size for blob, _ in changed)
    folder.mkdir(parents=True, exist_ok=True)
    storage.get_files(container, changed, on_bytes=_adding_up(size, on_progress))
    return Transferred(len(changed), size, len(placed) - len(changed))


def upload_zipped(
    storage: Storage,
    container: str,
    blob: str,
    folder: Path | str,
    *,
    on_progress: OnProgress = unheard,
) -> Transferred:
    """
    Upload a folder as one zip file, unless that is there already.

    Parameters
    ----------
    storage, container, blob
        Where to.
    folder
        The folder, all of whose files are packed with their modes.
    on_progress
        Is told how far the upload is, perhaps in another thread.

    Raises
    ------
    StorageError
        If there is no such folder, it holds no file, or anything goes wrong on the way.
    """
    from runfleet.storage.archives import zip_folder

    with tempfile.TemporaryDirectory(prefix="runfleet-") as name:
        packed = Path(name, "folder.zip")
        zip_folder(_present(folder), packed)
        for listed in storage.list_blobs(container, blob):
            if listed.name == blob and storage.has_content(container, listed, packed):
                return Transferred(0, 0, 1)
        size = packed.stat().st_size
        storage.put_file(container, blob, packed, on_bytes=_adding_up(size, on_progress))
    return Transferred(1, size, 0)


def download_zipped(
    storage: Storage,
    container: str,
    blob: str,
    folder: Path | str,
    *,
    on_progress: OnProgress = unheard,
) -> None:
    """
    Download a zip file and unpack it into a folder, over what is there.

    Parameters
    ----------
    storage, container, blob
        Where from.
    folder
        Where to; made if need be.
    on_progress
        Is told how far the download is, perhaps in another thread.

    Raises
    ------
    StorageError
        If it is no sound zip file, or anything goes wrong on the way.
    """
    from runfleet.storage.archives import unpack

    size = next(
        (found.size for found in storage.list_blobs(container, blob) if found.name == blob), 0
    )
    with tempfile.TemporaryDirectory(prefix="runfleet-") as name:
        packed = Path(name, "folder.zip")
        storage.get_file(container, blob, packed, on_bytes=_adding_up(size, on_progress))
        unpack(packed, Path(folder))


def _present(folder: Path | str) -> Path:
    found = Path(folder)
    if not found.is_dir():
        raise StorageError(f"there is no folder `{found}` to upload")
    return found


def _folder_start(prefix: str) -> str:
    folder = prefix.strip("/")
    return f"{folder}/" if folder else ""


def _place(folder: Path, name: str) -> Path:
    check_blob_name(name)
    return folder / name


def _adding_up(total: int, on_progress: OnProgress) -> OnBytes:
    moved = 0
    lock = threading.Lock()

    def add(size: int) -> None:
        nonlocal moved
        with lock:
            moved += size
            on_progress(TransferProgress(moved, total))

    return add
