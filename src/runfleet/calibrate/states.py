"""How far a calibration is, and in which states its workers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from runfleet.azure import TaskInfo
from runfleet.calibrate.errors import CalibrationError
from runfleet.calibrate.progress.progress import Progress
from runfleet.launch.failures import was_cancelled


class CalibrationState(StrEnum):
    """The states of a calibration."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self not in (CalibrationState.WAITING, CalibrationState.RUNNING)


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """
    How many workers are in which state.

    Parameters
    ----------
    waiting, running
        Those that have not ended.
    died
        Those that died and are not started again any more.
    ended
        Those that ended by themselves as if all was well.
    dismissed
        Those that were ended, by runfleet or by whoever.
    restarts
        How often workers were started again.
    """

    waiting: int = 0
    running: int = 0
    died: int = 0
    ended: int = 0
    dismissed: int = 0
    restarts: int = 0

    @property
    def present(self) -> int:
        """How many there are, or soon will be."""
        return self.waiting + self.running

    @property
    def are_all_over(self) -> bool:
        """Whether there were some, and there will be no more."""
        return not self.present and self.lost + self.dismissed > 0

    @property
    def lost(self) -> int:
        """How many have ended by themselves."""
        return self.died + self.ended


@dataclass(frozen=True, slots=True)
class CalibrationProgress:
    """
    How far a calibration is at one moment.

    Parameters
    ----------
    state
        Its state.
    pest
        What its manager tells.
    workers
        What Batch tells of its workers.
    elapsed
        Since the manager began.
    events
        What has happened since the last look, in sentences.
    error
        Why it has ended, if that was not as it should be.
    """

    state: CalibrationState
    pest: Progress
    workers: WorkerCounts
    elapsed: timedelta
    events: tuple[str, ...] = ()
    error: CalibrationError | None = None


def count_workers(workers: Collection[TaskInfo]) -> WorkerCounts:
    """Count the tasks of workers by state."""
    counts = Counter(_worker_state(worker) for worker in workers)
    return WorkerCounts(
        counts["waiting"],
        counts["running"],
        counts["died"],
        counts["ended"],
        counts["dismissed"],
        sum(worker.retries + worker.requeues for worker in workers),
    )


def has_died(worker: TaskInfo) -> bool:
    """Tell whether a worker ended by itself, and not well; the end of the manager ends all."""
    return worker.state == "completed" and worker.result != "success" and not was_cancelled(worker)


def _worker_state(worker: TaskInfo) -> str:
    if worker.state != "completed":
        return "running" if worker.state == "running" else "waiting"
    if was_cancelled(worker):
        return "dismissed"
    return "died" if has_died(worker) else "ended"
