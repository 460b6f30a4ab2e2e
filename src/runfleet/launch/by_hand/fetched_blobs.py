"""The file in a folder of a job that says which blobs its files are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from runfleet.storage import Blob

_FILE = ".fetched"


@dataclass(frozen=True)
class FetchedBlobs:
    """
    Which blobs a folder has got, and how they were then.

    Parameters
    ----------
    folder
        The folder.
    marks
        For the name of each blob what tells it from what may be written there later.
    """

    folder: Path
    marks: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read those of a folder; without the file there are none."""
        try:
            with (folder / _FILE).open(encoding="utf-8") as lines:
                return cls(folder, dict(_parsed(lines)))
        except FileNotFoundError:
            return cls(folder, {})

    def has(self, blob: Blob, path: Path) -> bool:
        """Tell whether a file holds a blob as it is now; one that was cut does not."""
        is_known = self.marks.get(blob.name) == _mark(blob)
        return is_known and path.exists() and path.stat().st_size == blob.size

    def note(self, blobs: Iterable[Blob]) -> None:
        """Note that blobs have come."""
        with (self.folder / _FILE).open("a", encoding="utf-8") as lines:
            lines.writelines(f"{json.dumps((blob.name, _mark(blob)))}\n" for blob in blobs)


def _parsed(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Read lines, but for one that was cut: its blob is fetched again."""
    for line in lines:
        with suppress(ValueError):
            name, mark = json.loads(line)
            yield name, mark


def _mark(blob: Blob) -> str:
    return f"{blob.size} {blob.last_modified.isoformat()}"
