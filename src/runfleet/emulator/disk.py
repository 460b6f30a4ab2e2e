"""
The disk that holds the emulator's home, which may be full.

SQLite rolls a transaction back that it has no space for, and with it what had been decided.  So
there is a look at the disk first, and the last of it is left for what goes on by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

from runfleet.errors import RunfleetError
from runfleet.wire.errors import WireError

RESERVED_FOR_TASKS = 1_000_000
"""Below this a node counts as full; tasks are told of it."""

_FOR_COMMITS = 8 << 20
_FOR_MORE = 32 << 20
_NEEDED = f"{_FOR_MORE >> 20} MB"


class DiskFullError(RunfleetError):
    """There is too little space for the emulator to start."""


class Disk:
    """
    Tells how full the disk is.

    Parameters
    ----------
    home
        A folder on it.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def is_full(self) -> bool:
        """Whether a node can run nothing any more."""
        return self._free() < RESERVED_FOR_TASKS

    @property
    def has_room(self) -> bool:
        """Whether there is room for more than what is there already."""
        return self._free() >= _FOR_MORE

    @property
    def takes_commits(self) -> bool:
        """Whether a transaction may be committed without it becoming full."""
        return self._free() >= _FOR_COMMITS

    def demand_room(self) -> None:
        """Refuse a request that adds something while there is hardly any space left."""
        if not self.has_room:
            raise io_error(f"{self._told()}; nothing is added until {_NEEDED} are free")

    def demand_start(self) -> None:
        """Refuse to start where nothing could be remembered."""
        if not self.takes_commits:
            hint = f"see to it that {_NEEDED} are free, and start again"
            raise DiskFullError(self._told(), hint=hint)

    def _told(self) -> str:
        megabytes = self._free() / (1 << 20)
        return f"only {megabytes:.1f} MB are left on the disk of `{self._home}`"

    def _free(self) -> int:
        """How much is free; enough where that is not known, as with some file systems."""
        try:
            found = os.statvfs(self._home)
        except OSError:
            return _FOR_MORE
        return found.f_bavail * found.f_frsize if found.f_blocks else _FOR_MORE


def io_error(reason: str) -> WireError:
    """Something wrong with the disk, such as its being full, keeps a request from being done."""
    return WireError("IOError", {"Reason": reason})
