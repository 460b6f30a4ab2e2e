"""What a task may ask of the pool of its job, wherever the task comes from."""

from __future__ import annotations

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.specs import JobSpec, PoolSpec
from runfleet.scheduler.state import State


def demand_slots(state: State, job: JobSpec, required: int) -> None:
    """
    Refuse a task that needs more slots than any node of its job's pool has.

    While there is no such pool yet it may be added, and waits for one with larger nodes.
    """
    if required == 1:
        return
    pool = _pool_of(state, job)
    if pool is not None and required > (most := pool.task_slots_per_node):
        details = {
            "PropertyName": "requiredSlots",
            "PropertyValue": str(required),
            "Reason": f"a node of the pool has only {most}",
        }
        raise BatchRuleError("InvalidPropertyValue", details)


def demand_slots_for_manager(state: State, job: JobSpec) -> None:
    """Refuse a job whose manager could never run, or a schedule of such jobs."""
    if job.manager is not None:
        demand_slots(state, job, job.manager.required_slots)


def _pool_of(state: State, job: JobSpec) -> PoolSpec | None:
    if job.auto_pool is not None:
        return job.auto_pool.pool
    entry = state.pools.get(job.pool_id.lower())
    return None if entry is None else entry.pool.spec
