"""The pool that a study asks for, on a certain account."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass

from runfleet.azure import AzureBatch, ConflictError, OperatingSystem, PoolInfo, PoolSettings
from runfleet.launch.errors import LaunchError
from runfleet.study.pool import PoolRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PoolPlan:
    """
    A study's pool, as it would be made.

    Parameters
    ----------
    id
        Studies that ask for the same machines share one.
    image, vm_size
        What its nodes are.
    dedicated, spot
        How many nodes of each kind there shall be.
    slots
        How many runs a node carries out at a time.
    """

    id: str
    image: str
    vm_size: str
    dedicated: int
    spot: int
    slots: int

    @property
    def nodes(self) -> int:
        """How many nodes there shall be, of both kinds."""
        return self.dedicated + self.spot

    @property
    def operating_system(self) -> OperatingSystem:
        """What its nodes run, as the name of the image tells."""
        is_windows = "windows" in self.image.lower()
        return OperatingSystem.WINDOWS if is_windows else OperatingSystem.LINUX


def plan_local_pool(request: PoolRequest, *, cores: int | None = None) -> PoolPlan:
    """
    Plan a pool on this machine, whose nodes cost nothing: all of them at once.

    Its nodes share the machine: there are no more of them than it has cores for, and unless the
    study says how many runs each of them carries out at a time, they share its cores evenly.

    Parameters
    ----------
    request
        What the study asks for.
    cores
        How many cores this machine has; None to look.
    """
    cores = cores or os.cpu_count() or 1
    count = max(1, min(request.nodes.max, cores // (request.tasks_per_node or 1)))
    slots = request.tasks_per_node or max(1, cores // count)
    # Batch allows four slots a core, and counts cores by the name of the size.
    vm_size = request.vm_size if request.tasks_per_node else f"standard_f{cores}s_v2"
    spot = request.nodes.spot
    return PoolPlan(
        id=request.id or _shared_id(request, vm_size, slots, whole=slots == cores),
        image=request.image,
        vm_size=vm_size,
        dedicated=0 if spot else count,
        spot=count if spot else 0,
        slots=slots,
    )


def provide_pool(batch: AzureBatch, plan: PoolPlan) -> PoolInfo | None:
    """
    Make the pool if it is missing, and enlarge it if it has fewer nodes than planned.

    Its nodes are not waited for: tasks wait in the queue as well.

    Returns
    -------
    pool
        The pool that was there already, or None.
    """
    pool = batch.get_pool(plan.id)
    if pool is not None:
        _enlarge(batch, pool, plan)
        return pool
    image = batch.pick_image(plan.image)
    batch.ensure_pool(
        PoolSettings(
            plan.id,
            image,
            plan.vm_size,
            dedicated=plan.dedicated,
            spot=plan.spot,
            slots=plan.slots,
            metadata={"runfleet": "pool"},
        )
    )
    return None


def check_operating_system(plan: PoolPlan, pool: PoolInfo | None = None) -> None:
    """
    Refuse what the scripts of runs are not written for yet.

    Raises
    ------
    LaunchError
        If the pool's nodes run Windows.
    """
    windows = plan.operating_system is OperatingSystem.WINDOWS
    if windows or (pool is not None and pool.is_windows):
        raise LaunchError(
            f"pool `{plan.id}` has Windows nodes, which studies cannot use yet",
            hint="take a Linux image, such as `pool: {image: ubuntu-22.04}`",
        )


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


def _shared_id(request: PoolRequest, vm_size: str, slots: int, *, whole: bool) -> str:
    """Name a pool after what its nodes are: plainly, if one of them is the whole machine."""
    if whole and request.image == PoolRequest.image and not request.tasks_per_node:
        return "local"
    asked = f"{request.image} {vm_size} {slots}".lower()
    return f"local-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
