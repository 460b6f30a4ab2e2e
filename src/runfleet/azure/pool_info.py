"""What the service tells of pools and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from runfleet.azure.failures import ExecutionInfo, Failure
from runfleet.azure.user_accounts import SSH_USER
from runfleet.azure.values import pairs_from_wire, time_from_wire


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
    formula_failure
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
    resize_errors: tuple[Failure, ...]
    metadata: Mapping[str, str]
    created: datetime | None
    scales_itself: bool = False
    formula_failure: Failure | None = None
    inter_node_communication: bool = False
    users: tuple[str, ...] = ()

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a pool."""
        machine = wire.get("virtualMachineConfiguration") or {}
        failure = (wire.get("autoScaleRun") or {}).get("error")
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
            resize_errors=tuple(Failure.from_wire(item) for item in wire.get("resizeErrors") or ()),
            metadata=pairs_from_wire(wire.get("metadata")),
            created=time_from_wire(wire.get("creationTime")),
            scales_itself=wire.get("enableAutoScale", False),
            formula_failure=Failure.from_wire(failure) if failure else None,
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
    errors: tuple[Failure, ...]

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a node."""
        return cls(
            id=wire["id"],
            state=wire.get("state", ""),
            is_dedicated=wire.get("isDedicated", True),
            running_tasks=wire.get("runningTasksCount", 0),
            start_task=ExecutionInfo.from_wire(wire.get("startTaskInfo")),
            errors=tuple(Failure.from_wire(item) for item in wire.get("errors") or ()),
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
