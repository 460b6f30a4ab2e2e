"""The folder that the results of a study are collected in."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from runfleet.launch.errors import LaunchError
from runfleet.launch.folder_index import INDEX, LOCK, FolderIndex


@dataclass(frozen=True)
class ResultsFolder:
    """
    A folder that has the results of one study and nothing else, or may come to have them.

    Parameters
    ----------
    path
        Where it is; it need not be there yet.
    study
        The name of the study.
    """

    path: Path
    study: str

    @property
    def runs(self) -> Path:
        """Where each run has a folder of its own."""
        return self.path / "runs"

    def check(self) -> None:
        """
        Refuse a folder that results cannot be collected in; nothing is made or changed.

        Raises
        ------
        LaunchError
            If it cannot be written to, or has files of somebody else.
        """
        with self._in_words():
            self._refuse_strange()
            there = next(one for one in self._places if os.path.lexists(one))
            if not there.is_dir():
                raise NotADirectoryError
            if not os.access(there, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            self._refuse_other_study(FolderIndex.read(self.path))

    @contextmanager
    def open(self) -> Iterator[FolderIndex]:
        """
        Make it if it is not there, keep others out, and read what it has.

        Raises
        ------
        LaunchError
            If it cannot be written to, or has files of somebody else.
        """
        with self._in_words():
            self._refuse_strange()
            self._make()
            with FileLock(self.path / LOCK):
                index = FolderIndex.read(self.path)
                self._refuse_other_study(index)
                yield index

    def _make(self) -> None:
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError as error:  # though all above it is there, as in `/proc`
            raise PermissionError(errno.EACCES, "no folder can be made there") from error

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LaunchError(
                f"the results cannot be written to `{self.path}`: {self._reason_of(error)}",
                hint="mend the reason, or collect them elsewhere: "
                f"`runfleet results {self.study} --to FOLDER`",
            ) from error

    @property
    def _places(self) -> tuple[Path, ...]:
        return (self.path, *self.path.parents)

    def _reason_of(self, error: OSError) -> str:
        # A link to nowhere is there, too, though it does not exist.
        wrong = (one for one in self._places if os.path.lexists(one) and not one.is_dir())
        if found := next(wrong, None):
            return f"`{found}` is no folder"
        if isinstance(error, FileNotFoundError):
            return "what was just written there is gone"
        return str(error.strerror or error)

    def _refuse_strange(self) -> None:
        """
        Overwrite nothing that was not collected, nor add anything to it.

        The index comes before all else, so it is looked for last: another client may just collect.
        """
        for name in ("runs.csv", "runs.parquet", "runs"):
            path = self.path / name
            is_there = path.is_file() or (path.is_dir() and any(path.iterdir()))
            if is_there and not (self.path / INDEX).exists():
                raise LaunchError(
                    f"`{path}` is in the way: nothing tells that it was collected there",
                    hint="move it, or collect elsewhere: "
                    f"`runfleet results {self.study} --to FOLDER`",
                )

    def _refuse_other_study(self, index: FolderIndex) -> None:
        """Keep the results of another study: its runs would be removed, or mixed with these."""
        other = index.study_other_than(self.study)
        if other is not None:
            raise LaunchError(
                f"`{self.path}` has the results of another study, `{other}`",
                hint="move them, or collect elsewhere: "
                f"`runfleet results {self.study} --to FOLDER`",
            )
