"""Content hashes of input files, remembered as long as a file does not change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from runfleet.launch.errors import LaunchError
from runfleet.storage.files import written_whole

_Mark = tuple[int, int]


@dataclass
class HashCache:
    """
    Hashes files once: a file of the same path, size and time of change is not read again.

    Parameters
    ----------
    known
        For each path its size, its time of change in nanoseconds and its hash.
    changed
        Whether files have been hashed since it was read.
    """

    known: dict[str, tuple[int, int, str]] = field(default_factory=dict)
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

    def _digest(self, path: Path) -> str:
        size, changed = _mark(path)
        remembered = self.known.get(str(path))
        if remembered and tuple(remembered[:2]) == (size, changed):
            return remembered[2]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.known[str(path)] = (size, changed, digest)
        self.changed = True
        return digest


@contextmanager
def hash_cache(file: Path) -> Iterator[HashCache]:
    """Read the hashes that `file` remembers, and write them back at the end if there are more."""
    cache = HashCache(_read(file))
    yield cache
    if cache.changed:
        with written_whole(file) as partial:
            partial.write_bytes(orjson.dumps(cache.known))


def _mark(path: Path) -> _Mark:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _read(file: Path) -> dict[str, tuple[int, int, str]]:
    # A cache: whatever is wrong with it, the files can be hashed again.
    try:
        known: dict[str, tuple[int, int, str]] = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return known
