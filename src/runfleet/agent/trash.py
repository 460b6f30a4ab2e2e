"""Folders that are out of sight but not yet deleted."""

from __future__ import annotations

import itertools
import os
import threading
import time

_FILES_A_BREATH = 50
_BREATH = 0.02


class Trash:
    """
    Where folders go, to be deleted when the agent has had nothing to do for a while.

    On ext4, files are made twenty times slower within minutes of deleting many, so that a runner
    that deletes as it goes stands in its own way.

    Parameters
    ----------
    folder
        Where they are kept; on the file system of the folders to delete.
    delay
        Seconds without work before anything is deleted.
    """

    def __init__(self, folder: str, delay: float) -> None:
        self._folder = folder
        self._delay = delay
        os.makedirs(folder, exist_ok=True)
        self._is_empty = not os.listdir(folder)
        born = time.time_ns()
        # Unlike the number of this process, never used before.
        self._names = (f"{born:x}-{number}" for number in itertools.count())
        self._stirred = threading.Event()
        self._due: float | None = None
        self._thread: threading.Thread | None = None

    def take(self, path: str) -> None:
        """Move a folder out of sight, if it is there."""
        try:
            os.rename(path, f"{self._folder}/{next(self._names)}")
        except FileNotFoundError:
            return
        self._is_empty = False

    def attend(self, now: float, *, is_busy: bool) -> float | None:
        """
        Delete in a thread of low priority if nothing else has been going on for long enough.

        Returns
        -------
        seconds : float or None
            After which to call again, even if nothing happens meanwhile.
        """
        if is_busy:
            self._due = None
            if self._is_deleting():
                self._stirred.set()
            return None
        if self._is_empty:
            return None
        if self._due is None or self._is_deleting():
            self._due = now + self._delay
        if now >= self._due:
            self._begin()
            return None
        return self._due - now

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
        breath = _Breath(stirred)
        for entry in sorted(os.listdir(self._folder)):
            try:
                _delete(f"{self._folder}/{entry}", breath)
            except OSError:
                continue
            except _StirredError:
                self._is_empty = False
                return


class _StirredError(Exception):
    """Deleting has to wait."""


class _Breath:
    """Counts deleted files, and pauses from time to time."""

    def __init__(self, stirred: threading.Event) -> None:
        self._stirred = stirred
        self._deleted = 0

    def take(self) -> None:
        if self._stirred.is_set():
            raise _StirredError
        self._deleted += 1
        if self._deleted % _FILES_A_BREATH == 0:
            self._stirred.wait(_BREATH)


def _delete(path: str, breath: _Breath) -> None:
    breath.take()
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
        return
    os.chmod(path, 0o700)
    for name in os.listdir(path):
        _delete(f"{path}/{name}", breath)
    os.rmdir(path)
