"""The life of a job schedule: it makes one job at a time as they fall due, and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from runfleet.batch.records import JobSchedule
from runfleet.batch.specs import JobSpec
from runfleet.batch.states import JobScheduleState, JobState, PoolLifetimeOption, PoolState
from runfleet.scheduler import auto_pools, jobs
from runfleet.scheduler.commands import ForgetJobSchedule, SaveJobSchedule
from runfleet.scheduler.entries import JobEntry, JobScheduleEntry
from runfleet.scheduler.state import State
from runfleet.scheduler.timers import Due

TERMINATE_REASON = "TerminateJobSchedule"
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_LIVING = frozenset({JobScheduleState.ACTIVE, JobScheduleState.DISABLED})


def add(state: State, schedule: JobSchedule) -> JobScheduleEntry:
    """Take in a job schedule; what is due is done when it is settled."""
    entry = JobScheduleEntry(schedule)
    state.job_schedules[entry.key] = entry
    state.touch_job_schedule(entry)
    return entry


def change_state(
    state: State, schedule: JobScheduleEntry, to: JobScheduleState, now: datetime
) -> None:
    """Move a job schedule to another state, remembering the one before."""
    record = schedule.schedule
    record.previous_state, record.previous_state_time = record.state, record.state_time
    record.state, record.state_time = to, now
    state.emit(SaveJobSchedule(record))
    state.touch_job_schedule(schedule)


def begin_termination(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    """Make no more jobs, and end the one that is active."""
    change_state(state, schedule, JobScheduleState.TERMINATING, now)
    job = active_job(schedule)
    if job is not None and not job.is_ending:
        jobs.begin_termination(state, job, TERMINATE_REASON, now)


def end_job_at_once(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    """Do not wait for the active job of a schedule that is terminating."""
    job = active_job(schedule)
    if job is not None and job.job.state is JobState.DELETING:
        jobs.delete_at_once(state, job, now)
    elif job is not None:
        jobs.complete_at_once(state, job, now)


def begin_deletion(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    """Make no more jobs, and delete those that there are."""
    change_state(state, schedule, JobScheduleState.DELETING, now)
    for job in list(schedule.jobs.values()):
        if job.job.state is not JobState.DELETING:
            jobs.begin_deletion(state, job, now)


def delete_at_once(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    """Make no more jobs, and forget those that there are; the schedule goes with the last."""
    if schedule.schedule.state is not JobScheduleState.DELETING:
        change_state(state, schedule, JobScheduleState.DELETING, now)
    for job in list(schedule.jobs.values()):
        jobs.delete_at_once(state, job, now)


def active_job(schedule: JobScheduleEntry) -> JobEntry | None:
    """The job of a schedule that has not ended: only the last one can be."""
    job = schedule.jobs.get((schedule.schedule.recent_job_id or "").lower())
    return None if job is None or job.job.state is JobState.COMPLETED else job


def awaits_run(schedule: JobScheduleEntry) -> bool:
    """Whether a job schedule will make a job when its time has come."""
    record = schedule.schedule
    return record.state is JobScheduleState.ACTIVE and record.next_run_time is not None


def on_due(state: State, key: str) -> None:
    """The time for something that a job schedule waits for has come, if it is still there."""
    schedule = state.job_schedules.get(key)
    if schedule is not None:
        state.touch_job_schedule(schedule)


def settle_job_schedule(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    """Do what follows from the time, or from jobs of a schedule having ended or gone."""
    record = schedule.schedule
    if record.state is JobScheduleState.DELETING and not schedule.jobs:
        _forget(state, schedule, now)
    elif record.state is JobScheduleState.TERMINATING and active_job(schedule) is None:
        _complete(state, schedule, now)
    elif record.state in _LIVING and active_job(schedule) is None:
        _settle_waiting(state, schedule, now)
    if record.state in _LIVING:
        _watch(state, schedule, now)


def _settle_waiting(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    record = schedule.schedule
    if _has_ended(record, now):
        _complete(state, schedule, now)
    elif record.state is JobScheduleState.ACTIVE and _is_due(record, now):
        is_in_time = _take_occurrence(record, now)
        if is_in_time:
            _make_job(state, schedule, now)
        state.emit(SaveJobSchedule(record))
        state.touch_job_schedule(schedule)


def _has_ended(record: JobSchedule, now: datetime) -> bool:
    """Whether the last moment has passed, or there was only one job to make."""
    spec = record.spec
    if spec.do_not_run_after is not None and spec.do_not_run_after < now:
        return True
    return spec.recurrence_interval is None and record.last_occurrence is not None


def _is_due(record: JobSchedule, now: datetime) -> bool:
    due = record.next_run_time
    return due is not None and due <= now


def _take_occurrence(record: JobSchedule, now: datetime) -> bool:
    """
    Use up the occurrence that is due, and those before it; whether it is not too late for it.

    A job that could not be made before the next one fell due is not made later.
    """
    due, interval = record.next_run_time, record.spec.recurrence_interval
    assert due is not None, "it is due"
    passed = (now - due) // interval if interval is not None else 0
    record.last_occurrence = due + passed * (interval or timedelta(0))
    window = record.spec.start_window
    return window is None or now <= record.last_occurrence + window


def _make_job(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    record = schedule.schedule
    record.jobs_made += 1
    job_id = record.recent_job_id
    assert job_id is not None, "it has been counted"
    spec = replace(record.spec.job, job_id=job_id)
    if _shares_pool(spec):
        spec = replace(spec, pool_id=_shared_pool_id(state, record))
    job = jobs.create(state, spec, record.spec.job_body, now)
    if _shares_pool(spec):
        record.pool_id = job.job.spec.pool_id or None


def _shares_pool(spec: JobSpec) -> bool:
    auto_pool = spec.auto_pool
    return auto_pool is not None and auto_pool.lifetime is PoolLifetimeOption.JOB_SCHEDULE


def _shared_pool_id(state: State, record: JobSchedule) -> str:
    """The pool that the jobs share; empty before the first, and where somebody has deleted it."""
    pool = state.pools.get((record.pool_id or "").lower())
    is_there = pool is not None and pool.pool.state is PoolState.ACTIVE
    return record.pool_id if is_there and record.pool_id else ""


def _end_auto_pool(state: State, record: JobSchedule, now: datetime) -> None:
    auto_pool = record.spec.job.auto_pool
    keep_alive = auto_pool is not None and auto_pool.keep_alive
    if record.pool_id is not None and not keep_alive:
        auto_pools.end(state, record.pool_id, now)


def _complete(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    schedule.schedule.end_time = now
    change_state(state, schedule, JobScheduleState.COMPLETED, now)
    _end_auto_pool(state, schedule.schedule, now)


def _forget(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    _end_auto_pool(state, schedule.schedule, now)
    del state.job_schedules[schedule.key]
    state.timers.drop(Due.JOB_SCHEDULE, schedule.key)
    state.emit(ForgetJobSchedule(schedule.schedule.spec.schedule_id))


def _watch(state: State, schedule: JobScheduleEntry, now: datetime) -> None:
    """Let the next job, or the last moment, fall due; what is overdue waits for a job to end."""
    record = schedule.schedule
    times = (record.next_run_time, _after(record.spec.do_not_run_after))
    coming = min((time for time in times if time is not None and time > now), default=None)
    if coming is not None:
        state.timers.set(coming, Due.JOB_SCHEDULE, schedule.key)


def _after(last_moment: datetime | None) -> datetime | None:
    """When a last moment has passed; some clients write the end of all time for none."""
    if last_moment is None or last_moment == _END_OF_TIME:
        return None
    return last_moment + timedelta(microseconds=1)
