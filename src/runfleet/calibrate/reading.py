"""What a manager's files tell of its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from runfleet.calibrate.family import Family
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.programs import Program
from runfleet.calibrate.progress.progress import Progress, ProgressReader
from runfleet.calibrate.tasks import MANAGER
from runfleet.launch import names
from runfleet.study import Pest


@dataclass
class ManagerReading:
    """
    Follows a manager by what it writes.

    Parameters
    ----------
    logs
        What the tasks of its job write.
    pest
        The calibration.
    iterations
        How many there will be at most, where that is known.
    """

    logs: Logs
    pest: Pest
    iterations: int | None = None

    def progress(self) -> Progress:
        """Tell how far a running manager is."""
        return self._follow(self.logs.read_on)

    def ended(self) -> Progress:
        """Tell how far a manager has come that has ended."""
        found = self._follow(self.logs.read_rest)
        # A manager does not tell of the end of its last run, and of workers that it sends home.
        return replace(
            found,
            runs_running=None,
            runs_left=None,
            workers_busy=None,
            workers_idle=None,
            workers=tuple(
                replace(worker, is_busy=False, is_registered=False) for worker in found.workers
            ),
        )

    def _follow(self, read: Callable[[str, str], Iterator[str]]) -> Progress:
        for file in self._reader.files:
            for text in read(MANAGER, self._path(file)):
                self._reader.feed(file, text)
        return self._reader.progress()

    @cached_property
    def _reader(self) -> ProgressReader:
        case = self.pest.control.stem
        return ProgressReader(case, self._family, iterations=self.iterations)

    @property
    def _family(self) -> Family:
        return self._program.family

    @property
    def _program(self) -> Program:
        return Program.named(self.pest.program)

    def _path(self, file: str) -> str:
        """Find a file of the manager; the names of files come in small letters."""
        if file in names.LOGS:
            return file
        control = self.pest.control
        suffix = file.removeprefix(control.stem.lower())
        return f"wd/{control.with_name(self._program.case_of(control) + suffix)}"
