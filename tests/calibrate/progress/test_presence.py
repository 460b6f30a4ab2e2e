"""What a manager tells of its workers, and what Batch knows of them."""

from __future__ import annotations

from runfleet.calibrate.family import Family
from runfleet.calibrate.progress.presence import of_those_present
from runfleet.calibrate.progress.progress import read_progress
from runfleet.calibrate.progress.worker_paces import WorkerState, paces_of

# PANTHER notices that an idle agent is gone only when it next has a run for it.
TOLD = r"""
07:00:01 -> new agent ready:host$D:\workitems\fit\job-1\worker-001\wd socket:1
07:00:01 -> new agent ready:host$D:\workitems\fit\job-1\worker-002\wd socket:2
07:00:02 -> Sending run_id:0 to:host$D:\workitems\fit\job-1\worker-001\wd group_id:0
"""


def test_a_worker_whose_task_has_ended_is_neither_busy_nor_idle() -> None:
    told = read_progress("fit", Family.PESTPP, {"fit.rmr": TOLD})
    assert (told.workers_busy, told.workers_idle) == (1, 1)
    found = of_those_present(told, {"worker-001"})
    assert (found.workers_busy, found.workers_idle) == (1, 0)
    states = {pace.worker: pace.state for pace in paces_of(found.workers)}
    assert states == {"worker-001": WorkerState.BUSY, "worker-002": WorkerState.GONE}
    assert of_those_present(told, {"worker-002"}).runs_running == 0
    assert found.workers_seen == 2


def test_a_worker_that_was_started_again_is_there_once() -> None:
    """BeoPEST takes it for another node, beside the one that it has not missed yet."""
    told = read_progress(
        "fit",
        Family.PEST,
        {
            "fit.rmr": "".join(
                f"22 Nov 07:00:0{node}.00:- index of {node} assigned to node at working directory "
                rf'"192.0.2.2\\D:\workitems\fit\job-1\worker-001\wd"'
                "\n"
                for node in (1, 2)
            )
        },
    )
    assert told.workers_idle == 2
    assert of_those_present(told, {"worker-001"}).workers_idle == 1


def test_figures_without_names_stay() -> None:
    told = read_progress("fit", Family.PESTPP, {})
    assert of_those_present(told, set()) == told
