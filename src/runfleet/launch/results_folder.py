"""The folder that the results of a study are collected in."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from runfleet.launch.folder_index import INDEX, LOCK, FolderIndex
from runfleet.launch.place_of_results import PlaceOfResults


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
            If it cannot be written to, or has files of somebody else.
        """
        with self.writing():
            self._refuse_uncollected()
            self._make()
            with FileLock(self.path / LOCK):
                index = FolderIndex.read(self.path)
                self._refuse_other_study(index)
                yield index

    def refuse_strange(self) -> None:
        """Overwrite nothing that was not collected or is of another study."""
        self._refuse_uncollected()
        self._refuse_other_study(FolderIndex.read(self.path))

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
        for name in ("runs.csv", "runs.parquet", "runs"):
            path = self.path / name
            is_there = path.is_file() or (path.is_dir() and any(path.iterdir()))
            if is_there and not (self.path / INDEX).exists():
                raise self.in_the_way(path, "nothing tells that it was collected there")

    def _refuse_other_study(self, index: FolderIndex) -> None:
        """Keep the results of another study: its runs would be removed, or mixed with these."""
        other = index.study_other_than(self.study)
        if other is not None:
            raise self.in_the_way(self.path, f"it has the results of another study, `{other}`")
