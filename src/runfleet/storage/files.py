"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """
    Give a place beside `path` to write to, and put what is there in its place at the end.

    The folder is made if need be. Where writing fails, nothing is left of it.
    """
    # A name that holds that of the file could be too long where that is not.
    partial = path.with_name(f".partial-{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_private(path: Path, secret: bytes) -> None:
    """Write a secret into a file that only its owner may read, whole or not at all."""
    with written_whole(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
