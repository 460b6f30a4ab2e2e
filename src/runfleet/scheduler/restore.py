"""Going on after a restart: what the store remembers becomes a state to decide from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from runfleet.batch.records import (
    Emptying,
    Job,
    JobNode,
    JobSchedule,
    Node,
    Pool,
    Task,
    TaskCounts,
)
from runfleet.batch.states import (
    EndedBy,
    JobAction,
    JobState,
    NodeDeallocationOption,
    NodeState,
    Purpose,
    SchedulingState,
    TaskState,
)
from runfleet.scheduler import autoscaling, jobs, nodes, pools, preparation, schedules, tasks
from runfleet.scheduler.auxiliary import is_running
from runfleet.scheduler.ended_tasks import count_end, counted_until
from runfleet.scheduler.entries import NodeEntry, PoolEntry
from runfleet.scheduler.exit_conditions import job_action
from runfleet.scheduler.outcomes import Outcome, failure_of, lost_outcome, wants_retry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State
from runfleet.scheduler.timers import Due

_BOOTING = frozenset({NodeState.STARTING, NodeState.WAITING_FOR_START_TASK})
_ARRIVING = frozenset({NodeState.CREATING, NodeState.REBOOTING})
_OVER = frozenset({JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING})
Interrupted = tuple[Task, Outcome | None]
"""A task that was with a node, or about to be, and how it ended if that was still noted."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """
    All that the store remembers but the tasks.

    Parameters
    ----------
    jobs
        Each with how many tasks it has in each state, and how many slots these need.
    job_nodes
        What preparation and release tasks did, on nodes that are gone, too.
    ended
        The tasks, in order, that have ended on nodes since these were saved, and maybe others.
    """

    pools: Iterable[Pool]
    nodes: Iterable[Node]
    jobs: Iterable[tuple[Job, TaskCounts, TaskCounts]]
    job_nodes: Iterable[JobNode]
    job_schedules: Iterable[JobSchedule] = ()
    ended: Iterable[Task] = ()


def in_order(interrupted: Iterable[Interrupted]) -> list[Interrupted]:
    """Those that have ended come first: a job may end with them, and then so do its others."""
    return sorted(interrupted, key=lambda one: not _has_ended(*one))


def recover_task(job: Job, task: Task, outcome: Outcome | None, now: datetime) -> Outcome | None:
    """
    Settle a task that was with a node, or about to be, when the emulator was killed.

    One whose own end was still noted is completed, and so is one whose job is over.  Any other is
    put back as if its machine had been lost, which counts neither as a retry nor as a requeue.

    Returns
    -------
    outcome
        With which it has completed; None where it was put back.
    """
    if outcome is not None and _has_ended(task, outcome):
        tasks.record_outcome(task, outcome, now)
        return outcome
    if job.state in _OVER:
        tasks.record_ended(task, now)
        return lost_outcome(now)
    task.start_time = task.pool_id = task.node_id = None
    if task.state is not TaskState.ACTIVE:
        tasks.change_state(task, TaskState.ACTIVE, now)
    return None


def recover_job(job: Job, task: Task, outcome: Outcome, now: datetime) -> bool:
    """Let a job act on the end of one of its tasks that was still noted; whether it does."""
    if job.state in _OVER:
        return False
    action, reason = job_action(job.spec, task, outcome)
    if action is JobAction.TERMINATE:
        job.terminate_reason = reason
        jobs.set_state(job, JobState.TERMINATING, now)
        return True
    if action is JobAction.DISABLE and job.state is not JobState.DISABLED:
        jobs.set_state(job, JobState.DISABLING, now)
        return True
    return False


def _has_ended(task: Task, outcome: Outcome | None) -> bool:
    if outcome is None or outcome.ended_by is EndedBy.KILL:
        return False
    has_retries = wants_retry(outcome, task.retry_count, task.max_task_retry_count)
    return failure_of(outcome) is None or not has_retries


@decision
def resume(state: State, now: datetime, remembered: Remembered) -> None:
    """Fill an empty state and let everything go on."""
    for pool in remembered.pools:
        state.pools[pool.spec.pool_id.lower()] = PoolEntry(pool)
    for node in remembered.nodes:
        pool_entry = state.pools[node.pool_id.lower()]
        pool_entry.nodes[node.node_id] = NodeEntry(node, pool_entry)
        state.addresses.add(node.address)
    _count_ends(state, remembered.ended)
    for schedule in remembered.job_schedules:
        schedules.add(state, schedule)
    for job, counts, slot_counts in remembered.jobs:
        entry = state.add_job(job)
        jobs.recount(entry, counts, slot_counts)
        entry.unreleased = [] if job.previous_state is JobState.COMPLETED else None
    for job_node in remembered.job_nodes:
        preparation.resume(state, state.job(job_node.job_id), job_node, now)
    _resume_pools(state, now)
    _resume_jobs(state)


def _count_ends(state: State, ended: Iterable[Task]) -> None:
    """Count the ends of tasks on their nodes, unless that was saved with these."""
    nodes = {key: one.node for pool in state.pools.values() for key, one in pool.nodes.items()}
    # Taken before the first is counted: several tasks may have ended at one moment.
    since = {key: counted_until(node) for key, node in nodes.items()}
    for task in ended:
        node_id = task.node_id
        if node_id is not None and node_id in nodes and task.state_time > since[node_id]:
            count_end(nodes[node_id], task)


def _resume_jobs(state: State) -> None:
    for job in state.jobs.values():
        jobs.join_pool(state, job)
        jobs.watch_time_limit(state, job)
        state.touch_job(job)


def _resume_pools(state: State, now: datetime) -> None:
    for pool in state.pools.values():
        if pool.pool.resize_deadline is not None:
            pools.begin_timeout(state, pool, now)
        if pool.pool.autoscale is not None:
            autoscaling.resume(state, pool, pool.pool.autoscale, now)
        for node in list(pool.nodes.values()):
            _resume_node(state, node, now)
        state.touch_pool(pool)


def _resume_node(state: State, entry: NodeEntry, now: datetime) -> None:
    node = entry.node
    node.running_tasks = node.running_slots = 0
    nodes.set_emptying(state, entry, _still_emptied_for(entry))
    if entry.stays:
        _go_on(state, entry, now)


def _still_emptied_for(entry: NodeEntry) -> Emptying | None:
    """What a node is emptied for, which earlier versions told by its states alone."""
    node = entry.node
    if node.state in nodes.AWAY:
        # Whatever it was that kept the node away: it is tried again.
        return None
    if node.emptying is not None:
        return node.emptying
    if node.state is NodeState.LEAVING_POOL:
        return Emptying(Purpose.LEAVE, entry.pool.pool.deallocation_option)
    is_disabled = node.scheduling_state is SchedulingState.DISABLED
    if is_disabled and node.state in tasks.AT_WORK:
        return Emptying(Purpose.GO_OFFLINE, NodeDeallocationOption.REQUEUE)
    return None


def _go_on(state: State, entry: NodeEntry, now: datetime) -> None:
    """Have a node that stays do what it was about to."""
    node = entry.node
    if node.state in _ARRIVING:
        state.timers.set(now, Due.NODE_ARRIVES, node.pool_id, node.node_id)
    elif node.state in _BOOTING:
        nodes.start_booting(state, entry, now)
    elif _lost_its_start_task(entry):
        nodes.boot(state, entry, now)
    elif node.state in nodes.AWAY:
        state.timers.set(now, Due.NODE_RETURNS, node.pool_id, node.node_id)
    elif node.state is NodeState.DEALLOCATING:
        state.timers.set(now, Due.NODE_DEALLOCATED, node.pool_id, node.node_id)


def _lost_its_start_task(entry: NodeEntry) -> bool:
    """Whether its start task was running, or something that this had left in the background."""
    was_running = entry.node.state in nodes.UP and is_running(entry.node.start_task)
    return was_running or nodes.has_background(entry)
