"""The folder, in that of the results, that the files of a manager are collected in."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.errors import CalibrationError
from runfleet.calibrate.results.table_names import ENDINGS, TABLES
from runfleet.launch import names
from runfleet.launch.folder_index import INDEX, FolderIndex, owner_line
from runfleet.launch.place_of_results import UNCOLLECTED, PlaceOfResults


@dataclass(frozen=True)
class ManagerFolder(PlaceOfResults):
    """
    A folder of results whose `manager` has the files of one manager and nothing else, or may.

    Parameters
    ----------
    control
        The control file, relative to the folder of the study.
    """

    control: PurePosixPath

    @property
    def manager(self) -> Path:
        """Where the files of the manager are."""
        return self.path / "manager"

    @contextmanager
    def renewed(self) -> Iterator[Path]:
        """
        Give an empty folder beside them for new files, and put that in their place at the end.

        What was collected before stays until then, and for good where anything goes wrong.

        Raises
        ------
        LaunchError
            If the folder cannot be written to, has files of somebody else, or another process
            collects there for too long.
        CalibrationError
            If the new files lack the control file.
        """
        self.check()
        with self.writing():
            self.path.mkdir(parents=True, exist_ok=True)
            with self.locked():
                draft = self._beside("partial")
                shutil.rmtree(draft, ignore_errors=True)  # of a collection that was killed
                draft.mkdir()
                try:
                    yield draft
                    self._demand_control_file(draft)
                    (draft / INDEX).write_text(owner_line(self.study), encoding="utf-8")
                    self._replace(draft)
                finally:
                    shutil.rmtree(draft, ignore_errors=True)

    def refuse_strange(self) -> None:
        """Remove no files but a manager's of this study, and write over no tables of the user's."""
        if self.manager.is_dir():
            self._refuse_other_files()
        else:
            self._refuse_strange_tables()

    @property
    def reason_to_stay(self) -> str | None:
        """Why it is not to be deleted with the study; None if its results are there."""
        owner = FolderIndex.read(self.manager).study
        if owner is None:
            return UNCOLLECTED
        return None if owner == self.study else _reason_of(owner)

    @property
    def _collected(self) -> Iterable[Path]:
        files = self.manager.iterdir() if self.manager.is_dir() else ()
        yield from (*self._tables, self._beside("partial"), self._beside("earlier"))
        yield from (path for path in files if path.name != INDEX)
        yield self.manager

    @property
    def _tables(self) -> Iterable[Path]:
        return (self.path / f"{table}{ending}" for table in TABLES for ending in ENDINGS)

    def _beside(self, ending: str) -> Path:
        return self.manager.with_name(f".{self.manager.name}.{ending}")

    def _replace(self, draft: Path) -> None:
        # Removing takes time, and what is left in the middle of it would pass for somebody else's.
        earlier = self._beside("earlier")
        shutil.rmtree(earlier, ignore_errors=True)
        if self.manager.is_dir():
            self.manager.rename(earlier)
        draft.rename(self.manager)
        shutil.rmtree(earlier, ignore_errors=True)

    def _refuse_other_files(self) -> None:
        """Let be what was collected, or what a manager with such a control file has left."""
        owner = FolderIndex.read(self.manager).study
        if owner == self.study:
            return
        if owner is not None:
            raise self.in_the_way(self.manager, _reason_of(owner))
        there = {path.name for path in self.manager.iterdir()}
        case = (self.manager / self.control.parent).glob(f"{glob.escape(self.control.stem)}.*")
        if there.difference(names.LOGS) and not any(case):
            raise self.in_the_way(self.manager, f"it has no files of `{self.control}`")

    def _refuse_strange_tables(self) -> None:
        """Write over no table of the user's, as those may be which a control file names."""
        if found := next(filter(os.path.lexists, self._tables), None):
            raise self.in_the_way(found, UNCOLLECTED)

    def _demand_control_file(self, folder: Path) -> None:
        """Refuse what there is before a manager has begun, or is left of one that was lost."""
        if find_file(folder / self.control.parent, self.control.name) is None:
            raise CalibrationError(
                f"nothing was saved yet of the files of the manager of `{self.study}`",
                hint=f"`runfleet explain {self.study}` says where it is",
            )


def _reason_of(owner: str) -> str:
    return f"it has the files of another study, `{owner}`"
