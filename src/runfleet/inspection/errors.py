"""What can be wrong with an executable."""

from __future__ import annotations

from pathlib import Path

from runfleet.errors import RunfleetError


class InspectionError(RunfleetError):
    """A file is no program that a node can run."""


def damaged(path: Path, what: str) -> InspectionError:
    """Say that a file begins as what it should be, and does not go on so."""
    return InspectionError(
        f"`{path}` begins as {what}, but is cut off or damaged",
        hint="copy it again, in binary mode, and compare the sizes",
    )
