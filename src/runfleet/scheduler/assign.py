"""Which waiting task goes to which node next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from runfleet.batch.records import Task
from runfleet.batch.states import JobDefaultOrder, JobState, PoolState
from runfleet.scheduler import managers, preparation
from runfleet.scheduler.commands import LoadTasks
from runfleet.scheduler.entries import JobEntry, NodeEntry, PoolEntry
from runfleet.scheduler.state import State


def assign_tasks(state: State, pool: PoolEntry, now: datetime) -> None:
    """Give the free slots of a pool to the waiting tasks, best job first."""
    if pool.pool.state is not PoolState.ACTIVE:
        return
    waiting = [job for job in pool.jobs.values() if _may_start(job)]
    jobs = list(waiting)
    rank = _RANKS[pool.pool.spec.job_default_order]
    while jobs and (free := pool.free.largest()):
        job = min(jobs, key=rank)
        placed = _place_next(state, pool, job, free, now)
        if not placed or not _may_start(job):
            jobs.remove(job)
        if job.queue.wants_more():
            load_more(state, job)
    for job in waiting:
        job.queue.take_back()


def _may_start(job: JobEntry) -> bool:
    limit = job.job.spec.max_parallel_tasks
    return (
        job.job.state is JobState.ACTIVE
        and len(job.queue) > 0
        and (limit < 0 or len(job.running) < limit)
    )


def _by_share(job: JobEntry) -> tuple[int, int]:
    """Higher priority first; among equals the job that holds the fewest slots."""
    return (-job.job.spec.priority, job.running_slots)


def _by_age(job: JobEntry) -> tuple[int, datetime]:
    """Higher priority first; among equals the oldest job."""
    return (-job.job.spec.priority, job.job.creation_time)


_RANKS: Mapping[JobDefaultOrder, Callable[[JobEntry], tuple[int, Any]]] = {
    JobDefaultOrder.NONE: _by_share,
    JobDefaultOrder.CREATION_TIME: _by_age,
}


def _place_next(state: State, pool: PoolEntry, job: JobEntry, free: int, now: datetime) -> bool:
    """Put the first task of a job that fits into so many slots of a node there, if one does."""
    together = _nodes_for_instances(pool, job)
    task = job.queue.first(free, len(together))
    if task is None:
        return False
    nodes = together[: task.instances] if task.instances else _choose_node(pool, job, task)
    if nodes:
        preparation.place(state, job, task, nodes, now)
        return True
    if managers.is_manager(job.job.spec, task):
        # "The Batch service tries to schedule the Job Manager Task before any other Tasks in the
        # Job", says the SDK.  Where it cannot, they do not wait for a node that may never come.
        job.queue.set_aside(task)
        return _place_next(state, pool, job, free, now)
    # Only nodes that the job may not use have that much room: a smaller task may fit another one.
    usable = pool.free.largest_of(_suits(pool, job))
    return usable < free and _place_next(state, pool, job, usable, now)


def _nodes_for_instances(pool: PoolEntry, job: JobEntry) -> list[NodeEntry]:
    """The free nodes that can reach each other, where a job has tasks that need several at once."""
    spec = pool.pool.spec
    can_take = spec.enable_inter_node_communication and spec.task_slots_per_node == 1
    if not can_take or not job.queue.has_instances:
        return []
    return [pool.nodes[node_id] for node_id in pool.free.find_all(1, _suits(pool, job))]


def _choose_node(pool: PoolEntry, job: JobEntry, task: Task) -> list[NodeEntry]:
    spec = pool.pool.spec
    wants_all = managers.is_exclusive(job.job.spec, task)
    slots = spec.task_slots_per_node if wants_all else task.required_slots
    suits = _suits(pool, job, task)
    preferred = task.preferred_node
    if preferred and pool.free.has(preferred, slots) and suits(preferred):
        return [pool.nodes[preferred]]
    node_id = pool.free.find(slots, spec.node_fill_type, suits)
    return [] if node_id is None else [pool.nodes[node_id]]


def _suits(pool: PoolEntry, job: JobEntry, task: Task | None = None) -> Callable[[str], bool]:
    if task is None or not managers.is_manager(job.job.spec, task):
        return lambda node_id: preparation.suits(job, pool.nodes[node_id])
    return lambda node_id: (
        preparation.suits(job, pool.nodes[node_id])
        and managers.suits(job.job.spec, task, pool.nodes[node_id])
    )


def load_more(state: State, job: JobEntry) -> None:
    """Ask for the next waiting tasks of a job."""
    job.queue.is_loading = True
    state.emit(LoadTasks(job.job.spec.job_id, job.queue.last_sequence, job.queue.window))
