"""How many workers a calibration should have just now."""

from __future__ import annotations

from runfleet.study import WorkerRange


def wanted_workers(
    workers: WorkerRange, present: int, *, runs_left: int | None, busy: int | None
) -> int:
    """
    Tell how many workers there should be: as many as the manager has runs for.

    Their number only grows: PEST's batches of many runs and of few take turns within minutes, in
    which no node comes or goes.

    Parameters
    ----------
    workers
        How many there may be.
    present
        How many there are, or soon will be.
    runs_left
        How many runs of the present batch have not ended; None where nobody knows.
    busy
        How many workers carry one out; None where nobody knows.
    """
    if runs_left is None or (busy is not None and busy < present):
        return max(present, workers.min)
    return max(present, workers.min, min(workers.max, runs_left))
