"""What to say where the file of the store cannot be used, and what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import DecodeError

from runfleet.store.errors import StoreError

# By the first byte of SQLite's codes; others are those of what is in the file.
_OF_THE_SYSTEM = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_OF_A_DAMAGED_FILE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """
    Read a store; what is wrong with its file is told with what to do about it.

    Raises
    ------
    StoreError
        If the file, or a record in it, cannot be read.
    """
    try:
        yield
    except (sqlite3.DatabaseError, DecodeError) as error:
        raise _unusable(path, error) from error


def damage_of(path: Path, error: Exception) -> StoreError | None:
    """Tell an error of the file of a store that is damaged; None for all others."""
    return _unusable(path, error) if _code(error) in _OF_A_DAMAGED_FILE else None


def _unusable(path: Path, error: Exception) -> StoreError:
    if _code(error) in _OF_THE_SYSTEM:
        return StoreError(
            f"`{path}` cannot be used: {error}",
            hint="see to it that there is space on the disk, and that files there may be written "
            "to and grow",
        )
    return StoreError(
        f"`{path}` cannot be read: {error}",
        hint="`runfleet emulator reset` starts over with an empty one",
    )


def _code(error: Exception) -> int | None:
    """The code by SQLite, which has none for what Python finds wrong."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
