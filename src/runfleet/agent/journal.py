"""The executions that ended, on disk before anybody hears of them."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import DecodeError

from runfleet.agent.messages import Ended, decode


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
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._left = b""

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


def read_journal(path: Path) -> list[Ended]:
    """Read what ended, oldest first; nothing from a journal that is not there."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [ended for line in lines if (ended := _ended(line))]


def clear_journal(path: Path) -> None:
    """Forget what ended; the agent may go on appending meanwhile."""
    if path.exists():
        os.truncate(path, 0)


def _ended(line: bytes) -> Ended | None:
    # An agent that is killed, or a disk that is full, may leave a torn line.
    try:
        message = decode(line)
    except DecodeError:
        return None
    return message if isinstance(message, Ended) else None
