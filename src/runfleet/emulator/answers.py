"""Answers that are too large to be held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from runfleet.wire.responses import Response


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A response whose body is a part of an open file, `length` bytes from where it stands."""

    response: Response
    file: BinaryIO
    length: int


Answer = Response | FileAnswer
