"""What clients ask of the formulas of pools."""

from __future__ import annotations

from datetime import datetime, timedelta

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import AutoscaleRun
from runfleet.batch.specs import DEFAULT_EVALUATION_INTERVAL, AutoscaleSpec
from runfleet.scheduler import autoscaling, metering
from runfleet.scheduler.commands import SavePool
from runfleet.scheduler.entries import PoolEntry
from runfleet.scheduler.pool_requests import demand_active, demand_steady
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State

ENABLE_PAUSE = timedelta(seconds=30)


@decision
def enable_autoscale(
    state: State,
    now: datetime,
    pool_id: str,
    *,
    formula: str | None = None,
    evaluation_interval: timedelta | None = None,
) -> None:
    """
    Have a pool follow a formula, or change the formula or its interval; what is None stays.

    A new interval begins now; with a new formula alone the next evaluation is when it was to be.
    """
    entry = state.pool(pool_id)
    demand_active(entry)
    spec = _changed(entry, formula, evaluation_interval)
    _demand_pause(entry, now)
    before = entry.pool.autoscale
    if before is None or evaluation_interval is not None:
        autoscaling.begin(state, entry, spec, now)
    else:
        before.spec = spec
    entry.pool.autoscale_enable_time = entry.pool.last_modified = now
    state.emit(SavePool(entry.pool))


def _changed(entry: PoolEntry, formula: str | None, interval: timedelta | None) -> AutoscaleSpec:
    if formula is not None:
        metering.check_formula(formula)
    if entry.pool.autoscale is not None:
        before = entry.pool.autoscale.spec
        return AutoscaleSpec(formula or before.formula, interval or before.evaluation_interval)
    if formula is None:
        raise BatchRuleError("InvalidAutoScalingSettings")
    demand_steady(entry)
    return AutoscaleSpec(formula, interval or DEFAULT_EVALUATION_INTERVAL)


def _demand_pause(entry: PoolEntry, now: datetime) -> None:
    last = entry.pool.autoscale_enable_time
    if last is not None and now < last + ENABLE_PAUSE:
        raise BatchRuleError("TooManyEnableAutoScaleRequests")


@decision
def disable_autoscale(state: State, now: datetime, pool_id: str) -> None:
    """Leave a pool with the targets that it has by now."""
    entry = state.pool(pool_id)
    demand_active(entry)
    autoscaling.end(entry)
    entry.pool.last_modified = now
    state.emit(SavePool(entry.pool))


def evaluate_formula(state: State, entry: PoolEntry, formula: str, now: datetime) -> AutoscaleRun:
    """What a formula would come to on an autoscaled pool; nothing changes."""
    if entry.pool.autoscale is None:
        raise BatchRuleError("OperationInvalidForCurrentState")
    return autoscaling.evaluate(state, entry, formula, now)
