"""Workers that are gone, which a manager notices only when it next has a run for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from runfleet.calibrate.progress.progress import Progress
from runfleet.calibrate.tasks import worker_in


def of_those_present(told: Progress, present: Collection[str]) -> Progress:
    """
    Correct what a manager tells of its workers by what Batch knows of their tasks.

    Parameters
    ----------
    told
        What the manager tells.
    present
        The tasks of workers that are running.
    """
    if not told.workers:
        return told
    # One that was started again has registered again; what it was before is gone.
    newest = {worker_in(worker.name): number for number, worker in enumerate(told.workers)}
    workers = tuple(
        worker
        if (task := worker_in(worker.name)) is None or (task in present and newest[task] == number)
        else replace(worker, is_busy=False, is_registered=False)
        for number, worker in enumerate(told.workers)
    )
    here = [worker for worker in workers if worker.is_registered]
    busy = sum(worker.is_busy for worker in here)
    return replace(
        told,
        workers=workers,
        runs_running=busy,
        workers_busy=busy,
        workers_idle=len(here) - busy,
    )
