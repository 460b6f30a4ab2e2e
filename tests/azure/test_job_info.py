"""Jobs as the service tells of them."""

from __future__ import annotations

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
