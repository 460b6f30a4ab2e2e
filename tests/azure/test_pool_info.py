"""Pools and nodes as the service tells of them."""

from __future__ import annotations

from runfleet.azure import Failure, NodeCounts, NodeInfo, PoolInfo


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
        Failure(
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
