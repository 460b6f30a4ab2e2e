"""One emulator a home folder: it holds the lock there as long as it lives."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# Whoever only asks holds the lock for an instant, which is no reason to give up.
_ATTEMPTS = 10
_PAUSE = 0.02


class AlreadyRunningError(Exception):
    """Another emulator serves this home folder."""


@contextmanager
def hold(lock: Path) -> Iterator[None]:
    """
    Hold the lock, and note in its file which process does.

    Raises
    ------
    AlreadyRunningError
        If another process holds it.
    """
    # Not emptied before it is ours: what is there is the number of whoever holds it.
    with lock.open("a") as file:
        for _ in range(_ATTEMPTS):
            if _take(file, fcntl.LOCK_EX):
                break
            time.sleep(_PAUSE)
        else:
            raise AlreadyRunningError
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_held(lock: Path) -> bool:
    """Tell whether the lock is held; it is free as soon as its process has ended, however."""
    try:
        with lock.open() as file:
            return not _take(file, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _take(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
