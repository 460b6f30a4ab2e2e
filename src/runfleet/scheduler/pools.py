"""The life of a pool: nodes are added and taken out until their number is what was asked for."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.records import ResizeError
from runfleet.batch.states import (
    AllocationState,
    JobState,
    NodeDeallocationOption,
    NodeState,
    PoolState,
    Purpose,
)
from runfleet.scheduler import managers, nodes
from runfleet.scheduler.commands import ForgetPool, SavePool
from runfleet.scheduler.entries import NodeEntry, PoolEntry
from runfleet.scheduler.state import State
from runfleet.scheduler.timers import Due

_IDLE_FIRST = {
    **dict.fromkeys(nodes.AWAY, 0),
    NodeState.CREATING: 0,
    NodeState.STARTING: 1,
    NodeState.IDLE: 2,
}
MOST_NODES = 5_000
"""How many nodes all pools have together at most, so that a slip of the pen does no harm."""

_OF_POOLS = (Due.RESIZE_TIMEOUT, Due.EVALUATION, Due.SAMPLE)
_ON_THEIR_WAY = nodes.AWAY | {NodeState.CREATING, NodeState.STARTING, NodeState.REBOOTING}


def begin_resize(
    state: State, pool: PoolEntry, option: NodeDeallocationOption, now: datetime
) -> None:
    """Start to bring the number of nodes to the targets, or go on to other targets."""
    record = pool.pool
    if record.allocation_state is not AllocationState.RESIZING:
        record.allocation_state, record.allocation_time = AllocationState.RESIZING, now
    record.resize_errors = []
    record.deallocation_option = option
    begin_timeout(state, pool, now)
    _approach(state, pool, now, dedicated=True, target=record.target_dedicated)
    _approach(state, pool, now, dedicated=False, target=record.target_low_priority)
    state.touch_pool(pool)


def begin_timeout(state: State, pool: PoolEntry, now: datetime) -> None:
    """Let a resize take its time from now on, also one that goes on after a restart."""
    record = pool.pool
    record.resize_deadline = now + record.spec.resize_timeout
    state.timers.set(record.resize_deadline, Due.RESIZE_TIMEOUT, record.spec.pool_id)
    state.emit(SavePool(record))


def members(pool: PoolEntry, *, dedicated: bool) -> list[NodeEntry]:
    """The nodes of one kind that stay in a pool."""
    return [
        entry
        for entry in pool.nodes.values()
        if entry.node.dedicated is dedicated and entry.node.state is not NodeState.LEAVING_POOL
    ]


def has_missed_targets(pool: PoolEntry) -> bool:
    """Whether a pool whose resize is over has not as many nodes as were asked for."""
    record = pool.pool
    return record.allocation_state is AllocationState.STEADY and (
        len(members(pool, dedicated=True)) != record.target_dedicated
        or len(members(pool, dedicated=False)) != record.target_low_priority
    )


def count_nodes(pool: PoolEntry, *, dedicated: bool) -> int:
    """How many nodes of one kind a pool has; those that are still being made are none yet."""
    return sum(
        entry.node.dedicated is dedicated and entry.node.state is not NodeState.CREATING
        for entry in pool.nodes.values()
    )


def _approach(
    state: State, pool: PoolEntry, now: datetime, *, dedicated: bool, target: int
) -> None:
    present = members(pool, dedicated=dedicated)
    for _ in range(min(target - len(present), MOST_NODES - len(state.addresses))):
        nodes.create(state, pool, now, dedicated=dedicated)
    surplus = max(0, len(present) - target)
    for entry in sorted(present, key=_leaves_first)[:surplus]:
        nodes.leave(state, entry, pool.pool.deallocation_option, now)


def _leaves_first(entry: NodeEntry) -> tuple[int, bool, int]:
    return (_IDLE_FIRST.get(entry.node.state, 3), managers.runs_on(entry), -entry.node.number)


def settle_pool(state: State, pool: PoolEntry, now: datetime) -> None:
    """Do what follows from nodes having come and gone."""
    record = pool.pool
    if record.state is PoolState.DELETING:
        if not pool.nodes:
            forget(state, pool)
    elif record.allocation_state is not AllocationState.STEADY and not _is_changing(pool):
        record.resize_errors = _resize_errors(pool)
        become_steady(state, pool, now)


def _is_changing(pool: PoolEntry) -> bool:
    passing = {NodeState.CREATING, NodeState.LEAVING_POOL}
    return any(entry.node.state in passing for entry in pool.nodes.values())


def _resize_errors(pool: PoolEntry) -> list[ResizeError]:
    """Why a resize that is over has not reached its targets, where it has not."""
    record = pool.pool
    if record.allocation_state is AllocationState.STOPPING:
        return [ResizeError("ResizeStopped", "Resize was stopped by the user.")]
    text = f"All pools together have {MOST_NODES} nodes, the most that the emulator makes."
    errors = []
    if len(members(pool, dedicated=True)) < record.target_dedicated:
        errors.append(ResizeError("AccountCoreQuotaReached", text))
    if len(members(pool, dedicated=False)) < record.target_low_priority:
        errors.append(ResizeError("AccountLowPriorityCoreQuotaReached", text))
    return errors


def become_steady(state: State, pool: PoolEntry, now: datetime) -> None:
    """A resize is over, whether or not it reached its targets."""
    pool.pool.allocation_state, pool.pool.allocation_time = AllocationState.STEADY, now
    pool.pool.resize_deadline = None
    state.emit(SavePool(pool.pool))


def stop_resize(state: State, pool: PoolEntry, now: datetime) -> None:
    """Give up the nodes that have not come yet; that the others go has no timeout."""
    pool.pool.allocation_state, pool.pool.allocation_time = AllocationState.STOPPING, now
    pool.pool.resize_deadline = None
    _give_up_newcomers(state, pool, now)
    state.emit(SavePool(pool.pool))
    state.touch_pool(pool)


def _give_up_newcomers(state: State, pool: PoolEntry, now: datetime) -> None:
    for entry in list(pool.nodes.values()):
        if entry.node.state is NodeState.CREATING:
            nodes.leave(state, entry, NodeDeallocationOption.REQUEUE, now)


def on_resize_timeout(state: State, pool: PoolEntry, now: datetime) -> None:
    """A resize has taken too long: what is there stays, and what is on its way out goes."""
    deadline = pool.pool.resize_deadline
    # "This timeout applies only to manual scaling; it has no effect when enableAutoScale is set
    # to true", says the SDK.
    if deadline is not None and deadline <= now and pool.pool.autoscale is None:
        text = "Desired number of nodes could not be allocated within the resize timeout."
        pool.pool.resize_errors = [ResizeError("AllocationTimedout", text)]
        _give_up_newcomers(state, pool, now)
        become_steady(state, pool, now)


def awaits_nodes(pool: PoolEntry) -> bool:
    """Whether tasks wait for nodes that are on their way, or that a formula may ask for."""
    if any(entry.awaited_by for entry in pool.nodes.values()):
        return True
    waits = any(
        job.job.state is JobState.ACTIVE and job.job.counts.active for job in pool.jobs.values()
    )
    is_growing = any(map(_is_on_its_way, pool.nodes.values()))
    return waits and (is_growing or pool.pool.autoscale is not None)


def _is_on_its_way(entry: NodeEntry) -> bool:
    return entry.node.state in _ON_THEIR_WAY and entry.emptied_for is not Purpose.STAY_AWAY


def begin_deletion(state: State, pool: PoolEntry, now: datetime) -> None:
    """Take all nodes out of a pool, requeueing their tasks; it is forgotten when they are gone."""
    pool.pool.state, pool.pool.state_time = PoolState.DELETING, now
    state.emit(SavePool(pool.pool))
    for node in list(pool.nodes.values()):
        nodes.leave(state, node, NodeDeallocationOption.REQUEUE, now)
    state.touch_pool(pool)


def forget(state: State, pool: PoolEntry) -> None:
    """A pool is gone; its jobs stay and wait for another of its id."""
    pool_id = pool.pool.spec.pool_id
    if state.pools.get(pool_id.lower()) is pool:
        del state.pools[pool_id.lower()]
        for what in _OF_POOLS:
            state.timers.drop(what, pool_id)
        state.emit(ForgetPool(pool_id))
