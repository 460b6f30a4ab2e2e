"""The folder that the results of a study are collected in."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runfleet.launch.folder_index import INDEX, FolderIndex
from runfleet.launch.place_of_results import UNCOLLECTED, PlaceOfResults
from runfleet.launch.sensitivity.files import remove_findings

_COLLECTED = ("runs.csv", "runs.parquet", "runs")


@dataclass(frozen=True)
class ResultsFolder(PlaceOfResults):
    """A folder that has the results of one study of runs and nothing else, or may come to."""

    @property
    def runs(self) -> Path:
        """Where each run has a folder of its own."""
        return self.path / "runs"

    @contextmanager
    def open(self) -> Iterator[FolderIndex]:
        """
        Make it if it is not there, keep others out, and read what it has.

        Raises
        ------
        LaunchError
            If it cannot be written to, has files of somebody else, or another process collects
            there for too long.
        """
        with self.writing():
            self._refuse_uncollected()
            self._make()
            with self.locked():
                index = FolderIndex.read(self.path)
                self._refuse_other_study(index)
                yield index

    def refuse_strange(self) -> None:
        """Overwrite nothing that was not collected or is of another study."""
        self._refuse_uncollected()
        self._refuse_other_study(FolderIndex.read(self.path))

    @property
    def reason_to_stay(self) -> str | None:
        """Why it is not to be deleted with the study; None if its results are there."""
        if not (self.path / INDEX).is_file():
            return UNCOLLECTED
        return _reason_of(FolderIndex.read(self.path).study_other_than(self.study))

    @property
    def _collected(self) -> Iterable[Path]:
        return [self.path / name for name in (*_COLLECTED, INDEX)]

    def _remove_plots(self, folder: Path) -> None:
        remove_findings(self.path)
        super()._remove_plots(folder)

    def _make(self) -> None:
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # though all above it is there, as in `/proc`
            raise PermissionError(errno.EACCES, "no folder can be made there") from error

    def _refuse_uncollected(self) -> None:
        """
        Overwrite nothing that was not collected, nor add anything to it.

        The index comes before all else, so it is looked for last: another client may just collect.
        """
        for name in _COLLECTED:
            path = self.path / name
            is_there = path.is_file() or (path.is_dir() and any(path.iterdir()))
            if is_there and not (self.path / INDEX).exists():
                raise self.in_the_way(path, UNCOLLECTED)

    def _refuse_other_study(self, index: FolderIndex) -> None:
        """Keep the results of another study: its runs would be removed, or mixed with these."""
        if reason := _reason_of(index.study_other_than(self.study)):
            raise self.in_the_way(self.path, reason)


def _reason_of(other: str | None) -> str | None:
    return None if other is None else f"it has the results of another study, `{other}`"
