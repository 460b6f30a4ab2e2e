"""The files of a node, as they are found on the disk."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from runfleet.storage.file_times import modification_time
from runfleet.wire.files import FileInfo

_ATTEMPTS = 20
_PAUSE = 0.02


def walk(folder: Path, *, recursive: bool, after: str = "") -> Iterator[tuple[str, FileInfo]]:
    """
    List what is in a folder by name, as a stream: folders are read as the list comes to them.

    Parameters
    ----------
    folder
        The folder.
    recursive
        Whether what is in its folders is listed, too.
    after
        The key after which the list goes on; empty for the whole one.

    Yields
    ------
    key, file
        The key is what lists are sorted by: the bytes of the whole name, a character each, as the
        name itself need not fit into a link.
    """
    start = after.encode("latin-1", errors="replace")
    for name in _names(os.fsencode(folder), b"", start, recursive=recursive):
        info = _listed(folder, os.fsdecode(name))
        if info is not None:
            yield name.decode("latin-1"), info


def file_info(folder: Path, name: str) -> FileInfo | None:
    """Look at a file; None if it is not there, or is a pipe or the like, with nothing to read."""
    try:
        facts = (folder / name).stat()
    except (OSError, ValueError):
        return None
    is_directory = stat.S_ISDIR(facts.st_mode)
    if not (is_directory or stat.S_ISREG(facts.st_mode)):
        return None
    return FileInfo(
        name=name,
        is_directory=is_directory,
        size=facts.st_size,
        last_modified=modification_time(facts),
        mode=facts.st_mode,
    )


def is_within(folder: Path, name: str) -> bool:
    """Tell whether a name is that of something in a folder: `./` is the folder itself."""
    parts = Path(name).parts
    if not parts or ".." in parts:
        return False
    return (folder / name).resolve().is_relative_to(folder.resolve())


def remove_entry(path: Path, *, is_folder: bool) -> bool:
    """Remove a file, a link or an empty folder; return whether it is gone, by whomever."""
    try:
        path.rmdir() if is_folder else path.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_folder(path: Path) -> bool:
    """
    Remove a folder with all that is in it; return whether it is gone, by whomever.

    A task may go on writing there, and what it writes too late for one look is met by the next.
    """
    for _ in range(_ATTEMPTS):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return True
        time.sleep(_PAUSE)
    return False


def _listed(folder: Path, name: str) -> FileInfo | None:
    info = file_info(folder, name)
    # What is only linked to from here cannot be read either.
    if info is not None and os.path.islink(folder / name) and not is_within(folder, name):
        return None
    return info


def _names(root: bytes, below: bytes, after: bytes, *, recursive: bool) -> Iterator[bytes]:
    for name in _sorted_names(root + b"/" + below):
        whole = below + name
        if not name.endswith(b"/"):
            if whole > after:
                yield whole
        elif recursive and whole >= after[: len(whole)]:
            yield from _names(root, whole, after, recursive=True)


def _sorted_names(folder: bytes) -> list[bytes]:
    """Name all that is in a folder; what is in its folders comes where their slash does."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:  # it is gone, or its task has closed it
        return []
    names = [name for name, _ in found]
    return sorted([*names, *(name + b"/" for name, is_folder in found if is_folder)])
