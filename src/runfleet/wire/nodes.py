"""Nodes: what clients send and what they read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from runfleet.batch.records import Failure, Node, NodeUser, Pool, RecentTask
from runfleet.batch.states import NodeDeallocationOption, NodeState
from runfleet.wire import coverage, models
from runfleet.wire.bodies import JsonObject, read_body, refuse_unbuilt
from runfleet.wire.shapes import (
    auxiliary_info_json,
    failure_json,
    name_values,
    node_url,
    optional_time,
    present,
)
from runfleet.wire.user_accounts import check_user_name
from runfleet.wire.values import parse_time, time_text

NODE_AGENT_VERSION = "1.12.15"
USER_LIFE = timedelta(days=1)
SSH_PORT = 22

# Camel case here, and here alone.
_COUNTED_STATES = {
    NodeState.CREATING: "creating",
    NodeState.DEALLOCATED: "deallocated",
    NodeState.DEALLOCATING: "deallocating",
    NodeState.IDLE: "idle",
    NodeState.LEAVING_POOL: "leavingPool",
    NodeState.OFFLINE: "offline",
    NodeState.PREEMPTED: "preempted",
    NodeState.REBOOTING: "rebooting",
    NodeState.REIMAGING: "reimaging",
    NodeState.RUNNING: "running",
    NodeState.STARTING: "starting",
    NodeState.START_TASK_FAILED: "startTaskFailed",
    NodeState.UNKNOWN: "unknown",
    NodeState.UNUSABLE: "unusable",
    NodeState.UPGRADING_OS: "upgradingOS",
    NodeState.WAITING_FOR_START_TASK: "waitingForStartTask",
}


@dataclass(frozen=True, slots=True)
class UploadLogsRequest:
    """
    Which part of a node's log goes where.

    Parameters
    ----------
    container_url
        Where it goes, with the right to write there.
    start_time, end_time
        From when to when; the latter is None for all to the end.
    """

    container_url: str
    start_time: datetime
    end_time: datetime | None


def parse_reboot(body: bytes) -> NodeDeallocationOption:
    """What happens to the tasks of a node that reboots; the body may be empty."""
    options = read_body(models.BatchNodeRebootOptions, body or b"{}")
    return NodeDeallocationOption(options.get("nodeRebootOption", "requeue"))


def parse_deallocate(body: bytes) -> NodeDeallocationOption:
    """What happens to the tasks of a node that is deallocated; the body may be empty."""
    options = read_body(models.BatchNodeDeallocateOptions, body or b"{}")
    return NodeDeallocationOption(options.get("nodeDeallocateOption", "requeue"))


def parse_disable_scheduling(body: bytes) -> NodeDeallocationOption:
    """What happens to the tasks of a node that takes no new ones; the body may be empty."""
    options = read_body(models.BatchNodeDisableSchedulingOptions, body or b"{}")
    return NodeDeallocationOption(options.get("nodeDisableSchedulingOption", "requeue"))


def parse_create_user(body: bytes, *, received: datetime) -> NodeUser:
    """
    Read a request to add a user account to a node.

    Parameters
    ----------
    body
        The request.
    received
        When it came: an account without an expiry time ends a day later.
    """
    user = read_body(models.BatchNodeUserCreateOptions, body)
    check_user_name(user["name"])
    expiry = _expiry_time(user.get("expiryTime"), received)
    return NodeUser(user["name"], user.get("isAdmin", False), expiry)


def parse_replace_user(user: NodeUser, body: bytes, *, received: datetime) -> NodeUser:
    """Apply a request to replace a user account, of which only the expiry time is kept here."""
    options = read_body(models.BatchNodeUserReplaceOptions, body)
    return NodeUser(user.name, user.is_admin, _expiry_time(options.get("expiryTime"), received))


def parse_upload_logs(body: bytes) -> UploadLogsRequest:
    """
    Read a request to upload the log of a node.

    Raises
    ------
    WireError
        If it does not say where to or from when, or would have the node use an identity.
    """
    asked = read_body(models.UploadBatchServiceLogsOptions, body)
    refuse_unbuilt(asked, coverage.IN_LOG_UPLOADS)
    end = asked.get("endTime")
    return UploadLogsRequest(
        container_url=asked["containerUrl"],
        start_time=parse_time(asked["startTime"]),
        end_time=None if end is None else parse_time(end),
    )


def uploaded_logs_json(directory: str, count: int) -> JsonObject:
    """Where the log of a node was uploaded to."""
    return {"virtualDirectoryName": directory, "numberOfFilesUploaded": count}


def node_json(node: Node, pool: Pool, tasks: Iterable[RecentTask], *, base: str) -> JsonObject:
    """
    A node as clients read it.

    Parameters
    ----------
    node
        Where it stands.
    pool
        Its pool, whose start task and image are its own.
    tasks
        What it runs and ran lately.
    base
        Scheme and authority of the service.
    """
    asked = orjson.loads(pool.body)
    machine = asked["virtualMachineConfiguration"]
    recent = [_recent_task_json(task, base) for task in tasks]
    members = {
        **_state_json(node, base),
        "lastBootTime": optional_time(node.boot_time),
        "allocationTime": time_text(node.allocation_time),
        "ipAddress": node.address,
        "affinityId": f"TVM:{node.node_id}",
        "vmSize": pool.spec.vm_size,
        "isDedicated": node.dedicated,
        **_usage_json(node),
        "recentTasks": recent or None,
        "startTask": asked.get("startTask"),
        "startTaskInfo": auxiliary_info_json(node.start_task) if node.start_task else None,
        "errors": [_error_json(error) for error in node.errors] or None,
        "endpointConfiguration": _endpoints_json(node),
        "nodeAgentInfo": _agent_json(node),
        "virtualMachineInfo": {"imageReference": machine["imageReference"]},
    }
    return present(members)


def remote_login_json(node: Node) -> JsonObject:
    """Where users of a node would log in."""
    return {"remoteLoginIPAddress": node.address, "remoteLoginPort": SSH_PORT}


def node_counts_json(pool_id: str, nodes: Iterable[Node]) -> JsonObject:
    """How many nodes of a pool are in each state."""
    dedicated, low_priority = Counter[NodeState](), Counter[NodeState]()
    for node in nodes:
        (dedicated if node.dedicated else low_priority)[node.state] += 1
    return {
        "poolId": pool_id,
        "dedicated": _counts_json(dedicated),
        "lowPriority": _counts_json(low_priority),
    }


def _counts_json(counts: Counter[NodeState]) -> dict[str, int]:
    by_name = {name: counts[state] for state, name in _COUNTED_STATES.items()}
    return {**by_name, "total": counts.total()}


def _state_json(node: Node, base: str) -> JsonObject:
    return {
        "id": node.node_id,
        "url": node_url(base, node.pool_id, node.node_id),
        "state": node.state,
        "schedulingState": node.scheduling_state,
        "stateTransitionTime": time_text(node.state_time),
    }


def _usage_json(node: Node) -> JsonObject:
    return {
        "totalTasksRun": node.total_tasks_run,
        "totalTasksSucceeded": node.total_tasks_succeeded,
        "runningTasksCount": node.running_tasks,
        "runningTaskSlotsCount": node.running_slots,
    }


def _recent_task_json(task: RecentTask, base: str) -> JsonObject:
    execution = {
        "startTime": optional_time(task.start_time),
        "endTime": optional_time(task.end_time),
        "exitCode": task.exit_code,
        "failureInfo": failure_json(task.failure),
        "result": task.result,
        "retryCount": task.retry_count,
        "requeueCount": task.requeue_count,
    }
    return {
        "taskUrl": f"{base}/jobs/{task.job_id}/tasks/{task.task_id}",
        "jobId": task.job_id,
        "taskId": task.task_id,
        "taskState": task.state,
        **({} if task.subtask_id is None else {"subtaskId": task.subtask_id}),
        "executionInfo": present(execution),
    }


def _error_json(error: Failure) -> JsonObject:
    details = name_values(error.details)
    return {"code": error.code, "message": error.message, "errorDetails": details}


def _endpoints_json(node: Node) -> JsonObject:
    endpoint = {
        "name": f"SSHRule.{node.number}",
        "protocol": "tcp",
        "publicIPAddress": node.address,
        # No name leads to a node; whoever connects to this gets there.
        "publicFQDN": node.address,
        "frontendPort": SSH_PORT,
        "backendPort": SSH_PORT,
    }
    return {"inboundEndpoints": [endpoint]}


def _agent_json(node: Node) -> JsonObject | None:
    if node.boot_time is None:
        return None
    return {"version": NODE_AGENT_VERSION, "lastUpdateTime": time_text(node.boot_time)}


def _expiry_time(text: str | None, received: datetime) -> datetime:
    return received + USER_LIFE if text is None else parse_time(text)
