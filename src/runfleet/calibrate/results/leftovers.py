"""The files that a manager has left behind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.results import outputs


@dataclass(frozen=True, slots=True)
class Leftovers:
    """
    The files of a manager.

    Parameters
    ----------
    folder
        Where they are.
    control
        What was asked for.
    """

    folder: Path
    control: Control

    def find(self, *endings: str) -> Path | None:
        """Find the first that is there of some files of the case, by what follows its name."""
        named = (find_file(self.folder, self.control.case + ending) for ending in endings)
        return next((path for path in named if path is not None), None)

    def numbered(self, *endings: str) -> list[tuple[int, Path]]:
        """Find files by iteration; `#` stands for its number in what follows the case's name."""
        for ending in endings:
            pattern = r"(\d+)".join(map(re.escape, (self.control.case + ending).split("#")))
            if found := list(outputs.numbered_files(self.folder, pattern)):
                return found
        return []
