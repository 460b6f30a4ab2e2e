"""The pool that a study asks for, on a certain account."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass

from runfleet.azure import OperatingSystem, PoolInfo
from runfleet.azure.account_settings import LoginKind
from runfleet.batch.vm_sizes import core_count, is_known
from runfleet.launch.errors import LaunchError
from runfleet.study.pool import LINUX_IMAGE, WINDOWS_IMAGE, PoolRequest, is_windows

_SLOTS_PER_CORE = 4
_MOST_SLOTS = 256
"""Batch's limits of task slots."""


@dataclass(frozen=True)
class Scaling:
    """
    How the number of nodes follows the runs: to zero when there are none.

    Parameters
    ----------
    least
        As many nodes are kept while there are runs.
    owner
        On whose behalf the pool is made.
    """

    least: int
    owner: str


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
    scaling
        How the number of nodes follows the runs; None if all nodes come at once, and stay.
    nodes_per_run
        How many nodes a run takes at once, which then have to reach each other; 0 where each run
        has a part of one node.
    is_named
        Whether the study gives its id: somebody else may have made it, for something else.
    together
        How many tasks run at the same time and talk to each other; 0 for runs, which do neither.
    under_wine
        Whether its nodes run programs of Windows and are none, as those of this machine.
    """

    id: str
    image: str
    vm_size: str
    dedicated: int
    spot: int
    slots: int
    scaling: Scaling | None = None
    nodes_per_run: int = 0
    is_named: bool = False
    together: int = 0
    under_wine: bool = False

    @property
    def talks(self) -> bool:
        """Whether its nodes have to reach each other."""
        return self.nodes_per_run > 0 or self.together > 1

    @property
    def nodes(self) -> int:
        """How many nodes there shall be, of both kinds."""
        return self.dedicated + self.spot

    @property
    def runs_at_a_time(self) -> int:
        """How many runs its nodes carry out at the same time; the nodes of a run are all its."""
        if self.nodes_per_run:
            return max(1, self.nodes // self.nodes_per_run)
        return self.nodes * self.slots

    @property
    def operating_system(self) -> OperatingSystem:
        """What its nodes run, as the name of the image tells."""
        return OperatingSystem.WINDOWS if is_windows(self.image) else OperatingSystem.LINUX


def plan_local_pool(request: PoolRequest, *, cores: int | None = None) -> PoolPlan:
    """
    Plan a pool on this machine, whose nodes cost nothing: all of them at once.

    Its nodes share the machine: there are no more of them than it has cores for, and unless the
    study says how many runs each of them carries out at a time, they share its cores evenly.  For
    runs on several nodes there are as many as one of them takes, on however few cores, and there
    is a place for all tasks that have to run at the same time.

    Parameters
    ----------
    request
        What the study asks for.
    cores
        How many cores this machine has; None to look.
    """
    cores = cores or os.cpu_count() or 1
    count = _local_nodes(request, cores)
    slots = _local_slots(request, cores, count)
    # Batch allows four slots a core, and counts cores by the name of the size.
    named = max(cores, math.ceil(slots / _SLOTS_PER_CORE))
    vm_size = request.vm_size if request.tasks_per_node else f"standard_f{named}s_v2"
    spot = request.nodes.spot
    return PoolPlan(
        id=request.id or _shared_id(request, vm_size, slots, whole=slots == cores),
        image=request.image,
        vm_size=vm_size,
        dedicated=0 if spot else count,
        spot=count if spot else 0,
        slots=slots,
        nodes_per_run=request.nodes_per_run,
        is_named=bool(request.id),
        together=request.together,
        under_wine=is_windows(request.image),
    )


def _local_nodes(request: PoolRequest, cores: int) -> int:
    """Count as many nodes as there are cores for, and no fewer than have to be there at once."""
    least = request.nodes_per_run or 1
    if request.together and request.tasks_per_node:
        asked = math.ceil(request.together / request.tasks_per_node)
        least = min(asked, request.nodes.max)
    return max(least, min(request.nodes.max, cores // (request.tasks_per_node or 1)))


def _local_slots(request: PoolRequest, cores: int, nodes: int) -> int:
    """Share the cores among the nodes, with a place for all that has to run at the same time."""
    if request.nodes_per_run:
        return 1
    places = math.ceil(request.together / nodes)
    return request.tasks_per_node or max(1, cores // nodes, places)


def plan_azure_pool(request: PoolRequest, login: LoginKind, *, owner: str) -> PoolPlan:
    """
    Plan a pool of real machines, which follows its runs and has no nodes without them.

    Parameters
    ----------
    request
        What the study asks for.
    login
        How one logs in to the account.
    owner
        On whose behalf it is made.

    Raises
    ------
    LaunchError
        If the study asks for spot nodes, and the account cannot have any.
    """
    nodes = request.nodes
    if nodes.spot:
        _check_spot(login)
    own = request.tasks_per_node or min(_MOST_SLOTS, core_count(request.vm_size))
    slots = 1 if request.nodes_per_run else own
    return PoolPlan(
        id=request.id or _azure_id(request, slots),
        image=request.image,
        vm_size=request.vm_size,
        dedicated=0 if nodes.spot else nodes.max,
        spot=nodes.max if nodes.spot else 0,
        slots=slots,
        scaling=Scaling(nodes.min, owner),
        nodes_per_run=request.nodes_per_run,
        is_named=bool(request.id),
        together=request.together,
    )


def _check_spot(login: LoginKind) -> None:
    # Low-priority nodes of ordinary accounts ended on 30 September 2025.
    if login is LoginKind.KEY:
        raise LaunchError(
            "the account has no spot nodes: they need a Batch account in user-subscription mode, "
            "and such an account needs a login by Microsoft Entra",
            hint="write `pool: {nodes: {spot: false}}`, or use an account with `login: entra`",
        )


def check_slots(plan: PoolPlan) -> None:
    """
    Refuse a pool to be made whose nodes would have more task slots than Batch allows.

    Raises
    ------
    LaunchError
        If the size of machine has too few cores; of one that is not known, its account tells.
    """
    most = min(_MOST_SLOTS, _SLOTS_PER_CORE * core_count(plan.vm_size))
    is_sure = plan.scaling is None or is_known(plan.vm_size)
    if is_sure and not plan.is_named and plan.slots > most:
        raise LaunchError(
            f"`tasks_per_node` is {plan.slots}, and a node of size `{plan.vm_size}` has {most} "
            "task slots at most",
            hint="ask for fewer, or for larger machines: four a core, and 256 at most",
        )


def check_communication(plan: PoolPlan, pool: PoolInfo | None) -> None:
    """
    Refuse a pool that would let runs on several nodes wait for ever.

    Raises
    ------
    LaunchError
        If its nodes do not reach each other, or take several runs at a time.
    """
    if plan.nodes_per_run and pool is not None and not pool.runs_together:
        raise LaunchError(
            f"pool `{plan.id}` cannot take runs on several nodes: its nodes do not reach each "
            "other, or have several task slots",
            hint="leave out `pool: {id: ...}` to have one made, or name another one",
        )


def check_operating_system(plan: PoolPlan, pool: PoolInfo | None) -> None:
    """
    Refuse a pool whose nodes cannot carry out what runs are made of.

    Raises
    ------
    LaunchError
        If it is there already, and runs another operating system than the study asks for.
    """
    expects_windows = plan.operating_system is OperatingSystem.WINDOWS
    if pool is not None and pool.is_windows is not expects_windows:
        has, image = ("Windows", WINDOWS_IMAGE) if pool.is_windows else ("Linux", LINUX_IMAGE)
        raise LaunchError(
            f"pool `{plan.id}` has {has} nodes, and the study asks for `{plan.image}`",
            hint=f"write `pool: {{image: {image}}}`, and the command for it; or name another pool",
        )


def _shared_id(request: PoolRequest, vm_size: str, slots: int, *, whole: bool) -> str:
    """Name a pool after what its nodes are: plainly, if one of them is the whole machine."""
    is_plain = request.image == LINUX_IMAGE and not request.tasks_per_node
    if whole and is_plain and not (request.nodes_per_run or request.together):
        return "local"
    asked = f"{request.image} {vm_size} {slots}{_communication(request)}".lower()
    return f"local-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"


def _azure_id(request: PoolRequest, slots: int) -> str:
    """Name a pool after its machines; studies that ask for the same share one."""
    nodes = f"{request.nodes}{_communication(request)}"
    asked = f"{request.image} {request.vm_size} {slots} {nodes}".lower()
    size = request.vm_size.lower().removeprefix("standard_")[:40]
    return f"runfleet-{size}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"


def _communication(request: PoolRequest) -> str:
    if request.nodes_per_run:
        return " together"
    return " talking" if request.together else ""
