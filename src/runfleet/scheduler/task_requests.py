"""What clients ask of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task
from runfleet.batch.states import JobState, TaskResult, TaskState
from runfleet.scheduler import jobs, task_counts, tasks
from runfleet.scheduler.commands import (
    Constrain,
    ForgetTask,
    RemoveTaskFiles,
    SaveSubtasks,
    SaveTask,
)
from runfleet.scheduler.entries import Fate, JobEntry
from runfleet.scheduler.job_requests import demand_living
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State


@decision
def add_tasks(state: State, _now: datetime, job_id: str, added: Sequence[Task]) -> None:
    """Queue tasks that have just been stored."""
    job = state.job(job_id)
    demand_living(job)
    _enter(state, job, added)


@decision
def add_manager(state: State, _now: datetime, job_id: str, manager: Task) -> None:
    """Queue the manager of a new job, which is in the store by now."""
    job = state.job(job_id)
    job.awaits_manager = False
    _enter(state, job, [manager])


def _enter(state: State, job: JobEntry, added: Sequence[Task]) -> None:
    for task in added:
        if task.is_blocked:
            task_counts.enter(job, task, "blocked")
        else:
            job.queue.add_new(task)
        task_counts.enter(job, task, "active")
    jobs.join_pool(state, job)
    state.touch_job(job)


def living_record(job: JobEntry, task: Task) -> Task:
    """The record that decisions work on, where memory has one, else the stored one."""
    running = job.running.get(task.sequence)
    return running.task if running else job.queue.get(task.task_id) or task


@decision
def terminate_task(state: State, now: datetime, stored: Task) -> None:
    """Complete a task as ended by request, whether it runs or waits."""
    job = state.job(stored.job_id)
    task = living_record(job, stored)
    if task.state is TaskState.COMPLETED:
        raise BatchRuleError("TaskCompleted")
    demand_living(job)
    running = job.running.get(task.sequence)
    if running is None:
        tasks.terminate_waiting(state, job, task, now)
    else:
        task.last_modified = now
        tasks.terminate_running(state, running, now)


@decision
def delete_task(state: State, now: datetime, stored: Task) -> None:
    """Forget a task with its files, ending it first if it runs."""
    job = state.job(stored.job_id)
    if job.job.state is JobState.DELETING:
        raise BatchRuleError("JobBeingDeleted")
    task = living_record(job, stored)
    task_counts.leave(job, task, task_counts.counted_as(task))
    running = job.running.get(task.sequence)
    if running is not None:
        tasks.end_running(state, running, Fate.DELETED, now)
    elif task.state is TaskState.ACTIVE:
        tasks.leave_queue(job, task)
    state.emit(ForgetTask(task))
    state.touch_job(job)


@decision
def reactivate_task(state: State, now: datetime, stored: Task) -> None:
    """Let a failed task run again, from the start and with all its retries."""
    job = state.job(stored.job_id)
    demand_living(job)
    task = living_record(job, stored)
    if task.state is not TaskState.COMPLETED:
        raise BatchRuleError("TaskNotCompleted")
    if task.result is TaskResult.SUCCESS:
        raise BatchRuleError("TaskSucceeded")
    if task.sequence in job.running:
        # It was ended a moment ago and its processes are still going.
        raise BatchRuleError("TaskNotCompleted")
    task_counts.move(job, task, "failed", "active")
    _make_new(state, job, task, now)
    state.touch_job(job)


def _make_new(state: State, job: JobEntry, task: Task, now: datetime) -> None:
    state.emit(RemoveTaskFiles(replace(task)))
    task.start_time = task.end_time = task.last_retry_time = None
    task.exit_code = task.result = task.failure = None
    task.retry_count = 0
    task.pool_id = task.node_id = None
    task.files_removed = False
    task.last_modified = now
    tasks.change_state(task, TaskState.ACTIVE, now)
    tasks.enter_queue(job, task)
    jobs.join_pool(state, job)
    state.emit(SaveTask(task))
    if task.instances:
        state.emit(SaveSubtasks(task, ()))


@decision
def change_constraints(
    state: State,
    now: datetime,
    stored: Task,
    max_task_retry_count: int,
    retention_time: timedelta,
    time_limit: timedelta | None,
) -> None:
    """
    Change how often a task may be retried, how long its files stay and how long it may take.

    Until it completes; an attempt that runs is held to it, too.
    """
    job = state.job(stored.job_id)
    task = living_record(job, stored)
    if task.state is TaskState.COMPLETED:
        raise BatchRuleError("TaskCompleted")
    task.max_task_retry_count = max_task_retry_count
    task.retention_time = retention_time
    task.last_modified = now
    state.emit(SaveTask(task))
    running = job.running.get(task.sequence)
    if running is not None and running.execution is not None:
        state.emit(Constrain(running.execution, task, time_limit))
