"""Tasks as the service tells of them."""

from __future__ import annotations

from datetime import UTC, datetime

from runfleet.azure import TaskCounts, TaskInfo


def test_a_failed_task():
    task = TaskInfo.from_wire(
        {
            "id": "run-1",
            "state": "completed",
            "creationTime": "2026-01-01T00:00:00Z",
            "executionInfo": {
                "startTime": "2026-01-01T00:00:01Z",
                "endTime": "2026-01-01T00:00:02.5Z",
                "exitCode": 3,
                "result": "failure",
                "retryCount": 2,
                "requeueCount": 1,
                "failureInfo": {
                    "category": "usererror",
                    "code": "FailureExitCode",
                    "message": "The task exited with an exit code representing a failure",
                    "details": [{"name": "AdditionalErrorCode", "value": "FailureExitCode"}],
                },
            },
            "nodeInfo": {"nodeId": "tvmps_1_d"},
            "environmentSettings": [{"name": "P", "value": "1"}, {"name": "EMPTY"}],
        }
    )
    assert (task.state, task.result, task.exit_code) == ("completed", "failure", 3)
    assert (task.retries, task.requeues, task.node_id) == (2, 1, "tvmps_1_d")
    assert task.started == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert task.environment == {"P": "1", "EMPTY": ""}
    assert str(task.failure) == (
        "FailureExitCode: The task exited with an exit code representing a failure "
        "(AdditionalErrorCode: FailureExitCode)"
    )


def test_what_was_not_selected_is_empty():
    task = TaskInfo.from_wire({"id": "run-1"})
    assert (task.state, task.result, task.failure, task.ended) == (None, None, None, None)
    assert (task.retries, task.environment) == (0, {})


def test_task_counts():
    counts = TaskCounts.from_wire(
        {"taskCounts": {"active": 5, "running": 2, "completed": 3, "succeeded": 2, "failed": 1}}
    )
    assert (counts.total, counts.succeeded, counts.failed) == (10, 2, 1)
