"""How fast the workers of a calibration are, one by one and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from statistics import median

from runfleet.calibrate.progress.progress import WorkerProgress
from runfleet.calibrate.tasks import worker_in


class WorkerState(StrEnum):
    """What a worker is at, as its manager has it."""

    BUSY = "busy"
    IDLE = "idle"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class WorkerPace:
    """
    What one worker has done, also before it was started again.

    Parameters
    ----------
    worker
        The name of its task or, where the manager does not tell that, what the manager calls it.
    state
        What it is at.
    runs_done, runs_failed
        How many model runs have ended so on it.
    mean_time
        Of the runs that it has done; None before the first has ended.
    """

    worker: str
    state: WorkerState
    runs_done: int
    runs_failed: int
    mean_time: timedelta | None


@dataclass(frozen=True, slots=True)
class PaceSpread:
    """
    How much the workers differ.

    Parameters
    ----------
    count
        How many of them have done a run.
    median
        Of their mean times of a run.
    fastest, slowest
        The two ends; both are one and the same where there is but one worker.
    """

    count: int
    median: timedelta
    fastest: WorkerPace
    slowest: WorkerPace


def paces_of(workers: Iterable[WorkerProgress]) -> tuple[WorkerPace, ...]:
    """Add up what each worker has done, in the order of their names."""
    named = sorted(workers, key=_name)
    return tuple(_pace(name, tuple(lives)) for name, lives in groupby(named, _name))


def spread_of(paces: Sequence[WorkerPace]) -> PaceSpread | None:
    """Compare workers; None as long as none has done a run."""
    timed = sorted(((pace.mean_time, pace) for pace in paces if pace.mean_time), key=lambda x: x[0])
    if not timed:
        return None
    middle = median(time.total_seconds() for time, _ in timed)
    return PaceSpread(len(timed), timedelta(seconds=middle), timed[0][1], timed[-1][1])


def _name(worker: WorkerProgress) -> str:
    return worker_in(worker.name) or worker.name


def _pace(name: str, lives: Sequence[WorkerProgress]) -> WorkerPace:
    return WorkerPace(
        name,
        _state(lives),
        sum(life.runs_done for life in lives),
        sum(life.runs_failed for life in lives),
        _mean_time([life for life in lives if life.mean_time]),
    )


def _state(lives: Sequence[WorkerProgress]) -> WorkerState:
    here = [life for life in lives if life.is_registered]
    if not here:
        return WorkerState.GONE
    return WorkerState.BUSY if any(life.is_busy for life in here) else WorkerState.IDLE


def _mean_time(timed: Sequence[WorkerProgress]) -> timedelta | None:
    runs = sum(life.runs_done for life in timed)
    if not runs:
        return None
    return (
        sum((life.runs_done * life.mean_time for life in timed if life.mean_time), timedelta())
        / runs
    )
