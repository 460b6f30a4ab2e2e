"""How fast workers are, and how they compare."""

from __future__ import annotations

from datetime import timedelta

from runfleet.calibrate.progress.progress import WorkerProgress
from runfleet.calibrate.progress.worker_paces import WorkerState, paces_of, spread_of


def worker(
    name: str, done: int, seconds: float | None, *, busy: bool = False, here: bool = True
) -> WorkerProgress:
    mean = None if seconds is None else timedelta(seconds=seconds)
    return WorkerProgress(name, done, 0, mean, is_busy=busy, is_registered=here)


def folder(number: int) -> str:
    return rf"host D:\batch\tasks\workitems\fit\job-1\worker-{number:03d}\wd"


def test_a_worker_that_was_started_again_is_one_worker() -> None:
    """Its runs count together, and their times by how many there were."""
    lives = [
        worker(folder(2), 1, 9.0, busy=True),
        worker(folder(1), 3, 1.0, here=False),
        worker(folder(1).replace("host", "another"), 1, 5.0),
    ]
    first, second = paces_of(lives)
    assert (first.worker, first.state, first.runs_done) == ("worker-001", WorkerState.IDLE, 4)
    assert first.mean_time == timedelta(seconds=2)
    assert (second.worker, second.state) == ("worker-002", WorkerState.BUSY)


def test_the_task_of_a_worker_is_found_in_folders_of_either_system() -> None:
    paces = paces_of(
        [
            worker("host /mnt/batch/tasks/workitems/fit/job-1/worker-012/wd/case", 0, None),
            worker("host /home/me/elsewhere", 0, None, here=False),
        ]
    )
    assert [pace.worker for pace in paces] == ["host /home/me/elsewhere", "worker-012"]
    assert paces[0].state is WorkerState.GONE


def test_workers_are_compared_by_those_that_have_done_a_run() -> None:
    times = [2.0, 1.0, None, 9.0]
    paces = paces_of(worker(folder(n), 1, seconds) for n, seconds in enumerate(times))
    spread = spread_of(paces)
    assert spread is not None
    assert (spread.count, spread.median) == (3, timedelta(seconds=2))
    assert (spread.fastest.worker, spread.slowest.worker) == ("worker-001", "worker-003")
    assert spread_of(paces[2:3]) is None
