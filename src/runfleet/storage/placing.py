"""Putting files into place: copied, linked or moved, and then there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import stat
import time
from collections.abc import Callable

SMALL = 1 << 20
"""Up to this many bytes a copy is so quick that nobody needs to be kept from waiting for it."""

_CHUNK = 1 << 30
# Linux has it, of the systems that clients run on.
_copy_range: Callable[[int, int, int], int] | None = getattr(os, "copy_file_range", None)
_CANNOT_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}
# The last blob of a folder may be deleted, and the folder with it, between making and using it.
_ATTEMPTS = 100
_numbers = itertools.count()
# The number of a process may have been another's.
_born = time.time_ns()


def copy(source: str, target: str) -> None:
    """Copy a file's content, sharing its blocks where the file system can."""
    if not _share(source, target):
        shutil.copyfile(source, target)


def make_parent(path: str) -> None:
    """Make the folder that a file is to be in; that of the folder is nearly always there."""
    folder = os.path.dirname(path)
    try:
        os.mkdir(folder)
    except OSError:
        # Another process may delete the folder, or that of it, at any moment: they are empty.
        with contextlib.suppress(FileNotFoundError):
            try:
                os.makedirs(folder, exist_ok=True)
            except FileExistsError:
                if os.path.isfile(folder):
                    raise


def with_parent(path: str, write: Callable[[], None]) -> None:
    """Write a file; make its folder only if that fails, since it is nearly always there."""
    for _ in range(_ATTEMPTS):
        try:
            return write()
        except FileNotFoundError:
            make_parent(path)
    return write()


def move(source: str, target: str) -> None:
    """Put a file in place of another, on the same file system."""
    with_parent(target, lambda: os.replace(source, target))


def link(source: str, target: str, partial_folder: str) -> bool:
    """
    Put a file at a second place, by a hard link and in place of what is there.

    Returns False, with nothing done, where a copy is called for: the file system cannot link, the
    source is a symbolic link, or it already has another place, whose owner may write to it.
    """
    status = os.lstat(source)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        return False
    try:
        with_parent(target, lambda: _link_over(source, target, partial_folder))
    except OSError as error:
        if error.errno in _CANNOT_LINK:
            return False
        raise
    return True


def copy_over(source: str, target: str, partial_folder: str) -> None:
    """Put a copy of a file at a second place, whole or not at all."""
    partial = partial_path(partial_folder)
    try:
        with_parent(partial, lambda: copy(source, partial))
        move(partial, target)
    finally:
        remove(partial)


def partial_path(folder: str) -> str:
    """Name a file that nobody else writes to."""
    return f"{folder}/{os.getpid()}-{_born:x}-{next(_numbers)}"


def remove(path: str) -> None:
    """Remove a file, or nothing if it is not there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _link_over(source: str, target: str, partial_folder: str) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        partial = partial_path(partial_folder)
        with_parent(partial, lambda: os.link(source, partial))
        try:
            os.replace(partial, target)
        finally:
            remove(partial)


def _share(source: str, target: str) -> bool:
    """Have the file system copy a file; False where it cannot, and another way is called for."""
    if _copy_range is None:
        return False
    with open(source, "rb", buffering=0) as reader, open(target, "wb", buffering=0) as writer:
        try:
            while _copy_range(reader.fileno(), writer.fileno(), _CHUNK):
                pass
        except OSError as error:
            if error.errno in _CANNOT_COPY:
                return False
            raise
    return True
