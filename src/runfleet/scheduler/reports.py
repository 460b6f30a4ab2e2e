"""What the nodes and the clock report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from runfleet.batch.records import Task
from runfleet.scheduler import (
    autoscaling,
    instances,
    jobs,
    nodes,
    pools,
    preparation,
    release,
    schedules,
    task_counts,
    tasks,
)
from runfleet.scheduler.commands import RemoveJobFiles
from runfleet.scheduler.entries import (
    Execution,
    Fate,
    JobEntry,
    NodeTaskRun,
    PreparationRun,
    ReleaseRun,
    RunningTask,
    SubtaskRun,
)
from runfleet.scheduler.outcomes import Outcome, lost_outcome
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State
from runfleet.scheduler.timers import Due, Timer


@decision
def on_ended(state: State, now: datetime, execution: int, outcome: Outcome) -> None:
    """An execution is over and its processes are gone."""
    _end(state, execution, outcome, now)


def _end(state: State, execution: int, outcome: Outcome, now: datetime) -> None:
    run = _forget_execution(state, execution)
    if run is not None:
        _on_run_ended(state, run, outcome, now)


def _on_run_ended(state: State, run: Execution, outcome: Outcome, now: datetime) -> None:
    if isinstance(run, RunningTask):
        _on_task_ended(state, run, outcome, now)
    elif isinstance(run, SubtaskRun):
        _on_subtask_ended(state, run, outcome, now)
    elif isinstance(run, NodeTaskRun):
        nodes.on_start_task_ended(state, run.node, outcome, now)
    elif isinstance(run, PreparationRun):
        preparation.on_preparation_ended(state, run, outcome, now)
    else:
        release.on_release_ended(state, run, outcome)
    _clear_away(state, run)


def _clear_away(state: State, run: Execution) -> None:
    """What ended after its job was forgotten may have written into folders that were removed."""
    job = _job_of(run)
    # A job of the same id has its folders in the same place, and clears those that it uses.
    if job is not None and job.is_forgotten and job.key not in state.jobs:
        state.emit(RemoveJobFiles(job.job.spec.job_id, run.node.node))


def _job_of(run: Execution) -> JobEntry | None:
    if isinstance(run, NodeTaskRun):
        return None
    return run.primary.job if isinstance(run, SubtaskRun) else run.job


def _on_task_ended(state: State, run: RunningTask, outcome: Outcome, now: datetime) -> None:
    if run.team is None:
        tasks.on_task_ended(state, run, outcome, now)
    else:
        _conclude(state, run, instances.on_primary_ended(state, run, run.team, outcome), now)


def _on_subtask_ended(state: State, run: SubtaskRun, outcome: Outcome, now: datetime) -> None:
    _conclude(state, run.primary, instances.on_subtask_ended(state, run, outcome, now), now)


def _conclude(state: State, primary: RunningTask, outcome: Outcome | None, now: datetime) -> None:
    """Go on with a multi-instance task once all its instances have ended."""
    if outcome is not None:
        tasks.on_task_ended(state, primary, outcome, now)


@decision
def on_coordinated(state: State, _now: datetime, execution: int) -> None:
    """The coordination command of an instance has succeeded."""
    task = _task_of(state.executions.get(execution))
    if task is not None and task.team is not None:
        instances.on_coordinated(state, task, task.team, execution)


def _task_of(run: Execution | None) -> RunningTask | None:
    """The task whose processes these are, or those of one of its instances."""
    task = run.primary if isinstance(run, SubtaskRun) else run
    return task if isinstance(task, RunningTask) else None


def _forget_execution(state: State, execution: int) -> Execution | None:
    run = state.executions.pop(execution, None)
    if run is not None:
        run.node.executions.discard(execution)
        state.touch_node(run.node)
    if isinstance(run, PreparationRun):
        run.job.preparing.discard(execution)
    elif isinstance(run, ReleaseRun):
        run.job.releasing.discard(execution)
    return run


@decision
def on_agent_lost(
    state: State, now: datetime, noted: Mapping[int, Outcome] = MappingProxyType({})
) -> None:
    """
    All processes of all nodes are gone, as if their machines had been restarted.

    How some had ended is still noted, though nobody could tell of it any more.
    """
    # What follows from their ends is begun anew, and is not lost.
    old = list(state.executions)
    for execution in filter(noted.__contains__, old):
        _end_noted(state, execution, noted[execution], now)
    for execution in old:
        _lose(state, execution, now)
    for pool in state.pools.values():
        for entry in filter(nodes.has_background, pool.nodes.values()):
            nodes.on_start_task_lost(state, entry, now)


def _end_noted(state: State, execution: int, outcome: Outcome, now: datetime) -> None:
    _leave_nobody_to_be_ended(_task_of(state.executions[execution]), outcome)
    _end(state, execution, outcome, now)


def _lose(state: State, execution: int, now: datetime) -> None:
    run, outcome = _forget_execution(state, execution), lost_outcome(now)
    if isinstance(run, NodeTaskRun):
        nodes.on_start_task_lost(state, run.node, now)
    elif run is not None:
        task = _task_of(run)
        if task is not None and task.fate is Fate.ITS_OWN and not _has_ended(task):
            task.fate = Fate.LOST
        _leave_nobody_to_be_ended(task, outcome)
        _on_run_ended(state, run, outcome, now)


def _has_ended(task: RunningTask) -> bool:
    """Whether only the rest of a task's instances was still there."""
    return task.team is not None and task.team.outcome is not None


def _leave_nobody_to_be_ended(task: RunningTask | None, outcome: Outcome) -> None:
    if task is not None and task.team is not None and not _has_ended(task):
        task.team.outcome = outcome


@decision
def on_background_ended(state: State, _now: datetime, pool_id: str, node_id: str) -> None:
    """The last process of those that a start task had left running has ended by itself."""
    pool = state.pools.get(pool_id.lower())
    entry = pool.nodes.get(node_id) if pool else None
    if entry is not None:
        nodes.on_background_ended(state, entry)


@decision
def on_tasks_loaded(state: State, _now: datetime, job_id: str, loaded: Sequence[Task]) -> None:
    """The store has handed over the next waiting tasks of a job."""
    job = state.jobs.get(job_id.lower())
    if job is not None:
        job.queue.put_loaded(list(loaded))
        jobs.join_pool(state, job)


@decision
def on_tasks_released(state: State, _now: datetime, job_id: str, released: Sequence[Task]) -> None:
    """Tasks that had been blocked wait for their parents no more."""
    job = state.jobs.get(job_id.lower())
    if job is None:
        return
    for task in released:
        task_counts.leave(job, task, "blocked")
        job.queue.put_back(task)
    jobs.join_pool(state, job)
    state.touch_job(job)


@decision
def on_time(state: State, now: datetime) -> None:
    """It has become `now`: do what has fallen due."""
    while (timer := state.timers.take_due(now)) is not None:
        _on_due(state, timer, now)


def _on_due(state: State, timer: Timer, now: datetime) -> None:
    if timer.what is Due.JOB_TIME_LIMIT:
        _on_job_time_limit(state, timer.owner_id, now)
        return
    if timer.what is Due.JOB_SCHEDULE:
        schedules.on_due(state, timer.owner_id)
        return
    pool = state.pools.get(timer.owner_id)
    if pool is None:
        return
    if timer.what is Due.RESIZE_TIMEOUT:
        pools.on_resize_timeout(state, pool, now)
    elif timer.what is Due.EVALUATION:
        autoscaling.on_evaluation_due(state, pool, now)
    elif timer.what is Due.SAMPLE:
        autoscaling.on_sample_due(state, pool, now)
    elif timer.node_id in pool.nodes:
        nodes.on_node_due(state, pool.nodes[timer.node_id], timer.what, now)


def _on_job_time_limit(state: State, job_key: str, now: datetime) -> None:
    job = state.jobs.get(job_key)
    limit = job.job.spec.max_wall_clock_time if job else None
    if job is None or limit is None or job.job.creation_time + limit > now:
        return
    if not job.is_over:
        jobs.begin_termination(state, job, "MaxWallClockTimeExpiry", now)
