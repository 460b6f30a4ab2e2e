"""Content hashes of input files, remembered as long as a file does not change."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import orjson

from runfleet.launch.errors import LaunchError
from runfleet.storage.files import written_whole

_Mark: TypeAlias = tuple[int, int, int, int]
"""By which a file is known again: size, time of change, time of change of what is known, number."""

_Hashes: TypeAlias = dict[str, tuple[_Mark, str]]

# The clock of a file system moves in steps: of two changes within one only the first is seen.
_YOUNG_NANOSECONDS = 100_000_000


@dataclass
class HashCache:
    """
    Hashes files once: one that has not changed since is not read again.

    Parameters
    ----------
    known
        For each path what it is known by, and its hash.
    changed
        Whether files have been hashed since it was read.
    """

    known: _Hashes = field(default_factory=dict)
    changed: bool = False

    def digest(self, path: Path) -> str:
        """
        Hash a file's content with SHA-256.

        Raises
        ------
        LaunchError
            If it cannot be read.
        """
        try:
            return self._digest(path)
        except OSError as error:
            raise LaunchError(
                f"the input file `{path}` cannot be read: {error.strerror}",
                hint="check the file and its permissions",
            ) from error

    def forget(self, path: Path) -> None:
        """Read a file again the next time, whatever it is known by: that has not told an edit."""
        if self.known.pop(str(path), None):
            self.changed = True

    def _digest(self, path: Path) -> str:
        mark = _mark(path)
        remembered = self.known.get(str(path))
        if remembered and remembered[0] == mark:
            return remembered[1]
        digest = _hashed(path)
        if _is_old(mark) and mark == _mark(path):
            self.known[str(path)] = (mark, digest)
            self.changed = True
        return digest


@dataclass
class Snapshot:
    """
    What files hold, as it was when each was first looked at.

    All that is done for one submission is done by it, so that a file which is edited meanwhile is
    either used as it was, or refused.

    Parameters
    ----------
    hashes
        Hash them.
    """

    hashes: HashCache
    _known: dict[Path, str] = field(default_factory=dict)

    def digest(self, file: Path) -> str:
        """Tell the hash that a file had when it was first asked for; see `HashCache.digest`."""
        known = self._known.get(file)
        if known is None:
            known = self._known[file] = self.hashes.digest(file)
        return known

    def edited(self, file: Path) -> LaunchError:
        """Give the error about a file that was read with another hash than it had."""
        self.hashes.forget(file)
        return LaunchError(
            f"`{file}` has changed while the study was submitted",
            hint="run the study again when nothing writes to the file any more",
        )

    def copied(self, file: Path, folder: Path) -> Path:
        """
        Copy a file that will be read more than once.

        Raises
        ------
        LaunchError
            If it has changed since it was first looked at.
        """
        digest, copy = self.digest(file), folder / file.name
        shutil.copyfile(file, copy)
        if _hashed(copy) != digest:
            raise self.edited(file)
        self._known[copy] = digest
        return copy


@contextmanager
def hash_cache(file: Path) -> Iterator[HashCache]:
    """Read the hashes that `file` remembers, and write them back at the end if there are more."""
    cache = HashCache(_read(file))
    try:
        yield cache
    finally:
        if cache.changed:
            with written_whole(file) as partial:
                partial.write_bytes(orjson.dumps(cache.known))


def _mark(path: Path) -> _Mark:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _is_old(mark: _Mark) -> bool:
    _, written, changed, _ = mark
    return max(written, changed) < time.time_ns() - _YOUNG_NANOSECONDS


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(file: Path) -> _Hashes:
    # Imported late: accounts are opened without it.
    from pydantic import TypeAdapter, ValidationError

    # A cache: whatever is wrong with it, the files can be hashed again.
    try:
        return TypeAdapter(_Hashes).validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return {}
