"""A folder that results may be collected in: it can be written to, with nothing in the way."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from runfleet.launch.errors import LaunchError
from runfleet.launch.figures import remove_figures
from runfleet.launch.folder_index import LOCK

log = logging.getLogger(__name__)

UNCOLLECTED = "nothing tells that it was collected there"
"""Why something is left as it is: the user may have put it there."""

_PLOTS = "plots"
_SILENT_SECONDS = 3.0
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class PlaceOfResults(ABC):
    """
    A folder that the results of one study are in, or may come to be in.

    Parameters
    ----------
    path
        Where it is; it need not be there yet.
    study
        The name of the study.
    patience
        For how many seconds another process is waited for that collects there.
    """

    path: Path
    study: str
    patience: float = field(default=_PATIENCE_SECONDS, kw_only=True)

    def check(self) -> None:
        """
        Refuse a folder that results cannot be collected in; nothing is made or changed.

        Raises
        ------
        LaunchError
            If it cannot be written to, or has files of somebody else.
        """
        with self.writing():
            self.refuse_strange()
            there = next(one for one in self._places if os.path.lexists(one))
            if not there.is_dir():
                raise NotADirectoryError
            if not os.access(there, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    @abstractmethod
    def refuse_strange(self) -> None:
        """Raise `LaunchError` if anything of somebody else would be removed or written over."""

    @property
    @abstractmethod
    def reason_to_stay(self) -> str | None:
        """Why it is not to be deleted with the study; None if its results are there."""

    @property
    @abstractmethod
    def _collected(self) -> Iterable[Path]:
        """What was collected but plots; last what tells that it was, and whose it is."""

    @property
    def added(self) -> list[str]:
        """Name what else is in the folder: nobody collected it."""
        own = {path.name for path in self._collected} | {LOCK, _PLOTS}
        return sorted(path.name for path in self.path.iterdir() if path.name not in own)

    def remove(self) -> None:
        """
        Remove what was collected, and the folder if nothing else is in it.

        Of a folder behind a link only the link goes: what it leads to may be others', too. Cut
        short, it can be called again.

        Raises
        ------
        LaunchError
            If it has no results of this study, or another process collects there for too long.
        """
        with self.locked():
            if reason := self.reason_to_stay:
                raise self.in_the_way(self.path, reason)
            if self.path.is_symlink():
                self.path.unlink()
                return
            self._remove_plots(self.path / _PLOTS)
            for path in self._collected:
                _remove(path)
        with suppress(OSError):  # others may have put something there
            if not self.added and not (self.path / _PLOTS).exists():
                (self.path / LOCK).unlink(missing_ok=True)
            self.path.rmdir()

    def _remove_plots(self, folder: Path) -> None:
        remove_figures(folder)
        with suppress(OSError):
            folder.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Keep other processes out of the folder, which is there; whoever waits long is told for what.

        Raises
        ------
        LaunchError
            If another process is in there for too long: it may be suspended.
        """
        lock = FileLock(self.path / LOCK)
        silent = min(_SILENT_SECONDS, self.patience)
        if not _is_acquired(lock, silent):
            if self.patience > silent:
                log.warning("another process collects results in `%s`", self.path)
            if not _is_acquired(lock, self.patience - silent):
                raise LaunchError(
                    f"another process has been collecting results in `{self.path}` for over "
                    f"{self.patience:,.0f} seconds",
                    hint="let it go on if it is suspended, or end it, and try again; "
                    f"or {self._elsewhere}",
                )
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """
        Say why the folder cannot be written to, where that goes wrong.

        Raises
        ------
        LaunchError
            In place of what the operating system says.
        """
        try:
            yield
        except OSError as error:
            raise LaunchError(
                f"the results cannot be written to `{self.path}`: {self._reason_of(error)}",
                hint=f"mend the reason, or {self._elsewhere}",
            ) from error

    def in_the_way(self, path: Path, reason: str) -> LaunchError:
        """Give the error about something that results would be put in the place of."""
        return LaunchError(
            f"`{path}` is in the way: {reason}", hint=f"move it, or {self._elsewhere}"
        )

    @property
    def _elsewhere(self) -> str:
        return f"collect elsewhere: `runfleet results {self.study} --to FOLDER`"

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


def _is_acquired(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
