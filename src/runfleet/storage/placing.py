"""Putting files into place: copied, linked or moved, and then there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable

SMALL = 1 << 20
"""Up to this many bytes a copy is so quick that nobody needs to be kept from waiting for it."""

_CHUNK = 1 << 30
_CANNOT_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
_CANNOT_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}
# The last blob of a folder may be deleted, and the folder with it, between making and using it.
_ATTEMPTS = 100
_numbers = itertools.count()
# The number of a process may have been another's.
_born = time.time_ns()


def copy(source: str, target: str) -> None:
    """Copy a file's content, sharing its blocks where the file system can."""
    if sys.platform != "linux":
        shutil.copyfile(source, target)
        return
    reader = os.open(source, os.O_RDONLY)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _copy_content(reader, writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def make_parent(path: str) -> None:
    """Make the folder that a file is to be in; that of the folder is nearly always there."""
    folder = os.path.dirname(path)
    try:
        os.mkdir(folder)
    except OSError:
        # Another process may delete its folder, which is empty, at any moment.
        with contextlib.suppress(FileNotFoundError):
            os.makedirs(folder, exist_ok=True)


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


def _copy_content(reader: int, writer: int) -> None:
    assert sys.platform == "linux", "others copy as Python does"
    try:
        while os.copy_file_range(reader, writer, _CHUNK):
            pass
    except OSError as error:
        if error.errno not in _CANNOT_COPY:
            raise
        _send_content(reader, writer)


def _send_content(reader: int, writer: int) -> None:
    assert sys.platform == "linux", "others copy as Python does"
    offset = os.lseek(writer, 0, os.SEEK_CUR)
    while sent := os.sendfile(writer, reader, offset, _CHUNK):
        offset += sent
