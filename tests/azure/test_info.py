"""Pools, nodes, jobs and tasks, as the service tells them."""

from datetime import UTC, datetime

from runfleet.azure import Fault, JobInfo, NodeCounts, NodeInfo, PoolInfo, TaskCounts, TaskInfo


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
    assert str(task.fault) == (
        "FailureExitCode: The task exited with an exit code representing a failure "
        "(AdditionalErrorCode: FailureExitCode)"
    )


def test_what_was_not_selected_is_empty():
    task = TaskInfo.from_wire({"id": "run-1"})
    assert (task.state, task.result, task.fault, task.ended) == (None, None, None, None)
    assert (task.retries, task.environment) == (0, {})


def test_a_pool_whose_resize_failed():
    error = {
        "code": "AccountCoreQuotaReached",
        "message": "The account has reached its core quota.",
        "values": [{"name": "Limit", "value": "20"}],
    }
    pool = PoolInfo.from_wire(
        {
            "id": "p",
            "state": "active",
            "allocationState": "steady",
            "vmSize": "standard_f2s_v2",
            "virtualMachineConfiguration": {"nodeAgentSKUId": "batch.node.windows amd64"},
            "targetDedicatedNodes": 3,
            "targetLowPriorityNodes": 2,
            "resizeErrors": [error],
        }
    )
    assert (pool.target, pool.current_dedicated, pool.is_windows) == (5, 0, True)
    assert pool.resize_errors == (
        Fault(
            "AccountCoreQuotaReached", "The account has reached its core quota.", {"Limit": "20"}
        ),
    )


def test_a_node_whose_start_task_failed():
    node = NodeInfo.from_wire(
        {
            "id": "n",
            "state": "starttaskfailed",
            "startTaskInfo": {"state": "completed", "exitCode": 1, "result": "failure"},
            "errors": [{"code": "DiskFull", "errorDetails": [{"name": "Free", "value": "0"}]}],
        }
    )
    assert node.start_task is not None
    assert (node.start_task.result, node.start_task.exit_code) == ("failure", 1)
    assert node.errors[0].details == {"Free": "0"}


def test_node_counts_add_both_kinds_under_the_names_of_the_states():
    counts = NodeCounts.from_wire(
        {
            "poolId": "p",
            "dedicated": {"idle": 1, "running": 2, "startTaskFailed": 1, "offline": 0, "total": 4},
            "lowPriority": {"idle": 3, "preempted": 1, "total": 4},
        }
    )
    assert counts.states == {"idle": 4, "running": 2, "starttaskfailed": 1, "preempted": 1}
    assert (counts.ready, counts.total, counts["unusable"]) == (6, 8, 0)


def test_task_counts():
    counts = TaskCounts.from_wire(
        {"taskCounts": {"active": 5, "running": 2, "completed": 3, "succeeded": 2, "failed": 1}}
    )
    assert (counts.total, counts.succeeded, counts.failed) == (10, 2, 1)


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
