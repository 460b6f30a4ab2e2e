"""The file in a folder of results that says whose they are, and which runs are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

from runfleet.launch import names

LOCK = ".lock"
"""Held while results are collected: two clients that watch one study finish at the same time."""

INDEX = ".collected"
LACKING = "-"
"""The mark of a run whose files are gone, or are not all here: it is being fetched or removed."""

# A line is a run and its mark; some are one of these words, which no run can be called, and a name.
_STUDY = "study:"
_ACCOUNT = "account:"


@dataclass(frozen=True)
class FolderIndex:
    """
    What a folder of results says of itself.

    Parameters
    ----------
    study
        Whose results these are; None where that was not written down.
    account
        On which account they were when all of them were last collected; None if not known.
    marks
        The runs that are there, each with the mark of its outcome, which begins with the job; or
        with `LACKING`.
    """

    study: str | None
    account: str | None
    marks: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read that of a folder; without one nothing is there."""
        try:
            # A damaged line matches no run, which is then fetched again.
            with (folder / INDEX).open(encoding="utf-8", errors="replace") as lines:
                parts = (line.removesuffix("\n").partition(" ") for line in lines)
                marks = {run: mark for run, _, mark in parts}
        except (FileNotFoundError, NotADirectoryError):
            marks = {}
        return cls(marks.pop(_STUDY, None), marks.pop(_ACCOUNT, None), marks)

    def study_other_than(self, study: str) -> str | None:
        """Name another study whose results these are; None if there is none."""
        if self.study is not None:
            return None if self.study == study else self.study
        # Names of jobs do not tell the later ones of `d` from the first one of `d--2`.
        jobs = {job_of(mark) for mark in self.marks.values() if mark != LACKING}
        others = sorted(job for job in jobs if not names.is_job_of(job, study))
        return names.study_by_job(others[0]) if others else None


def open_index(folder: Path) -> TextIO:
    """Open that of a folder for more lines, written down before anything else is done."""
    return (folder / INDEX).open("a", buffering=1, encoding="utf-8")


def owner_line(study: str) -> str:
    """Write the line that says whose results these are."""
    return f"{_STUDY} {study}\n"


def account_line(account: str) -> str:
    """Write the line that says on which account they are, when all have come from there."""
    return f"{_ACCOUNT} {account}\n"


def mark_lines(marks: Iterable[tuple[str, str]]) -> str:
    """Write the lines of runs; later ones hold."""
    return "".join(f"{run} {mark}\n" for run, mark in marks)


def job_of(mark: str) -> str:
    """Name the job of an outcome by its mark."""
    return mark.partition(" ")[0]
