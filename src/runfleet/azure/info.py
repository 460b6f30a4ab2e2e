"""What the service tells: pools, nodes, jobs and tasks as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from runfleet.azure.user_accounts import SSH_USER
from runfleet.azure.values import pairs_from_wire, time_from_wire


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Why a resize, a node, a job or a task went wrong, in the service's words.

    Parameters
    ----------
    code
        Such as `AllocationFailed` or `FailureExitCode`.
    message
        A sentence.
    details
        Names and values that go with it.
    category
        `usererror` or `servererror`, where the service tells.
    """

    code: str
    message: str = ""
    details: Mapping[str, str] | None = None
    category: str | None = None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a `failureInfo`, `resizeError`, node error or `schedulingError`."""
        details = wire.get("details") or wire.get("values") or wire.get("errorDetails")
        return cls(
            wire.get("code", ""),
            wire.get("message", ""),
            pairs_from_wire(details),
            wire.get("category"),
        )

    def __str__(self) -> str:
        details = " ".join(f"({name}: {value})" for name, value in (self.details or {}).items())
        return " ".join(part for part in (f"{self.code}: {self.message}", details) if part)


@dataclass(frozen=True, slots=True)
class ExecutionInfo:
    """
    How a start, preparation or release task went.

    Parameters
    ----------
    state
        `running` or `completed`.
    result
        `success` or `failure`, once completed.
    exit_code, fault
        How it ended.
    directory
        Its folder on the node, relative to the node's root; not told of start tasks.
    """

    state: str
    result: str | None = None
    exit_code: int | None = None
    fault: Fault | None = None
    directory: str | None = None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None) -> Self | None:
        """Read a `startTaskInfo`, `jobPreparationTaskExecutionInfo` or the like."""
        if wire is None:
            return None
        return cls(
            wire.get("state", ""),
            wire.get("result"),
            wire.get("exitCode"),
            _fault(wire.get("failureInfo")),
            wire.get("taskRootDirectory"),
        )


@dataclass(frozen=True, slots=True)
class PoolInfo:
    """
    A pool.

    Parameters
    ----------
    id, state
        `active` or `deleting`.
    allocation_state
        `steady`, `resizing` or `stopping`.
    vm_size, node_agent, slots
        What its nodes are, and how many task slots each has.
    current_dedicated, target_dedicated, current_spot, target_spot
        How many nodes there are and shall be.
    resize_errors
        Why the last resize did not bring the nodes it should.
    metadata
        Names and values given when it was made.
    created
        When that was.
    scales_itself
        Whether a formula decides how many nodes it has.
    formula_fault
        Why the formula could not be evaluated the last time, if it could not.
    inter_node_communication
        Whether its nodes reach each other, as tasks on several of them need it.
    users
        The accounts that tasks can run under, besides the usual one.
    """

    id: str
    state: str
    allocation_state: str
    vm_size: str
    node_agent: str
    slots: int
    current_dedicated: int
    target_dedicated: int
    current_spot: int
    target_spot: int
    resize_errors: tuple[Fault, ...]
    metadata: Mapping[str, str]
    created: datetime | None
    scales_itself: bool = False
    formula_fault: Fault | None = None
    inter_node_communication: bool = False
    users: tuple[str, ...] = ()

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a pool."""
        machine = wire.get("virtualMachineConfiguration") or {}
        fault = (wire.get("autoScaleRun") or {}).get("error")
        return cls(
            id=wire["id"],
            state=wire.get("state", ""),
            allocation_state=wire.get("allocationState", ""),
            vm_size=wire.get("vmSize", ""),
            node_agent=machine.get("nodeAgentSKUId", ""),
            slots=wire.get("taskSlotsPerNode", 1),
            current_dedicated=wire.get("currentDedicatedNodes", 0),
            target_dedicated=wire.get("targetDedicatedNodes", 0),
            current_spot=wire.get("currentLowPriorityNodes", 0),
            target_spot=wire.get("targetLowPriorityNodes", 0),
            resize_errors=tuple(Fault.from_wire(item) for item in wire.get("resizeErrors") or ()),
            metadata=pairs_from_wire(wire.get("metadata")),
            created=time_from_wire(wire.get("creationTime")),
            scales_itself=wire.get("enableAutoScale", False),
            formula_fault=Fault.from_wire(fault) if fault else None,
            inter_node_communication=wire.get("enableInterNodeCommunication", False),
            users=tuple(user["name"] for user in wire.get("userAccounts") or ()),
        )

    @property
    def target(self) -> int:
        """How many nodes there shall be, of both kinds."""
        return self.target_dedicated + self.target_spot

    @property
    def runs_together(self) -> bool:
        """Whether a task can run on several of its nodes at once."""
        return self.inter_node_communication and self.slots == 1

    @property
    def ssh_user(self) -> str | None:
        """The account that reaches other nodes without a password, if runfleet has made one."""
        return SSH_USER if SSH_USER in self.users else None

    @property
    def is_windows(self) -> bool:
        """Whether its nodes run Windows."""
        return "windows" in self.node_agent


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """
    A node of a pool.

    Parameters
    ----------
    id, state
        The states are those of the service, such as `idle` or `starttaskfailed`.
    is_dedicated
        False for a spot node.
    running_tasks
        How many tasks run there now.
    start_task
        How its start task went, where there is one.
    errors
        Why it is unusable.
    """

    id: str
    state: str
    is_dedicated: bool
    running_tasks: int
    start_task: ExecutionInfo | None
    errors: tuple[Fault, ...]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a node."""
        return cls(
            id=wire["id"],
            state=wire.get("state", ""),
            is_dedicated=wire.get("isDedicated", True),
            running_tasks=wire.get("runningTasksCount", 0),
            start_task=ExecutionInfo.from_wire(wire.get("startTaskInfo")),
            errors=tuple(Fault.from_wire(item) for item in wire.get("errors") or ()),
        )


@dataclass(frozen=True, slots=True)
class NodeCounts:
    """
    How many nodes of a pool are in which state.

    Parameters
    ----------
    states
        The states that any node is in, spelt as in `NodeInfo`, and how many are.
    """

    states: Mapping[str, int]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read an item of `nodecounts`, dedicated and spot nodes together."""
        states: dict[str, int] = {}
        for kind in ("dedicated", "lowPriority"):
            for state, count in (wire.get(kind) or {}).items():
                if count and state != "total":
                    states[state.lower()] = states.get(state.lower(), 0) + count
        return cls(states)

    def __getitem__(self, state: str) -> int:
        return self.states.get(state, 0)

    @property
    def total(self) -> int:
        """How many nodes there are."""
        return sum(self.states.values())

    @property
    def ready(self) -> int:
        """How many take tasks."""
        return self["idle"] + self["running"]


@dataclass(frozen=True, slots=True)
class JobInfo:
    """
    A job.

    Parameters
    ----------
    id, state
        `active`, `disabling`, `disabled`, `enabling`, `terminating`, `completed` or `deleting`.
    pool_id
        Where its tasks run.
    priority
        -1000 to 1000.
    on_all_tasks_complete
        `noaction` or `terminatejob`.
    metadata
        Names and values given when it was made.
    created, ended
        When it was made, and when it was completed.
    terminate_reason
        Why it was.
    fault
        Why it could not be scheduled.
    """

    id: str
    state: str
    pool_id: str
    priority: int
    on_all_tasks_complete: str
    metadata: Mapping[str, str]
    created: datetime | None
    ended: datetime | None
    terminate_reason: str | None
    fault: Fault | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a job."""
        execution = wire.get("executionInfo") or {}
        pool = wire.get("poolInfo") or {}
        return cls(
            id=wire["id"],
            state=wire.get("state", ""),
            pool_id=execution.get("poolId") or pool.get("poolId", ""),
            priority=wire.get("priority", 0),
            on_all_tasks_complete=wire.get("onAllTasksComplete", "noaction").lower(),
            metadata=pairs_from_wire(wire.get("metadata")),
            created=time_from_wire(wire.get("creationTime")),
            ended=time_from_wire(execution.get("endTime")),
            terminate_reason=execution.get("terminateReason"),
            fault=_fault(execution.get("schedulingError")),
        )


@dataclass(frozen=True, slots=True)
class PreparationInfo:
    """
    How preparing for a job, and cleaning up after it, went on one node.

    Parameters
    ----------
    node_id
        The node; it may be gone by now.
    preparation, release
        None while it has not begun.
    """

    node_id: str
    preparation: ExecutionInfo | None
    release: ExecutionInfo | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read an item of `jobpreparationandreleasetaskstatus`."""
        return cls(
            wire.get("nodeId", ""),
            ExecutionInfo.from_wire(wire.get("jobPreparationTaskExecutionInfo")),
            ExecutionInfo.from_wire(wire.get("jobReleaseTaskExecutionInfo")),
        )


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """
    A task; what was not selected is None, or empty.

    Parameters
    ----------
    id, state
        `active`, `preparing`, `running` or `completed`.
    result, exit_code, fault
        How it ended: `success` or `failure`.
    created, started, ended
        When it was added, last started, and ended.
    retries, requeues
        How often it was run again because it failed, and because its node was taken away.
    node_id
        Where it last ran.
    command_line, environment, user
        What was asked for; the user is an account of its pool, or None for the usual one.
    """

    id: str
    state: str | None
    result: str | None
    exit_code: int | None
    fault: Fault | None
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    retries: int
    requeues: int
    node_id: str | None
    command_line: str | None
    environment: Mapping[str, str]
    user: str | None = None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a task."""
        execution = wire.get("executionInfo") or {}
        return cls(
            wire["id"],
            wire.get("state"),
            execution.get("result"),
            execution.get("exitCode"),
            _fault(execution.get("failureInfo")),
            time_from_wire(wire.get("creationTime")),
            time_from_wire(execution.get("startTime")),
            time_from_wire(execution.get("endTime")),
            execution.get("retryCount", 0),
            execution.get("requeueCount", 0),
            (wire.get("nodeInfo") or {}).get("nodeId"),
            wire.get("commandLine"),
            pairs_from_wire(wire.get("environmentSettings")),
            (wire.get("userIdentity") or {}).get("username"),
        )


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """
    How many tasks of a job are in which state.

    Parameters
    ----------
    active, running
        Waiting, and running or being prepared.
    completed
        Those that succeeded and those that failed.
    succeeded, failed
        Which of them did.
    """

    active: int = 0
    running: int = 0
    completed: int = 0
    succeeded: int = 0
    failed: int = 0

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read `taskcounts`."""
        counts = wire.get("taskCounts") or {}
        return cls(**{name: counts.get(name, 0) for name in cls.__slots__})

    @property
    def total(self) -> int:
        """How many tasks the job has."""
        return self.active + self.running + self.completed


@dataclass(frozen=True, slots=True)
class FileInfo:
    """
    A file on a node.

    Parameters
    ----------
    name
        Relative to the folder of the task, or to the root of the node, with slashes.
    is_directory
        Whether it is a folder.
    size
        In bytes; 0 for folders.
    last_modified
        None for folders.
    """

    name: str
    is_directory: bool
    size: int
    last_modified: datetime | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read an item of a list of files."""
        properties = wire.get("properties") or {}
        return cls(
            wire["name"].replace("\\", "/"),
            wire.get("isDirectory", False),
            int(properties.get("contentLength", 0)),
            time_from_wire(properties.get("lastModified")),
        )


def _fault(wire: Mapping[str, Any] | None) -> Fault | None:
    return None if wire is None else Fault.from_wire(wire)
