"""What clients ask of job schedules."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import JobSchedule
from runfleet.batch.specs import JobScheduleSpec
from runfleet.batch.states import JobScheduleState
from runfleet.scheduler import schedules
from runfleet.scheduler.commands import SaveJobSchedule
from runfleet.scheduler.demands import demand_slots_for_manager
from runfleet.scheduler.entries import JobScheduleEntry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State

_REFUSALS = {
    JobScheduleState.COMPLETED: "JobScheduleCompleted",
    JobScheduleState.TERMINATING: "JobScheduleBeingTerminated",
    JobScheduleState.DELETING: "JobScheduleBeingDeleted",
}


def _living(state: State, schedule_id: str) -> JobScheduleEntry:
    """The job schedule, unless it has ended or is ending."""
    schedule = state.job_schedule(schedule_id)
    if schedule.schedule.state in _REFUSALS:
        raise BatchRuleError(_REFUSALS[schedule.schedule.state])
    return schedule


@decision
def create_job_schedule(state: State, now: datetime, spec: JobScheduleSpec, body: str) -> None:
    """Make a job schedule, and its first job if that is due."""
    key = spec.schedule_id.lower()
    existing = state.job_schedules.get(key)
    if existing is not None:
        is_going = existing.schedule.state is JobScheduleState.DELETING
        raise BatchRuleError("JobScheduleBeingDeleted" if is_going else "JobScheduleExists")
    if key in state.jobs:
        raise BatchRuleError("JobWithSameIdExists")
    demand_slots_for_manager(state, spec.job)
    record = JobSchedule(spec, body, now, now, JobScheduleState.ACTIVE, now)
    schedules.add(state, record)
    state.emit(SaveJobSchedule(record))


@decision
def update_job_schedule(state: State, now: datetime, spec: JobScheduleSpec, body: str) -> None:
    """Take over what a client changed; a job that is there stays as it was."""
    schedule = _living(state, spec.schedule_id)
    demand_slots_for_manager(state, spec.job)
    record = schedule.schedule
    record.spec, record.body, record.last_modified = spec, body, now
    state.emit(SaveJobSchedule(record))
    state.touch_job_schedule(schedule)


@decision
def disable_job_schedule(state: State, now: datetime, schedule_id: str) -> None:
    """Make no more jobs; the one that is active goes on."""
    _switch(state, schedule_id, JobScheduleState.DISABLED, now)


@decision
def enable_job_schedule(state: State, now: datetime, schedule_id: str) -> None:
    """Make jobs again; the one that fell due last is made now, unless that is too late."""
    _switch(state, schedule_id, JobScheduleState.ACTIVE, now)


def _switch(state: State, schedule_id: str, to: JobScheduleState, now: datetime) -> None:
    schedule = _living(state, schedule_id)
    schedule.schedule.last_modified = now
    state.emit(SaveJobSchedule(schedule.schedule))
    if schedule.schedule.state is not to:
        schedules.change_state(state, schedule, to, now)


@decision
def terminate_job_schedule(
    state: State, now: datetime, schedule_id: str, *, force: bool = False
) -> None:
    """End a job schedule and its active job, by force without any delay."""
    schedule = state.job_schedule(schedule_id)
    is_hurried = force and schedule.schedule.state is JobScheduleState.TERMINATING
    if not is_hurried:
        _living(state, schedule_id)
    schedule.schedule.last_modified = now
    if is_hurried:
        state.emit(SaveJobSchedule(schedule.schedule))
    else:
        schedules.begin_termination(state, schedule, now)
    if force:
        schedules.end_job_at_once(state, schedule, now)


@decision
def delete_job_schedule(
    state: State, now: datetime, schedule_id: str, *, force: bool = False
) -> None:
    """Delete all jobs of a schedule, then forget it; by force at once."""
    schedule = state.job_schedule(schedule_id)
    if force:
        schedules.delete_at_once(state, schedule, now)
        return
    if schedule.schedule.state is JobScheduleState.DELETING:
        raise BatchRuleError("JobScheduleBeingDeleted")
    schedules.begin_deletion(state, schedule, now)
