"""Pools that are made for a job or a job schedule, and go with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random
from uuid import UUID

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Failure
from runfleet.batch.specs import AutoPoolSpec
from runfleet.batch.states import ErrorCategory, PoolState
from runfleet.scheduler import pool_creation, pools
from runfleet.scheduler.state import State


def create(state: State, spec: AutoPoolSpec, now: datetime) -> str | Failure:
    """Make a pool with an id that no other has: the id, or why it could not be made."""
    pool_id = _new_id(state.random, spec.id_prefix)
    try:
        pool_creation.create(
            state,
            replace(spec.pool, pool_id=pool_id),
            spec.pool_body,
            now,
            target_dedicated=spec.target_dedicated,
            target_low_priority=spec.target_low_priority,
            autoscale=spec.autoscale,
        )
    except BatchRuleError as error:
        return _formula_failure(error)
    return pool_id


def _new_id(random: Random, prefix: str) -> str:
    unique = str(UUID(bytes=random.randbytes(16), version=4)).upper()
    return f"{prefix}_{unique}" if prefix else unique


def _formula_failure(error: BatchRuleError) -> Failure:
    message = "The autoscale formula of the auto pool is wrong."
    details = {"Code": error.code, **error.details}
    code = "InvalidAutoScaleFormulaInAutoPool"
    return Failure(ErrorCategory.USER_ERROR, code, message, details)


def end(state: State, pool_id: str, now: datetime) -> None:
    """What a pool was made for has ended: it is deleted, if nobody has done so before."""
    pool = state.pools.get(pool_id.lower())
    if pool is not None and pool.pool.state is PoolState.ACTIVE:
        pools.begin_deletion(state, pool, now)
