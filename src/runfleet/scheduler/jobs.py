"""The life of a job: it is made, disabled, enabled, terminated, completed and deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from runfleet.batch.records import Failure, Job, TaskCounts
from runfleet.batch.specs import JobSpec
from runfleet.batch.states import (
    DisableJobOption,
    JobState,
    OnAllTasksComplete,
    PoolLifetimeOption,
)
from runfleet.scheduler import auto_pools, tasks
from runfleet.scheduler.assign import load_more
from runfleet.scheduler.commands import AddManager, ForgetJob, Kill, SaveJob
from runfleet.scheduler.entries import Fate, JobEntry, PoolEntry
from runfleet.scheduler.release import release_nodes
from runfleet.scheduler.state import State
from runfleet.scheduler.timers import Due


def create(
    state: State,
    spec: JobSpec,
    body: str,
    now: datetime,
    *,
    scheduling_error: Failure | None = None,
) -> JobEntry:
    """Make a job; a pool it names may come later, an auto pool comes with it if that can be."""
    job = state.add_job(Job(spec, body, now, now, JobState.ACTIVE, now))
    if spec.auto_pool is not None and not spec.pool_id:
        made = scheduling_error or auto_pools.create(state, spec.auto_pool, now)
        _assign_auto_pool(state, job, made, now)
    join_pool(state, job)
    watch_time_limit(state, job)
    state.emit(SaveJob(job.job))
    if spec.manager is not None and job.job.scheduling_error is None:
        job.awaits_manager = True
        state.emit(AddManager(job.job))
    state.touch_job(job)
    return job


def _assign_auto_pool(state: State, job: JobEntry, made: str | Failure, now: datetime) -> None:
    if isinstance(made, Failure):
        job.job.scheduling_error = made
        _complete(state, job, now)
    else:
        job.job.spec = replace(job.job.spec, pool_id=made)


def watch_time_limit(state: State, job: JobEntry) -> None:
    """Let the end of the time that a job may take fall due, as long as it may take some."""
    limit = job.job.spec.max_wall_clock_time
    if limit is None or job.job.state is JobState.COMPLETED:
        state.timers.drop(Due.JOB_TIME_LIMIT, job.key)
    else:
        state.timers.set(job.job.creation_time + limit, Due.JOB_TIME_LIMIT, job.key)


def change_state(state: State, job: JobEntry, to: JobState, now: datetime) -> None:
    """Move a job to another state, remembering the one before."""
    set_state(job.job, to, now)
    state.emit(SaveJob(job.job))
    state.touch_job(job)
    if job.schedule is not None:
        state.touch_job_schedule(job.schedule)
    pool = state.pools.get(job.job.spec.pool_id.lower())
    if pool is not None:
        state.touch_pool(pool)


def set_state(job: Job, to: JobState, now: datetime) -> None:
    """Note that a job is in another state from now on."""
    job.previous_state, job.previous_state_time = job.state, job.state_time
    job.state, job.state_time = to, now


def begin_disabling(state: State, job: JobEntry, option: DisableJobOption, now: datetime) -> None:
    """Start no more tasks; the running ones are requeued, ended or awaited."""
    change_state(state, job, JobState.DISABLING, now)
    for running in list(job.running.values()):
        if option is DisableJobOption.REQUEUE:
            tasks.end_running(state, running, Fate.REQUEUE, now)
        elif option is DisableJobOption.TERMINATE:
            tasks.terminate_running(state, running, now)


def begin_termination(state: State, job: JobEntry, reason: str, now: datetime) -> None:
    """End the running tasks; waiting ones stay active and never run."""
    job.job.terminate_reason = reason
    change_state(state, job, JobState.TERMINATING, now)
    end_tasks(state, job, now)


def begin_deletion(state: State, job: JobEntry, now: datetime) -> None:
    """End a job if it has not ended; it is forgotten when nothing of it runs any more."""
    # The release task of a job that has completed ran then and does not run again.
    if job.job.state is JobState.COMPLETED:
        job.unreleased = []
    change_state(state, job, JobState.DELETING, now)
    end_tasks(state, job, now)


def complete_at_once(state: State, job: JobEntry, now: datetime) -> None:
    """Complete a job that is terminating; what runs of it is ended, but not waited for."""
    _end_release(state, job)
    _complete(state, job, now)


def delete_at_once(state: State, job: JobEntry, now: datetime) -> None:
    """Forget a job; what runs of it is ended, but not waited for, and leaves nothing behind."""
    if job.job.state is not JobState.DELETING:
        set_state(job.job, JobState.DELETING, now)
    job.queue.close()
    for running in list(job.running.values()):
        tasks.end_running(state, running, Fate.DELETED, now)
    _end_preparation(state, job)
    _end_release(state, job)
    end_auto_pool(state, job.job.spec, now)
    forget(state, job)


def end_tasks(state: State, job: JobEntry, now: datetime) -> None:
    """Complete all running tasks of a job by request; start no others and prepare no nodes."""
    job.queue.close()
    for running in list(job.running.values()):
        tasks.terminate_running(state, running, now)
    _end_preparation(state, job)


def _end_preparation(state: State, job: JobEntry) -> None:
    for execution in job.preparing:
        state.emit(Kill(execution))


def _end_release(state: State, job: JobEntry) -> None:
    """End the release tasks that run, and start no others."""
    job.unreleased = []
    for execution in job.releasing:
        state.emit(Kill(execution))


def settle_job(state: State, job: JobEntry, now: datetime) -> None:
    """Do what follows from the tasks of a job having come, gone or ended."""
    _do_what_is_due(state, job, now)
    if job.queue.wants_more():
        load_more(state, job)
    if job.job.state is JobState.ACTIVE:
        _settle_active(state, job, now)
    elif job.job.state is JobState.DISABLING and not job.running:
        change_state(state, job, JobState.DISABLED, now)
    elif job.job.state is JobState.ENABLING:
        change_state(state, job, JobState.ACTIVE, now)
    elif job.is_ending and not job.running and not job.preparing:
        _settle_ending(state, job, now)


def _do_what_is_due(state: State, job: JobEntry, now: datetime) -> None:
    reason, job.end_reason = job.end_reason, None
    is_to_disable, job.is_to_disable = job.is_to_disable, False
    if job.is_over:
        return
    if reason is not None:
        begin_termination(state, job, reason, now)
    elif is_to_disable and job.job.state is not JobState.DISABLED:
        begin_disabling(state, job, DisableJobOption.REQUEUE, now)


def _settle_active(state: State, job: JobEntry, now: datetime) -> None:
    terminates = job.job.spec.on_all_tasks_complete is OnAllTasksComplete.TERMINATE_JOB
    if terminates and _is_done(job):
        begin_termination(state, job, "AllTasksComplete", now)


def _is_done(job: JobEntry) -> bool:
    has_tasks = job.job.counts.active or job.job.counts.running or job.running
    return not has_tasks and not job.awaits_manager


def _settle_ending(state: State, job: JobEntry, now: datetime) -> None:
    release_nodes(state, job, now)
    if job.releasing or job.unreleased:
        return
    if job.job.state is JobState.DELETING:
        end_auto_pool(state, job.job.spec, now)
        forget(state, job)
    else:
        _complete(state, job, now)


def _complete(state: State, job: JobEntry, now: datetime) -> None:
    job.queue.close()
    leave_pool(state, job)
    state.living_jobs.pop(job.key, None)
    job.job.end_time = now
    change_state(state, job, JobState.COMPLETED, now)
    join_pool(state, job)
    watch_time_limit(state, job)
    end_auto_pool(state, job.job.spec, now)


def end_auto_pool(state: State, spec: JobSpec, now: datetime) -> None:
    """A job is not on its auto pool any more; one that its schedule shares has to stay."""
    auto_pool = spec.auto_pool
    is_own = auto_pool is not None and auto_pool.lifetime is PoolLifetimeOption.JOB
    if auto_pool is not None and is_own and not auto_pool.keep_alive:
        auto_pools.end(state, spec.pool_id, now)


def forget(state: State, job: JobEntry) -> None:
    """A job is gone."""
    job.is_forgotten = True
    state.jobs.pop(job.key, None)
    state.living_jobs.pop(job.key, None)
    state.touched_jobs.pop(job.key, None)
    state.timers.drop(Due.JOB_TIME_LIMIT, job.key)
    leave_pool(state, job)
    if job.schedule is not None:
        job.schedule.jobs.pop(job.key, None)
        state.touch_job_schedule(job.schedule)
    state.emit(ForgetJob(job.job.spec.job_id))


def join_pool(state: State, job: JobEntry) -> None:
    """Let a job's tasks be put on the pool it names, where that exists, or be counted there."""
    pool = state.pools.get(job.job.spec.pool_id.lower())
    if pool is None:
        return
    if job.has_ended:
        _count_ended(pool, job)
    else:
        pool.jobs[job.key] = job
        state.touch_pool(pool)


def _count_ended(pool: PoolEntry, job: JobEntry) -> None:
    """Add what has become of a job's tasks to its pool, unless this came after the job's end."""
    end = job.job.end_time
    if end is not None and end >= pool.pool.creation_time and job.counted_in is None:
        job.counted_in = pool.ended_tasks
        job.counted_in.add(job.job.counts)


def leave_pool(state: State, job: JobEntry) -> None:
    """Take a job off its pool."""
    pool = state.pools.get(job.job.spec.pool_id.lower())
    if pool is not None:
        pool.jobs.pop(job.key, None)
    if job.counted_in is not None:
        job.counted_in.add(job.job.counts, -1)
        job.counted_in = None


def recount(job: JobEntry, counts: TaskCounts, slot_counts: TaskCounts) -> None:
    """Take over the counts that the store found after a restart."""
    job.job.counts, job.job.slot_counts = counts, slot_counts
    job.queue.beyond = counts.active - counts.blocked
    if job.is_over:
        job.queue.close()
