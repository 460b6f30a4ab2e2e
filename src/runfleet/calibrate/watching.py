"""Watching a calibration until its manager has ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from runfleet.azure import AzureBatch, NotFoundError, TaskInfo
from runfleet.calibrate.copies import Copies
from runfleet.calibrate.endings import Endings, EndReason
from runfleet.calibrate.errors import CalibrationError, ManagerError
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.progress.presence import of_those_present
from runfleet.calibrate.progress.progress import Progress
from runfleet.calibrate.reading import ManagerReading
from runfleet.calibrate.states import (
    CalibrationProgress,
    CalibrationState,
    WorkerCounts,
    count_workers,
    has_died,
)
from runfleet.calibrate.tasks import MANAGER
from runfleet.launch.failures import batch_message, was_cancelled

_PAUSE = 1.0
_SECONDS_ALONE = 10.0


Follow = Callable[[CalibrationProgress], Iterable[str]]
"""Is told how far a calibration is; may add workers or send some home, and tells what it did."""


@dataclass
class CalibrationWatcher:
    """
    Looks at one calibration again and again.

    Parameters
    ----------
    batch
        The account.
    job_id
        Its job.
    reading
        Reads what its manager writes.
    endings
        Puts into words what has gone wrong.
    copies
        Where files of the manager are copied to; None where somebody else sees to that.
    follow
        Has the number of workers follow the runs; None where it is fixed.
    """

    batch: AzureBatch
    job_id: str
    reading: ManagerReading
    endings: Endings
    copies: Copies | None = None
    follow: Follow | None = None
    _restarts: Counter[str] = field(default_factory=Counter)
    _dead: set[str] = field(default_factory=set)
    _failed_runs: int = 0
    _asked_in: int | None = None
    _told_reasons: set[str] = field(default_factory=set)
    _alone_since: float | None = None

    @property
    def _logs(self) -> Logs:
        return self.reading.logs

    def watch(self) -> Iterator[CalibrationProgress]:
        """Look until the manager has ended, or nothing can go on."""
        while True:
            progress = self._tend(self.look())
            if progress.state.has_ended:
                yield self._with_last_reasons(progress)
                return
            yield progress
            time.sleep(_PAUSE)

    def look(self) -> CalibrationProgress:
        """Look once; nothing is done."""
        tasks = self._tasks()
        manager = tasks.pop(MANAGER, None)
        if manager is None or manager.state == "completed":
            return self._ended(manager, tasks)
        pest = of_those_present(self.reading.progress(), _running(tasks.values()))
        return CalibrationProgress(
            CalibrationState.RUNNING if manager.state == "running" else CalibrationState.WAITING,
            pest,
            count_workers(tasks.values()),
            _elapsed(manager),
            (*self._events(tasks.values()), *self._reasons(pest, tasks)),
        )

    def _tasks(self) -> dict[str, TaskInfo]:
        try:
            return {task.id: task for task in self.batch.list_tasks(self.job_id)}
        except NotFoundError:
            return {}

    def _ended(
        self, manager: TaskInfo | None, workers: Mapping[str, TaskInfo]
    ) -> CalibrationProgress:
        reason = self._reason(manager)
        pest = self.reading.ended()
        state = _end_state(manager, pest, reason)
        return CalibrationProgress(
            state,
            pest,
            count_workers(workers.values()),
            _elapsed(manager),
            tuple(self._events(workers.values())),
            None
            if state is CalibrationState.SUCCEEDED
            else self._error(manager, reason, sorted(workers.values(), key=lambda one: one.id)),
        )

    def _reason(self, manager: TaskInfo | None) -> str | None:
        """Ask why a manager was ended that did not end by itself."""
        if manager is None or not was_cancelled(manager):
            return None
        return self.batch.why_ended(self.job_id)

    def _tend(self, found: CalibrationProgress) -> CalibrationProgress:
        """End what cannot go on, save what could be lost, and have the workers follow the runs."""
        if found.state.has_ended:
            return found
        if not found.pest.is_complete and self._is_forsaken(found.workers):
            return self._give_up(found)
        if self.copies:
            self.copies.update(found.pest.iteration)
        if self.follow is None or not found.workers.present:
            return found
        return replace(found, events=(*found.events, *self.follow(found)))

    def _is_forsaken(self, workers: WorkerCounts) -> bool:
        """
        Tell whether a manager waits for workers that will not come.

        It sends them home itself before it ends, and some end with 0 whatever has befallen them: a
        manager whose workers did not die is given the time to write its last files.
        """
        if not workers.are_all_over:
            self._alone_since = None
            return False
        self._alone_since = self._alone_since or time.monotonic()
        alone = time.monotonic() - self._alone_since
        return not workers.ended or alone > _SECONDS_ALONE

    def _give_up(self, found: CalibrationProgress) -> CalibrationProgress:
        """End a manager that would wait for ever for workers, as all of them have died."""
        workers = [task for name, task in self._tasks().items() if name != MANAGER]
        self.batch.terminate_job(self.job_id, EndReason.ALL_WORKERS_DIED)
        error = self.endings.of_all_workers(workers)
        return replace(found, state=CalibrationState.FAILED, error=error)

    def _events(self, workers: Collection[TaskInfo]) -> Iterator[str]:
        """Tell of workers that were started again, and of those that are not any more."""
        for worker in workers:
            times = worker.retries + worker.requeues
            if times > self._restarts[worker.id]:
                self._restarts[worker.id] = times
                self._logs.forget(worker.id)
                yield f"{worker.id} was started again ({_times(times)})"
            if has_died(worker) and worker.id not in self._dead:
                self._dead.add(worker.id)
                yield f"{worker.id} has died: {batch_message(worker)}"

    def _with_last_reasons(self, found: CalibrationProgress) -> CalibrationProgress:
        """Tell of failures that were forgiven in the last iteration; an error has its own."""
        if found.error is not None:
            return found
        told = self.endings.failed_runs(self._workers(), self._told_reasons)
        return replace(found, events=(*found.events, *told))

    def _workers(self) -> list[str]:
        return sorted(self._tasks().keys() - {MANAGER})

    def _reasons(self, pest: Progress, workers: Iterable[str]) -> Iterator[str]:
        """Tell why model runs fail, as soon as they do, and once for each reason."""
        failed = pest.runs_failed or 0
        # A BeoPEST that forgives failures does not tell of those in a Jacobian.
        begins = pest.iteration != self._asked_in
        if begins or failed > self._failed_runs:
            self._asked_in = pest.iteration
            yield from self.endings.failed_runs(sorted(workers), self._told_reasons)
            # The manager may know of a failure before its worker has told of it.
            self._failed_runs = failed if self._told_reasons else 0

    def _error(
        self, manager: TaskInfo | None, reason: str | None, workers: Sequence[TaskInfo]
    ) -> CalibrationError:
        if manager is None:
            return ManagerError(
                "the manager is not there: its submission was interrupted, or it was deleted",
                hint=f"run the study again: `runfleet run {self.endings.study}`",
            )
        if reason == EndReason.ALL_WORKERS_DIED and workers:
            return self.endings.of_all_workers(workers)
        if reason == EndReason.UNREACHABLE:
            died = next(filter(has_died, workers), None)
            return self.endings.of_first_worker(died) if died else self.endings.of_connection()
        return self.endings.of_manager(manager, [worker.id for worker in workers])


def _end_state(manager: TaskInfo | None, pest: Progress, reason: str | None) -> CalibrationState:
    if manager is None or reason in (EndReason.ALL_WORKERS_DIED, EndReason.UNREACHABLE):
        return CalibrationState.FAILED
    # Managers end with 0 also when they have not understood their command line.
    has_run = pest.is_complete or (pest.workers_seen and not pest.errors)
    if manager.result == "success" and has_run:
        return CalibrationState.SUCCEEDED
    return CalibrationState.CANCELLED if was_cancelled(manager) else CalibrationState.FAILED


def _elapsed(manager: TaskInfo | None) -> timedelta:
    if manager is None or manager.started is None:
        return timedelta()
    if manager.ended is not None:
        return manager.ended - manager.started
    return datetime.now(UTC) - manager.started


def _running(workers: Iterable[TaskInfo]) -> set[str]:
    return {worker.id for worker in workers if worker.state == "running"}


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
