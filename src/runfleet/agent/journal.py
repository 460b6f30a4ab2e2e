"""
The executions that ended, on disk before anybody hears of them.

The agent appends to a file, and begins another one when that has grown; whoever has heard of all
that is in the one before removes that.  Neither need know what the other is doing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import DecodeError

from runfleet.agent.messages import Ended, decode

_ENOUGH_BYTES = 1 << 16
_EARLIER = ".earlier"


class Journal:
    """
    A file to which the agent appends every `Ended` before it sends it.

    It outlives the death of either process, not that of the machine: nothing is synchronised.

    Parameters
    ----------
    path
        Of the file, which is made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open(path)
        # An earlier agent may have been torn away from its last line.
        self._left = b"\n" if os.fstat(self._file).st_size else b""

    def append(self, lines: bytes) -> None:
        """
        Append encoded messages.

        Raises
        ------
        OSError
            If not all of them could be written; the rest comes first the next time.
        """
        self._left += lines
        while self._left:
            self._left = self._left[os.write(self._file, self._left) :]
        if os.fstat(self._file).st_size >= _ENOUGH_BYTES and not _earlier(self._path).exists():
            with suppress(OSError):  # all is written, and this one can be gone on with
                self._begin_another()

    def _begin_another(self) -> None:
        # There first: on a full disk the old one is gone on with.
        fresh = self._path.with_name(f"{self._path.name}.fresh")
        file = _open(fresh)
        try:
            os.rename(self._path, _earlier(self._path))
        except OSError:
            os.close(file)
            raise
        os.rename(fresh, self._path)
        os.close(self._file)
        self._file = file


def read_journal(path: Path) -> Iterator[Ended]:
    """Read what ended, oldest first; nothing from a journal that is not there."""
    yield from _read(_earlier(path))
    yield from _read(path)


def clear_journal(path: Path) -> None:
    """Forget what ended; the agent may go on appending meanwhile."""
    with suppress(FileNotFoundError):
        os.truncate(path, 0)
    _earlier(path).unlink(missing_ok=True)


def shorten_journal(path: Path, unsettled: Callable[[], Container[int]]) -> None:
    """
    Forget the earlier part, once all that ended there is settled.

    Parameters
    ----------
    path
        Of the journal.
    unsettled
        Gives the executions that a restart would have to find here; asked if there is that part.
    """
    # A plain path: this is asked after each commit.
    if not os.path.exists(f"{path}{_EARLIER}"):
        return
    earlier = _earlier(path)
    awaited = unsettled()
    if not any(ended.execution in awaited for ended in _read(earlier)):
        earlier.unlink()


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _earlier(path: Path) -> Path:
    return path.with_name(path.name + _EARLIER)


def _read(path: Path) -> Iterator[Ended]:
    with suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            if ended := _ended(line):
                yield ended


def _ended(line: bytes) -> Ended | None:
    # An agent that is killed, or a disk that is full, may leave a torn line.
    try:
        message = decode(line)
    except DecodeError:
        return None
    return message if isinstance(message, Ended) else None
