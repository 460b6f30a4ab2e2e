"""A folder that results may be collected in: it can be written to, with nothing in the way."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runfleet.launch.errors import LaunchError


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
    """

    path: Path
    study: str

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
