"""What can be wrong with the files of a calibration, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from runfleet.study.errors import StudyError


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where something stands.

    Parameters
    ----------
    file
        The file.
    line
        Its line, counted from 1.
    """

    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Something in the files of a calibration that PEST would stumble over.

    Parameters
    ----------
    file
        The file it stands in.
    line
        The line of that file, counted from 1, where there is one.
    what
        What is wrong, in one sentence without a full stop.
    hint
        How to mend it.
    is_error
        Whether PEST would stop; else it runs, but perhaps not as was meant.
    """

    file: Path
    line: int | None
    what: str
    hint: str
    is_error: bool = True

    @classmethod
    def at(cls, place: Place, what: str, hint: str, *, is_error: bool = True) -> Problem:
        """Describe what is wrong at a place."""
        return cls(place.file, place.line, what, hint, is_error)

    def seen_from(self, folder: Path) -> Problem:
        """Spell its file as it is seen from a folder that holds it."""
        return replace(self, file=_seen_from(folder, self.file))

    def __str__(self) -> str:
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.what}"


class ControlError(StudyError):
    """A control file, or a table that it names, cannot be read as one."""

    @classmethod
    def at(cls, place: Place, what: str, hint: str) -> ControlError:
        """Describe what is wrong at a place."""
        return cls(what, file=place.file, line=place.line, hint=hint)

    def seen_from(self, folder: Path) -> ControlError:
        """Spell its file as it is seen from a folder that holds it."""
        file = _seen_from(folder, self.file)
        return ControlError(self.what, file=file, line=self.line, hint=self.hint)


def _seen_from(folder: Path, file: Path) -> Path:
    return file.relative_to(folder) if file.is_relative_to(folder) else file
