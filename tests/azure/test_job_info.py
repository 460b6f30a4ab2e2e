"""Jobs as the service tells of them."""

from __future__ import annotations

import pytest

from runfleet.azure import JobInfo


def test_a_job_that_has_ended():
    job = JobInfo.from_wire(
        {
            "id": "net1",
            "state": "completed",
            "poolInfo": {"poolId": "p"},
            "executionInfo": {
                "poolId": "p",
                "endTime": "2026-01-01T00:00:00Z",
                "terminateReason": "AllTasksComplete",
            },
            "metadata": [{"name": "runfleet-study", "value": "net1"}],
            "onAllTasksComplete": "TerminateJob",
        }
    )
    assert (job.pool_id, job.terminate_reason) == ("p", "AllTasksComplete")
    assert job.metadata == {"runfleet-study": "net1"}
    assert job.on_all_tasks_complete == "terminatejob"


@pytest.mark.parametrize(
    ("state", "reason", "is_over", "was_ended"),
    [
        ("active", None, False, False),
        ("disabled", None, False, False),
        ("terminating", "AllTasksComplete", True, False),
        ("completed", "AllTasksComplete", True, False),
        ("terminating", "Cancelled", True, True),
        ("completed", None, True, True),
        ("deleting", None, True, True),
    ],
)
def test_how_a_job_has_ended(state, reason, is_over, was_ended):
    """By itself with its last task, or because somebody ended or deleted it."""
    wire = {"id": "net1", "state": state, "executionInfo": {"terminateReason": reason}}
    job = JobInfo.from_wire(wire)
    assert (job.is_over, job.was_ended) == (is_over, was_ended)
