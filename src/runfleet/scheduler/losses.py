"""Nodes that are taken away from a pool: lost, preempted, or with a full disk."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.records import Emptying, Failure
from runfleet.batch.states import ErrorCategory, NodeDeallocationOption, NodeState, Purpose
from runfleet.scheduler import nodes, tasks
from runfleet.scheduler.entries import Fate, NodeEntry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State

_UP = tasks.AT_WORK | {
    NodeState.OFFLINE,
    NodeState.WAITING_FOR_START_TASK,
    NodeState.START_TASK_FAILED,
}
_FULL = Failure(ErrorCategory.SERVER_ERROR, "DiskFull", "There is no space left on the node's disk")


@decision
def on_node_lost(
    state: State, now: datetime, pool_id: str, node_id: str, *, recovers: bool = True
) -> None:
    """Nothing is heard of a node any more; the service may bring it back."""
    entry = _find(state, pool_id, node_id)
    if entry is not None:
        _take_away(state, entry, NodeState.UNKNOWN, now, recovers=recovers)


@decision
def on_node_preempted(state: State, now: datetime, pool_id: str, node_id: str) -> None:
    """A spot node is needed for somebody else; another one comes for it once there is room."""
    entry = _find(state, pool_id, node_id)
    if entry is not None and not entry.node.dedicated:
        _take_away(state, entry, NodeState.PREEMPTED, now, recovers=True)


@decision
def on_disk_full(
    state: State, now: datetime, pool_id: str, node_id: str, *, recovers: bool = True
) -> None:
    """A node has no space left: it takes no tasks until it has been brought back."""
    entry = _find(state, pool_id, node_id)
    if entry is not None:
        entry.node.errors = [_FULL]
        _take_away(state, entry, NodeState.UNUSABLE, now, recovers=recovers)


@decision
def on_disk_has_room(state: State, _now: datetime, pool_id: str, node_id: str) -> None:
    """The disk of a node that was taken away for being full has space again: the node boots."""
    pool = state.pools.get(pool_id.lower())
    entry = pool.nodes.get(node_id) if pool else None
    if entry is not None and entry.emptied_for is Purpose.STAY_AWAY:
        nodes.set_emptying(state, entry, _emptied_for(Purpose.RETURN))


def _emptied_for(purpose: Purpose) -> Emptying:
    """What a node is emptied for of which nothing is left: neither tasks nor files are awaited."""
    return Emptying(purpose, NodeDeallocationOption.REQUEUE)


def _find(state: State, pool_id: str, node_id: str) -> NodeEntry | None:
    """The node, unless it is gone, or on its way out or down in any case."""
    pool = state.pools.get(pool_id.lower())
    entry = pool.nodes.get(node_id) if pool else None
    if entry is None or entry.node.state not in _UP:
        return None
    return entry if entry.stays else None


def _take_away(
    state: State, entry: NodeEntry, to: NodeState, now: datetime, *, recovers: bool
) -> None:
    """End what runs on a node; its tasks go back to the queue, which costs them nothing."""
    purpose = Purpose.RETURN if recovers else Purpose.STAY_AWAY
    nodes.set_emptying(state, entry, _emptied_for(purpose))
    nodes.end_background(state, entry)
    nodes.set_state(state, entry, to, now)
    for running in list(entry.tasks.values()):
        tasks.end_running(state, running, Fate.LOST, now)
