"""Workers are sent home where they have had nothing to do for long."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from runfleet.azure import AzureBatch, BatchError, ConflictError, NotFoundError
from runfleet.calibrate.family import Family
from runfleet.calibrate.progress.progress import ProgressReader, WorkerProgress
from runfleet.calibrate.staff import Staff
from runfleet.calibrate.states import CalibrationProgress, CalibrationState, WorkerCounts
from runfleet.study import WorkerRange


@dataclass
class Tasks:
    """Tasks that come to an end, unless something is in the way."""

    error: BatchError | None = None
    ended: list[str] = field(default_factory=list)

    def terminate_task(self, _job: str, task: str) -> None:
        self.ended.append(task)
        if self.error:
            raise self.error


def idle(*names: str) -> CalibrationProgress:
    """Tell of workers that have nothing to do, as their manager calls them."""
    workers = tuple(
        WorkerProgress(name, 1, 0, None, is_busy=False, is_registered=True) for name in names
    )
    nothing = ProgressReader("case", Family.PESTPP).progress()
    return CalibrationProgress(
        CalibrationState.RUNNING,
        replace(nothing, workers=workers),
        WorkerCounts(running=len(names)),
        timedelta(),
    )


def staff(tasks: Tasks) -> Staff:
    """Give what sends home whoever is idle, down to one."""
    workers = WorkerRange(1, 3, timedelta())
    return Staff(cast("AzureBatch", tasks), "job", workers, lambda _count: None)


@pytest.mark.parametrize("error", [None, NotFoundError("gone"), ConflictError("has ended")])
def test_workers_may_be_gone_already(error: BatchError | None) -> None:
    tasks = Tasks(error)
    events = staff(tasks).follow(idle("n /x/worker-001/wd", "n /x/worker-002/wd"))
    assert list(events) == ["sent home, as they had nothing to do: worker-001"]
    assert tasks.ended == ["worker-001"]


def test_who_is_no_task_stays() -> None:
    """A worker that somebody has connected by hand is not ours to end."""
    tasks = Tasks()
    events = staff(tasks).follow(idle(r"mypc D:\case", "n /x/worker-001/wd", r"pc D:\case"))
    assert list(events) == ["sent home, as they had nothing to do: worker-001"]
    assert tasks.ended == ["worker-001"]
