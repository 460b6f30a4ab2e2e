"""What clients ask of jobs."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Failure
from runfleet.batch.specs import JobSpec
from runfleet.batch.states import DisableJobOption, JobState
from runfleet.scheduler import jobs
from runfleet.scheduler.commands import SaveJob
from runfleet.scheduler.demands import demand_slots_for_manager
from runfleet.scheduler.entries import JobEntry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State

_REFUSALS = {
    JobState.COMPLETED: "JobCompleted",
    JobState.TERMINATING: "JobBeingTerminated",
    JobState.DELETING: "JobBeingDeleted",
}


def demand_living(job: JobEntry) -> None:
    """Refuse what is asked of a job that has ended or is ending."""
    if job.job.state in _REFUSALS:
        raise BatchRuleError(_REFUSALS[job.job.state])


@decision
def create_job(
    state: State,
    now: datetime,
    spec: JobSpec,
    body: str,
    *,
    scheduling_error: Failure | None = None,
) -> None:
    """Make a job; one whose auto pool cannot be made, as may be known already, completes."""
    existing = state.jobs.get(spec.job_id.lower())
    if existing is not None:
        is_going = existing.job.state is JobState.DELETING
        raise BatchRuleError("JobBeingDeleted" if is_going else "JobExists")
    if spec.job_id.lower() in state.job_schedules:
        raise BatchRuleError("JobScheduleWithSameIdExists")
    demand_slots_for_manager(state, spec)
    jobs.create(state, spec, body, now, scheduling_error=scheduling_error)


@decision
def update_job(state: State, now: datetime, spec: JobSpec, body: str) -> None:
    """Take over what a client changed; the pool only while the job is disabled."""
    job = state.job(spec.job_id)
    demand_living(job)
    moves = job.job.spec.pool_id.lower() != spec.pool_id.lower()
    if moves and job.job.state is not JobState.DISABLED:
        raise BatchRuleError("OperationInvalidForCurrentState")
    jobs.leave_pool(state, job)
    if moves:
        jobs.end_auto_pool(state, job.job.spec, now)
    job.job.spec, job.job.body, job.job.last_modified = spec, body, now
    jobs.join_pool(state, job)
    jobs.watch_time_limit(state, job)
    state.emit(SaveJob(job.job))
    state.touch_job(job)


@decision
def disable_job(state: State, now: datetime, job_id: str, option: DisableJobOption) -> None:
    """Start no more tasks of a job; the running ones are requeued, ended or awaited."""
    job = state.job(job_id)
    demand_living(job)
    job.job.last_modified = now
    jobs.begin_disabling(state, job, option, now)


@decision
def enable_job(state: State, now: datetime, job_id: str) -> None:
    """Let a job's tasks run again."""
    job = state.job(job_id)
    demand_living(job)
    job.job.last_modified = now
    state.emit(SaveJob(job.job))
    if job.job.state is not JobState.ACTIVE:
        jobs.change_state(state, job, JobState.ENABLING, now)


@decision
def terminate_job(
    state: State, now: datetime, job_id: str, reason: str | None, *, force: bool = False
) -> None:
    """End a job: its running tasks now, its waiting ones never run; by force without any delay."""
    job = state.job(job_id)
    is_hurried = force and job.job.state is JobState.TERMINATING
    if not is_hurried:
        demand_living(job)
    job.job.last_modified = now
    if not is_hurried:
        jobs.begin_termination(state, job, reason or "UserTerminate", now)
    if force:
        jobs.complete_at_once(state, job, now)


@decision
def delete_job(state: State, now: datetime, job_id: str, *, force: bool = False) -> None:
    """End a job if it has not ended, then forget it with its tasks and files; by force at once."""
    job = state.job(job_id)
    if force:
        jobs.delete_at_once(state, job, now)
        return
    if job.job.state is JobState.DELETING:
        raise BatchRuleError("JobBeingDeleted")
    jobs.begin_deletion(state, job, now)
