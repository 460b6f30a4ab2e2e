"""A new pool, with its targets or its formula."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.records import Pool
from runfleet.batch.specs import AutoscaleSpec, PoolSpec
from runfleet.batch.states import AllocationState, NodeDeallocationOption, PoolState
from runfleet.scheduler import autoscaling, metering, pools
from runfleet.scheduler.commands import SavePool
from runfleet.scheduler.entries import PoolEntry
from runfleet.scheduler.state import State


def create(
    state: State,
    spec: PoolSpec,
    body: str,
    now: datetime,
    *,
    target_dedicated: int,
    target_low_priority: int,
    autoscale: AutoscaleSpec | None,
) -> PoolEntry:
    """Make a pool and start to fill it; `BatchRuleError` where its formula is wrong."""
    if autoscale is not None:
        metering.check_formula(autoscale.formula)
    pool = Pool(
        spec=spec,
        body=body,
        creation_time=now,
        last_modified=now,
        state=PoolState.ACTIVE,
        state_time=now,
        allocation_state=AllocationState.STEADY,
        allocation_time=now,
        target_dedicated=target_dedicated,
        target_low_priority=target_low_priority,
    )
    entry = state.pools[spec.pool_id.lower()] = PoolEntry(pool)
    state.emit(SavePool(pool))
    if target_dedicated or target_low_priority:
        pools.begin_resize(state, entry, NodeDeallocationOption.REQUEUE, now)
    if autoscale is not None:
        autoscaling.begin(state, entry, autoscale, now)
    return entry
