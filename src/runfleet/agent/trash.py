"""Folders that are out of sight but not yet deleted."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import math
import os
import stat
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_SPARE_BYTES = 256 << 20
_LOOK_SECONDS = 5.0
_FILES_A_BREATH = 50
_BREATH = 0.02
_OLD_SECONDS = 3600.0
# Neither Python nor paths go much deeper than a thousand.
_DEEPEST = 100


class Trash:
    """
    Where folders go, to be deleted when the agent has had nothing to do for a while.

    On ext4, files are made twenty times slower within minutes of deleting many, so that a runner
    that deletes as it goes stands in its own way.  But it does so where the disk is nearly full.
    What has been here for an hour goes when an agent leaves, which may never have had a rest.

    Parameters
    ----------
    folder
        Where they are kept; on the file system of the folders to delete.
    delay
        Seconds without work before anything is deleted.
    spare
        Bytes; while fewer are free, no work is waited for.
    """

    def __init__(self, folder: str, delay: float, *, spare: int = _SPARE_BYTES) -> None:
        self._folder = folder
        self._delay = delay
        self._spare = spare
        self._next_look = 0.0
        self._is_short = False
        os.makedirs(folder, exist_ok=True)
        self._is_empty = not os.listdir(folder)
        # Unlike the number of this process, never used before.
        self._born = time.time_ns()
        self._numbers = itertools.count()
        self._stirred = threading.Event()
        self._due: float | None = None
        self._thread: threading.Thread | None = None

    def take(self, path: str) -> None:
        """Move a folder, or what a task has put in its place, out of sight, if it is there."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            try:
                self._move(path)
            except PermissionError:
                # Its task may have taken the rights to it, or to the folder that it is in.
                regain(os.path.dirname(path))
                regain(path)
                self._move(path)
            self._is_empty = False

    def _move(self, path: str) -> None:
        os.rename(path, f"{self._folder}/{self._born:x}-{next(self._numbers)}")

    def attend(self, now: float, *, is_busy: bool) -> float | None:
        """
        Delete in a thread of low priority if nothing else has been going on for long enough.

        Returns
        -------
        seconds : float or None
            After which to call again, even if nothing happens meanwhile.
        """
        if is_busy:
            return self._attend_beside_work(now)
        if self._is_empty:
            return None
        if self._due is None or self._is_deleting():
            self._due = now + self._delay
        if now >= self._due:
            self._begin()
            return None
        return self._due - now

    def delete_old(self, seconds: float) -> None:
        """Delete, for so long or until `disturb`, what was here an hour before this agent began."""
        self._stirred.set()
        if self._thread is not None:
            self._thread.join()
        self._stirred = threading.Event()
        breath = _Breath(self._stirred, pause=0, deadline=time.monotonic() + seconds)
        self._delete_all(breath, lambda entry: self._born - _number(entry) > _OLD_SECONDS * 1e9)

    def disturb(self) -> None:
        """Stop deleting: somebody waits."""
        self._stirred.set()

    def _attend_beside_work(self, now: float) -> float | None:
        self._due = None
        is_deleting = self._is_deleting()
        if self._is_empty and not is_deleting:
            return None
        if now >= self._next_look:
            self._is_short = _free_bytes(self._folder) < self._spare
            self._next_look = now + _LOOK_SECONDS
        if not self._is_short:
            self._stirred.set()
        elif not is_deleting:
            self._begin()
        return max(0.0, self._next_look - now)

    def _is_deleting(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _begin(self) -> None:
        self._due = None
        self._is_empty = True
        self._stirred = threading.Event()
        self._thread = threading.Thread(target=self._empty, args=(self._stirred,), daemon=True)
        self._thread.start()

    def _empty(self, stirred: threading.Event) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        if not self._delete_all(_Breath(stirred, pause=_BREATH), lambda _: True):
            self._is_empty = False

    def _delete_all(self, breath: _Breath, is_due: Callable[[str], bool]) -> bool:
        """Delete all that is due; return False if there was no time for it."""
        kept: set[str] = set()
        # What lies too deep is moved up, and its turn comes later.
        while entries := set(filter(is_due, os.listdir(self._folder))) - kept:
            for entry in sorted(entries):
                try:
                    self._delete(f"{self._folder}/{entry}", breath)
                except OSError as error:
                    log.warning("a removed folder cannot be deleted: %s", error)
                    kept.add(entry)
                except _StirredError:
                    return False
        return True

    def _delete(self, path: str, breath: _Breath, depth: int = 0) -> None:
        breath.take()
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
            return
        os.chmod(path, stat.S_IRWXU)
        if depth > _DEEPEST:
            self._move(path)
            return
        for name in os.listdir(path):
            self._delete(f"{path}/{name}", breath, depth + 1)
        os.rmdir(path)


class _StirredError(Exception):
    """Deleting has to wait."""


class _Breath:
    """Counts deleted files, pauses from time to time, and tells when deleting has to end."""

    def __init__(
        self, stirred: threading.Event, *, pause: float, deadline: float = math.inf
    ) -> None:
        self._stirred = stirred
        self._pause = pause
        self._deadline = deadline
        self._deleted = 0

    def take(self) -> None:
        if self._stirred.is_set() or time.monotonic() > self._deadline:
            raise _StirredError
        self._deleted += 1
        if self._deleted % _FILES_A_BREATH == 0:
            self._stirred.wait(self._pause)


def _number(entry: str) -> int:
    """Read when the agent was born that brought an entry here, in nanoseconds."""
    return int(entry.partition("-")[0], 16)


def _free_bytes(folder: str) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def regain(path: str) -> None:
    """Give its owner, who may have given them up, all rights to a folder and a way to it."""
    try:
        _give_rights(path)
    except PermissionError as error:
        if error.errno != errno.EACCES:  # it is somebody else's
            raise
        regain(os.path.dirname(path))
        _give_rights(path)


def _give_rights(path: str) -> None:
    if not os.path.islink(path):
        os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) | stat.S_IRWXU)
