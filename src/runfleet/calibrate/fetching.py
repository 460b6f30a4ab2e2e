"""Files of a calibration on their way from the storage into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from runfleet.storage import Blob, Storage

Found: TypeAlias = list[tuple[Blob, Path]]
"""Blobs, with where they go."""


def blobs_below(storage: Storage, container: str, prefix: str, folder: Path) -> Found:
    """List the blobs below a prefix, with where in a folder they go."""
    blobs = storage.list_blobs(container, prefix)
    return [(blob, folder / blob.name.removeprefix(prefix)) for blob in blobs]


def fetch(storage: Storage, container: str, found: Sequence[tuple[Blob, Path]]) -> None:
    """Fetch blobs, and make the folders that they go to."""
    for _, path in found:
        path.parent.mkdir(parents=True, exist_ok=True)
    storage.get_files(container, ((blob, str(path)) for blob, path in found))
