"""Answers that are too large to be held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runfleet.wire.responses import Response


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A response whose body is a part of a file."""

    response: Response
    path: Path
    offset: int
    length: int


Answer = Response | FileAnswer
