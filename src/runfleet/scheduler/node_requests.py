"""What clients ask of single nodes; `pool_requests` takes them out of their pool."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.states import NodeDeallocationOption, NodeState, Purpose, SchedulingState
from runfleet.scheduler import nodes
from runfleet.scheduler.commands import SaveNode
from runfleet.scheduler.entries import NodeEntry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State
from runfleet.scheduler.tasks import AT_WORK

_REFUSALS = {
    NodeState.CREATING: "NodeBeingCreated",
    NodeState.STARTING: "NodeBeingStarted",
    NodeState.WAITING_FOR_START_TASK: "NodeBeingStarted",
    NodeState.REBOOTING: "NodeBeingRebooted",
    NodeState.REIMAGING: "NodeBeingReimaged",
    NodeState.UNUSABLE: "NodeStateUnusable",
}


def _demand_state(entry: NodeEntry, allowed: frozenset[NodeState]) -> None:
    if entry.node.state not in allowed:
        raise BatchRuleError(_REFUSALS.get(entry.node.state, "OperationInvalidForCurrentState"))
    if entry.emptied_for not in {None, Purpose.GO_OFFLINE}:
        raise BatchRuleError("OperationInvalidForCurrentState")


@decision
def reboot_node(
    state: State, now: datetime, pool_id: str, node_id: str, option: NodeDeallocationOption
) -> None:
    """Restart a node once its tasks are dealt with; its start task runs again."""
    entry = state.node(pool_id, node_id)
    _demand_state(entry, AT_WORK | {NodeState.START_TASK_FAILED, NodeState.OFFLINE})
    _announce(state, entry, NodeState.REBOOTING, option, now)
    nodes.empty(state, entry, Purpose.REBOOT, option, now)


@decision
def deallocate_node(
    state: State, now: datetime, pool_id: str, node_id: str, option: NodeDeallocationOption
) -> None:
    """Give a node's machine back, keeping the node in its pool."""
    entry = state.node(pool_id, node_id)
    _demand_state(entry, AT_WORK)
    _announce(state, entry, NodeState.DEALLOCATING, option, now)
    nodes.empty(state, entry, Purpose.DEALLOCATE, option, now)


def _announce(
    state: State, entry: NodeEntry, to: NodeState, option: NodeDeallocationOption, now: datetime
) -> None:
    # Clients that poll take any other state for the end of the operation, so the
    # transitional state is there before the request is answered.
    if option in {NodeDeallocationOption.REQUEUE, NodeDeallocationOption.TERMINATE}:
        nodes.set_state(state, entry, to, now)


@decision
def start_node(state: State, now: datetime, pool_id: str, node_id: str) -> None:
    """Start a deallocated node again."""
    entry = state.node(pool_id, node_id)
    _demand_state(entry, frozenset({NodeState.DEALLOCATED}))
    nodes.start_booting(state, entry, now)


@decision
def disable_scheduling(
    state: State, now: datetime, pool_id: str, node_id: str, option: NodeDeallocationOption
) -> None:
    """Put no more tasks on a node; it is offline once the running ones are dealt with."""
    entry = state.node(pool_id, node_id)
    if entry.node.scheduling_state is SchedulingState.DISABLED:
        raise BatchRuleError("NodeAlreadyInTargetSchedulingState")
    entry.node.scheduling_state = SchedulingState.DISABLED
    state.emit(SaveNode(entry.node))
    if entry.node.state in AT_WORK and entry.emptied_for is None:
        nodes.empty(state, entry, Purpose.GO_OFFLINE, option, now)


@decision
def enable_scheduling(state: State, now: datetime, pool_id: str, node_id: str) -> None:
    """Put tasks on a node again."""
    entry = state.node(pool_id, node_id)
    if entry.node.scheduling_state is SchedulingState.ENABLED:
        raise BatchRuleError("NodeAlreadyInTargetSchedulingState")
    entry.node.scheduling_state = SchedulingState.ENABLED
    nodes.set_emptying(state, entry, None if entry.stays else entry.node.emptying)
    if entry.node.state is NodeState.OFFLINE:
        nodes.set_state(state, entry, NodeState.IDLE, now)
