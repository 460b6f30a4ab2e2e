"""How far a calibration is, from what its manager writes while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import isnan
from typing import Protocol

from runfleet.calibrate.family import Family
from runfleet.calibrate.progress import beopest_lines, panther_lines
from runfleet.calibrate.progress.console_lines import LineSplitter
from runfleet.calibrate.progress.tally import Tally, WorkerTally
from runfleet.launch import names


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """
    What one worker has done.

    Parameters
    ----------
    name
        Its host and folder, as the manager spells them.
    runs_done, runs_failed
        How many model runs have ended so on it.
    mean_time
        Of its model runs; None before the first has ended.
    is_busy
        Whether it is running the model.
    is_registered
        Whether the manager still has it.
    """

    name: str
    runs_done: int
    runs_failed: int
    mean_time: timedelta | None
    is_busy: bool
    is_registered: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a calibration is; None is what has not been told.

    Parameters
    ----------
    iteration
        The one that it is in, from 1; 0 is before the first.
    iterations
        How many there will be at most.
    phi
        The objective function, of the last iteration for which it is known.
    phi_by_iteration
        The same for all iterations; 0 is what it began with.
    activity
        What the manager is at, in its own words.
    runs_done, runs_failed
        Model runs that have ended, over all iterations.
    runs_running
        Those that workers are busy with.
    runs_left
        Those of the present batch that have not ended, if it is told how many there are.
    workers_busy, workers_idle
        Of those that the manager has at present.
    workers_seen
        How many have ever registered.
    workers
        What each of them has done, if that is told.
    errors
        The last errors that the manager told of.
    is_complete
        Whether the manager says that it is done.
    is_fitting
        Whether phi is a misfit, and so the lower the better; the objective of `pestpp-opt` may be
        one to maximise, or lowest where constraints are not met.
    """

    iteration: int | None
    iterations: int | None
    phi: float | None
    phi_by_iteration: Mapping[int, float]
    activity: str
    runs_done: int | None
    runs_failed: int | None
    runs_running: int | None
    runs_left: int | None
    workers_busy: int | None
    workers_idle: int | None
    workers_seen: int
    workers: tuple[WorkerProgress, ...]
    errors: tuple[str, ...]
    is_complete: bool
    is_fitting: bool = True

    @property
    def lowest(self) -> tuple[int, float] | None:
        """
        The iteration with the lowest phi, and that phi, where it is lower than the last.

        It is not always the last: pestpp-glm and BeoPEST keep the parameters of the best one.
        """
        if self.phi is None or not self.is_fitting:
            return None
        known = [(phi, number) for number, phi in self.phi_by_iteration.items() if not isnan(phi)]
        phi, number = min(known, default=(self.phi, 0))
        return (number, phi) if phi < self.phi else None

    @property
    def workers_registered(self) -> int | None:
        """How many workers the manager has at present."""
        if self.workers_busy is None or self.workers_idle is None:
            return None
        return self.workers_busy + self.workers_idle


class _Lines(Protocol):
    def read(self, line: str) -> None: ...


class ProgressReader:
    """
    Follows a calibration from the files of its manager as they grow.

    Parameters
    ----------
    case
        What the control file is called, without its ending.
    family
        Whose program it is.
    iterations
        How many iterations there will be at most, as the control file has it.
    """

    def __init__(self, case: str, family: Family, *, iterations: int | None = None) -> None:
        self._tally = Tally()
        self._iterations = iterations
        self._lines = _lines_by_file(case.lower(), family, self._tally)
        self._splitters = {name: LineSplitter() for name in self._lines}

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that it can read, in small letters."""
        return tuple(self._lines)

    def feed(self, file: str, text: str) -> None:
        """
        Take what has been appended to a file since the last time.

        Parameters
        ----------
        file
            Its name; a file that tells nothing is passed over.
        text
            What is new, which may end in the middle of a line.
        """
        lines = self._lines.get(file.lower())
        if lines is None:
            return
        for line in self._splitters[file.lower()].feed(text):
            if line:
                lines.read(line)

    def progress(self) -> Progress:
        """Tell how far the calibration is by what has been read."""
        tally = self._tally
        workers = tuple(_worker(worker) for worker in tally.workers.values())
        phi = {number: tally.phi[number] for number in sorted(tally.phi)}
        done, failed = _runs_ended(tally)
        busy, idle = _workers_now(tally)
        return Progress(
            iteration=tally.iteration,
            iterations=self._iterations,
            phi=phi[max(phi)] if phi else None,
            phi_by_iteration=phi,
            activity=tally.activity,
            runs_done=done,
            runs_failed=failed,
            runs_running=busy,
            runs_left=_runs_left(tally),
            workers_busy=busy,
            workers_idle=idle,
            workers_seen=max(len(workers), (busy or 0) + (idle or 0)),
            workers=workers,
            errors=tuple(tally.errors),
            is_complete=tally.is_complete,
            is_fitting=tally.is_fitting,
        )


def read_progress(
    case: str, family: Family, texts: Mapping[str, str], *, iterations: int | None = None
) -> Progress:
    """
    Tell how far a calibration is from the whole of its files.

    Parameters
    ----------
    case
        What the control file is called, without its ending.
    family
        Whose program it is.
    texts
        What the files of the manager hold so far, by their names.
    iterations
        How many iterations there will be at most.
    """
    reader = ProgressReader(case, family, iterations=iterations)
    for file, text in texts.items():
        reader.feed(file, text)
    return reader.progress()


def _lines_by_file(case: str, family: Family, tally: Tally) -> dict[str, _Lines]:
    if family is Family.PEST:
        return {
            names.STDOUT: beopest_lines.ConsoleLines(tally),
            f"{case}.rec": beopest_lines.RecordLines(tally),
            f"{case}.rmr": beopest_lines.RunRecordLines(tally),
        }
    return {
        names.STDOUT: panther_lines.ConsoleLines(tally),
        names.STDERR: panther_lines.ErrorLines(tally),
        f"{case}.rmr": panther_lines.RunRecordLines(tally),
        f"{case}.iobj": panther_lines.PhiTableLines(tally),
        f"{case}.phi.actual.csv": panther_lines.PhiTableLines(tally),
    }


def _worker(worker: WorkerTally) -> WorkerProgress:
    mean = timedelta(seconds=worker.seconds / worker.timed) if worker.timed else None
    return WorkerProgress(
        name=worker.name,
        runs_done=worker.done,
        runs_failed=worker.failed,
        mean_time=mean,
        is_busy=worker.run is not None,
        is_registered=worker.is_registered,
    )


def _runs_ended(tally: Tally) -> tuple[int | None, int | None]:
    if tally.workers or tally.done:
        # The console may be ahead of the record of runs, by a moment.
        forgiven = min(tally.forgiven, tally.done)
        return tally.done - forgiven, tally.failed + forgiven
    if tally.counted is not None:
        return tally.counted[0], tally.counted[1]
    return None, None


def _workers_now(tally: Tally) -> tuple[int | None, int | None]:
    if tally.workers:
        here = [worker for worker in tally.workers.values() if worker.is_registered]
        busy = sum(worker.run is not None for worker in here)
        return busy, len(here) - busy
    if tally.counted is not None:
        return tally.counted[2], tally.counted[3]
    return None, None


def _runs_left(tally: Tally) -> int | None:
    if tally.wanted is None:
        return None
    counted = sum(tally.counted[:2]) if tally.counted else 0
    return max(tally.wanted - (tally.ended if tally.workers else counted), 0)
