"""Makes the pools that studies need, sees that they have nodes, and marks whose they are."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime, timedelta

from runfleet.azure import Autoscale, AzureBatch, ConflictError, PoolInfo, PoolSettings
from runfleet.azure.user_accounts import new_ssh_user
from runfleet.azure.waiting import turns_until
from runfleet.launch.pool import PoolPlan, Scaling

log = logging.getLogger(__name__)

MARK = "runfleet"
OWNER = "runfleet-owner"
EXPIRY = "runfleet-expires"
"""Names of the metadata of pools that runfleet has made."""

POOL_LIFE = timedelta(days=14)
"""A pool that no study has used for so long is left over."""

# An evaluation interval and a half, and the time that samples take.
_HEAD_START = timedelta(minutes=10)
_DELETING = timedelta(minutes=20)


def provide_pool(batch: AzureBatch, plan: PoolPlan, waiting: int) -> None:
    """
    Make the pool if it is missing, and see that it has the nodes that runs need.

    Its nodes are not waited for: tasks wait in the queue as well. A pool that the study names and
    that was made by hand is left as it is: only its owner knows what it is for.

    Parameters
    ----------
    batch
        The account.
    plan
        The pool.
    waiting
        How many runs there are, or soon will be, that have not begun.
    """
    pool = _find(batch, plan.id)
    if pool is None:
        _make(batch, plan, waiting)
    elif _is_ours(pool, plan):
        _prepare(batch, pool, plan, waiting)


def left_over_pools(batch: AzureBatch, owner: str) -> list[PoolInfo]:
    """
    Find the pools that runfleet has made and no job uses.

    Parameters
    ----------
    batch
        The account.
    owner
        Whose pools they are; those of others only when they have expired.
    """
    used = {job.pool_id for job in batch.list_jobs() if job.state != "completed"}
    now = datetime.now(UTC)
    return [
        pool
        for pool in batch.list_pools()
        if MARK in pool.metadata and pool.id not in used and pool.state != "deleting"
        if pool.metadata.get(OWNER, owner) == owner or (expiry_of(pool) or now) < now
    ]


def expiry_of(pool: PoolInfo) -> datetime | None:
    """Tell when a pool is left over, in UTC unless it says; None for one that says nothing."""
    try:
        expiry = datetime.fromisoformat(pool.metadata[EXPIRY])
    except (KeyError, ValueError):
        return None
    return expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)


def _is_ours(pool: PoolInfo, plan: PoolPlan) -> bool:
    """
    Tell whether studies may change a pool.

    The ids that studies do not choose are made up by runfleet alone, whatever has become of such a
    pool's metadata since.
    """
    return not plan.is_named or MARK in pool.metadata


def _prepare(batch: AzureBatch, pool: PoolInfo, plan: PoolPlan, waiting: int) -> None:
    if plan.scaling is None:
        _enlarge(batch, pool, plan)
    else:
        _wake(batch, pool, plan, plan.scaling, waiting)


def _find(batch: AzureBatch, pool_id: str) -> PoolInfo | None:
    """Ask for a pool; one that is being deleted is waited for, as its name is still taken."""
    for _ in turns_until(f"the end of pool `{pool_id}`, which is being deleted", _DELETING):
        pool = batch.get_pool(pool_id)
        if pool is None or pool.state != "deleting":
            return pool
    return None


def _make(batch: AzureBatch, plan: PoolPlan, waiting: int) -> None:
    image = batch.pick_image(plan.image)
    scaling = plan.scaling
    batch.create_pool(
        PoolSettings(
            plan.id,
            image,
            plan.vm_size,
            dedicated=plan.dedicated,
            spot=plan.spot,
            slots=plan.slots,
            metadata=_marks(scaling) if scaling else {MARK: "pool"},
            autoscale=_autoscale(plan, scaling, waiting) if scaling else None,
            inter_node_communication=plan.talks,
            users=[new_ssh_user()] if plan.nodes_per_run else (),
        )
    )


def _marks(scaling: Scaling) -> dict[str, str]:
    expiry = datetime.now(UTC) + POOL_LIFE
    return {MARK: "pool", OWNER: scaling.owner, EXPIRY: expiry.isoformat(timespec="seconds")}


def _autoscale(plan: PoolPlan, scaling: Scaling, waiting: int) -> Autoscale:
    # Imported late: pools on this machine have no formula.
    from runfleet.autoscale.formulas import while_tasks_last

    formula = while_tasks_last(
        plan.nodes,
        min_nodes=scaling.least,
        start_nodes=_nodes_for(plan, waiting),
        start_until=datetime.now(UTC) + _HEAD_START,
        nodes_per_task=plan.nodes_per_run or 1,
        spot=plan.spot > 0,
    )
    return Autoscale(formula)


def _nodes_for(plan: PoolPlan, runs: int) -> int:
    return min(plan.nodes, math.ceil(runs * (plan.nodes_per_run or 1) / plan.slots))


def _wake(
    batch: AzureBatch, pool: PoolInfo, plan: PoolPlan, scaling: Scaling, waiting: int
) -> None:
    """Have a pool that has fallen asleep get nodes now, and not at its next evaluation."""
    batch.set_pool_metadata(pool.id, {**pool.metadata, **_marks(scaling)})
    if pool.target >= _nodes_for(plan, waiting):
        return
    try:
        batch.enable_autoscale(pool.id, _autoscale(plan, scaling, waiting))
    except ConflictError as error:
        log.info("pool %s keeps its formula: %s", pool.id, error.message)


def _enlarge(batch: AzureBatch, pool: PoolInfo, plan: PoolPlan) -> None:
    if pool.target_dedicated >= plan.dedicated and pool.target_spot >= plan.spot:
        return
    try:
        batch.resize_pool(
            pool.id,
            dedicated=max(pool.target_dedicated, plan.dedicated),
            spot=max(pool.target_spot, plan.spot),
        )
    except ConflictError as error:
        # It is being resized already, or scales by itself; the runs do with the nodes it gets.
        log.info("pool %s keeps its size: %s", pool.id, error.message)
