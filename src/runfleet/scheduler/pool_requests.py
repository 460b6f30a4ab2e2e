"""What clients ask of pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.specs import DEFAULT_RESIZE_TIMEOUT, AutoscaleSpec, PoolSpec
from runfleet.batch.states import (
    AllocationState,
    NodeDeallocationOption,
    NodeState,
    PoolState,
)
from runfleet.scheduler import jobs, nodes, pool_creation, pools, tasks
from runfleet.scheduler.commands import SavePool
from runfleet.scheduler.entries import PoolEntry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State


@decision
def create_pool(
    state: State,
    now: datetime,
    spec: PoolSpec,
    body: str,
    *,
    target_dedicated: int,
    target_low_priority: int,
    autoscale: AutoscaleSpec | None = None,
) -> None:
    """Make a pool and start to fill it; jobs that waited for its id find it."""
    existing = state.pools.get(spec.pool_id.lower())
    if existing is not None:
        is_going = existing.pool.state is PoolState.DELETING
        raise BatchRuleError("PoolBeingDeleted" if is_going else "PoolExists")
    pool_creation.create(
        state,
        spec,
        body,
        now,
        target_dedicated=target_dedicated,
        target_low_priority=target_low_priority,
        autoscale=autoscale,
    )
    for job in state.living_jobs.values():
        if job.job.spec.pool_id.lower() == spec.pool_id.lower():
            jobs.join_pool(state, job)


def demand_active(entry: PoolEntry) -> None:
    """Refuse what is asked of a pool that is being deleted."""
    if entry.pool.state is PoolState.DELETING:
        raise BatchRuleError("PoolBeingDeleted")


def demand_steady(entry: PoolEntry) -> None:
    """Refuse what is asked of a pool while its number of nodes changes."""
    demand_active(entry)
    if entry.pool.allocation_state is not AllocationState.STEADY:
        raise BatchRuleError("PoolBeingResized")


@decision
def update_pool(state: State, now: datetime, spec: PoolSpec, body: str) -> None:
    """Take over what a client changed; nodes in place keep what they have."""
    entry = state.pool(spec.pool_id)
    demand_active(entry)
    entry.pool.spec, entry.pool.body, entry.pool.last_modified = spec, body, now
    for node in entry.nodes.values():
        tasks.refresh_room(node)
    state.emit(SavePool(entry.pool))
    state.touch_pool(entry)


@decision
def resize_pool(
    state: State,
    now: datetime,
    pool_id: str,
    *,
    target_dedicated: int | None,
    target_low_priority: int | None,
    timeout: timedelta = DEFAULT_RESIZE_TIMEOUT,
    option: NodeDeallocationOption = NodeDeallocationOption.REQUEUE,
) -> None:
    """Change how many nodes a pool should have; a target that is None stays."""
    entry = state.pool(pool_id)
    if entry.pool.autoscale is not None:
        raise BatchRuleError("OperationInvalidForCurrentState")
    demand_steady(entry)
    entry.pool.spec = replace(entry.pool.spec, resize_timeout=timeout)
    if target_dedicated is not None:
        entry.pool.target_dedicated = target_dedicated
    if target_low_priority is not None:
        entry.pool.target_low_priority = target_low_priority
    entry.pool.last_modified = now
    pools.begin_resize(state, entry, option, now)


@decision
def stop_resize(state: State, now: datetime, pool_id: str) -> None:
    """Leave a pool with the nodes that it has by now."""
    entry = state.pool(pool_id)
    demand_active(entry)
    if entry.pool.allocation_state is not AllocationState.RESIZING:
        raise BatchRuleError("OperationInvalidForCurrentState")
    pools.stop_resize(state, entry, now)


@decision
def remove_nodes(
    state: State,
    now: datetime,
    pool_id: str,
    node_ids: Sequence[str],
    *,
    timeout: timedelta = DEFAULT_RESIZE_TIMEOUT,
    option: NodeDeallocationOption = NodeDeallocationOption.REQUEUE,
) -> None:
    """Take certain nodes out of a pool, whose targets are then what is left of it."""
    entry = state.pool(pool_id)
    demand_steady(entry)
    named = dict.fromkeys(state.node(pool_id, node_id) for node_id in node_ids)
    leaving = [node for node in named if node.node.state is not NodeState.LEAVING_POOL]
    entry.pool.spec = replace(entry.pool.spec, resize_timeout=timeout)
    entry.pool.last_modified = now
    for node in leaving:
        nodes.leave(state, node, option, now)
    _aim_no_higher_than_now(entry)
    pools.begin_resize(state, entry, option, now)


def _aim_no_higher_than_now(entry: PoolEntry) -> None:
    """Give up nodes that an earlier resize was to bring and did not: nobody asks for them now."""
    dedicated, low_priority = (len(pools.members(entry, dedicated=one)) for one in (True, False))
    entry.pool.target_dedicated = min(entry.pool.target_dedicated, dedicated)
    entry.pool.target_low_priority = min(entry.pool.target_low_priority, low_priority)


@decision
def delete_pool(state: State, now: datetime, pool_id: str) -> None:
    """Take all nodes out of a pool, requeueing their tasks, and forget it."""
    entry = state.pool(pool_id)
    demand_active(entry)
    pools.begin_deletion(state, entry, now)
