"""Pools that follow a formula: it is evaluated every so often, and sets their targets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from runfleet.batch.records import Autoscale, AutoscaleError, AutoscaleRun
from runfleet.batch.specs import AutoscaleSpec
from runfleet.batch.states import PoolState
from runfleet.scheduler import metering, pools
from runfleet.scheduler.commands import SavePool
from runfleet.scheduler.entries import PoolEntry
from runfleet.scheduler.state import State
from runfleet.scheduler.timers import Due

if TYPE_CHECKING:
    from runfleet.autoscale import Evaluation


def begin(state: State, pool: PoolEntry, spec: AutoscaleSpec, now: datetime) -> None:
    """Have a pool follow a formula, beginning now."""
    pool.pool.autoscale = Autoscale(spec, next_evaluation=now)
    _follow(state, pool, pool.pool.autoscale, now)


def resume(state: State, pool: PoolEntry, autoscale: Autoscale, now: datetime) -> None:
    """Go on after a restart, once there are samples: those of before are gone."""
    autoscale.next_evaluation = max(autoscale.next_evaluation, now + metering.sample_delay())
    state.emit(SavePool(pool.pool))
    _follow(state, pool, autoscale, now)


def _follow(state: State, pool: PoolEntry, autoscale: Autoscale, now: datetime) -> None:
    pool_id = pool.pool.spec.pool_id
    if pool.sampling is None:
        metering.begin_sampling(pool, now)
        state.timers.set(now, Due.SAMPLE, pool_id)
    state.timers.set(autoscale.next_evaluation, Due.EVALUATION, pool_id)


def end(pool: PoolEntry) -> None:
    """Leave a pool's targets to its clients again."""
    pool.pool.autoscale = pool.sampling = None


def evaluate(state: State, pool: PoolEntry, formula: str, now: datetime) -> AutoscaleRun:
    """What a formula would come to now; nothing changes."""
    return _run_of(metering.evaluate(state.random, pool, formula, now), now)


def on_sample_due(state: State, pool: PoolEntry, now: datetime) -> None:
    """Take a sample, unless the pool is autoscaled no more or since a while ago only."""
    sampling = pool.sampling
    if sampling is None or sampling.next_sample > now:
        return
    metering.take_sample(pool, sampling, now)
    state.timers.set(sampling.next_sample, Due.SAMPLE, pool.pool.spec.pool_id)


def on_evaluation_due(state: State, pool: PoolEntry, now: datetime) -> None:
    """Evaluate a pool's formula, unless another time has been set since, and do as it says."""
    autoscale = pool.pool.autoscale
    is_going = pool.pool.state is PoolState.DELETING
    if autoscale is None or autoscale.next_evaluation > now or is_going:
        return
    evaluation = metering.evaluate(state.random, pool, autoscale.spec.formula, now)
    autoscale.last_run = _run_of(evaluation, now)
    autoscale.next_evaluation = now + autoscale.spec.evaluation_interval
    state.timers.set(autoscale.next_evaluation, Due.EVALUATION, pool.pool.spec.pool_id)
    state.emit(SavePool(pool.pool))
    _approach(state, pool, evaluation, now)


def _run_of(evaluation: Evaluation, now: datetime) -> AutoscaleRun:
    error = evaluation.error
    if error is None:
        return AutoscaleRun(now, evaluation.results)
    why = AutoscaleError(error.run_code, error.run_message, error.detail)
    return AutoscaleRun(now, evaluation.results, why)


def _approach(state: State, pool: PoolEntry, evaluation: Evaluation, now: datetime) -> None:
    """
    Resize the pool if its targets change; a resize that is going on gets new ones.

    Where an earlier resize ended before its targets, as it was stopped, the pool is resized again.
    """
    record = pool.pool
    wanted = evaluation.target_dedicated, evaluation.target_low_priority
    is_new = wanted != (record.target_dedicated, record.target_low_priority)
    if is_new or pools.has_missed_targets(pool):
        record.target_dedicated, record.target_low_priority = wanted
        pools.begin_resize(state, pool, evaluation.deallocation_option, now)
