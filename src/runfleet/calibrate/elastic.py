"""How many workers a calibration should have just now."""

from __future__ import annotations

from collections.abc import Mapping

from runfleet.study import WorkerRange


def wanted_workers(
    workers: WorkerRange, present: int, *, lost: int = 0, runs_left: int | None, busy: int | None
) -> int:
    """
    Tell how many workers there should be: as many as the manager has runs for.

    Parameters
    ----------
    workers
        How many there may be.
    present
        How many there are, or soon will be.
    lost
        How many have ended by themselves, and are not replaced: others would fare as they did.
    runs_left
        How many runs of the present batch have not ended; None where nobody knows.
    busy
        How many workers carry one out; None where nobody knows.

    Returns
    -------
    count
        Never less than are present: see `dispensable`.
    """
    if runs_left is None or busy is None or busy < present:
        return present
    return max(present, min(workers.max - lost, runs_left))


def dispensable(
    workers: WorkerRange, present: int, idle_since: Mapping[str, float], now: float
) -> list[str]:
    """
    Name the workers to send home: those that have been idle for long, down to `min`.

    PEST's batches of many runs and of few take turns, and a node takes minutes to come back; so
    only time tells which workers are too many.

    Parameters
    ----------
    workers
        How many there may be, and how long an idle one stays.
    present
        How many there are, or soon will be.
    idle_since
        Since when, in seconds, each idle worker has been so.
    now
        The time.
    """
    allowed = workers.idle.total_seconds()
    long_idle = [name for name, since in idle_since.items() if now - since >= allowed]
    long_idle.sort(key=lambda name: idle_since[name])
    return long_idle[: max(0, present - workers.min)]
