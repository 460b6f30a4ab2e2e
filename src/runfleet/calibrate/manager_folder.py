"""The folder, in that of the results, that the files of a manager are collected in."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from filelock import FileLock

from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.errors import CalibrationError
from runfleet.calibrate.results.table_names import ENDINGS, TABLES
from runfleet.launch import names
from runfleet.launch.folder_index import INDEX, LOCK, FolderIndex, owner_line


@dataclass(frozen=True)
class ManagerFolder:
    """
    A folder that has the files of one manager and nothing else, or may come to have them.

    Parameters
    ----------
    results
        The folder of the results; it need not be there yet.
    study
        The name of the calibration.
    control
        The control file, relative to the folder of the study.
    """

    results: Path
    study: str
    control: PurePosixPath

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.results / "manager"

    def check(self) -> None:
        """
        Refuse a folder that nothing can be collected in; nothing is made or changed.

        Raises
        ------
        CalibrationError
            If something else is in its place or in that of tables.
        """
        if self.path.is_dir():
            self._refuse_strange()
        else:
            self._refuse_strange_tables()

    @contextmanager
    def renewed(self) -> Iterator[Path]:
        """
        Give an empty folder beside it for new files, and put that in its place at the end.

        What was collected before stays until then, and for good where anything goes wrong.

        Raises
        ------
        CalibrationError
            If something else is in its place or in that of tables, or the new files lack the
            control file.
        """
        self.check()
        self.results.mkdir(parents=True, exist_ok=True)
        with FileLock(self.results / LOCK):
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

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f".{self.path.name}.{ending}")

    def _replace(self, draft: Path) -> None:
        # Removing takes time, and what is left in the middle of it would pass for somebody else's.
        earlier = self._beside("earlier")
        shutil.rmtree(earlier, ignore_errors=True)
        if self.path.is_dir():
            self.path.rename(earlier)
        draft.rename(self.path)
        shutil.rmtree(earlier, ignore_errors=True)

    def _refuse_strange(self) -> None:
        """Remove nothing but what was collected, or what a manager with such a file has left."""
        owner = FolderIndex.read(self.path).study
        if owner == self.study:
            return
        if owner is not None:
            raise self._in_the_way(self.path, f"it has the files of another study, `{owner}`")
        there = {path.name for path in self.path.iterdir()}
        case = (self.path / self.control.parent).glob(f"{glob.escape(self.control.stem)}.*")
        if there.difference(names.LOGS) and not any(case):
            raise self._in_the_way(self.path, f"it has no files of `{self.control}`")

    def _refuse_strange_tables(self) -> None:
        """Write over no table of the user's, as those may be which a control file names."""
        files = (self.results / f"{table}{ending}" for table in TABLES for ending in ENDINGS)
        if found := next(filter(os.path.lexists, files), None):
            raise self._in_the_way(found, "nothing tells that it was collected there")

    def _in_the_way(self, path: Path, reason: str) -> CalibrationError:
        return CalibrationError(
            f"`{path}` is in the way: {reason}",
            hint=f"move it, or collect elsewhere: `runfleet results {self.study} --to FOLDER`",
        )

    def _demand_control_file(self, folder: Path) -> None:
        """Refuse what there is before a manager has begun, or is left of one that was lost."""
        if find_file(folder / self.control.parent, self.control.name) is None:
            raise CalibrationError(
                f"nothing was saved yet of the files of the manager of `{self.study}`",
                hint=f"`runfleet explain {self.study}` says where it is",
            )
