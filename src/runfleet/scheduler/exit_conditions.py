"""What follows from the way in which a task ended: for its children, and for its job."""

from __future__ import annotations

from runfleet.batch.records import Task
from runfleet.batch.specs import ExitConditions, ExitOptions, JobSpec
from runfleet.batch.states import DependencyAction, EndedBy, JobAction, OnTaskFailure
from runfleet.scheduler import managers
from runfleet.scheduler.commands import Satisfy
from runfleet.scheduler.entries import JobEntry
from runfleet.scheduler.outcomes import Outcome, failure_of
from runfleet.scheduler.state import State

TASK_FAILED = "TaskFailed"

_SUCCESS = ExitOptions(JobAction.NONE, DependencyAction.SATISFY)
_FAILURE = ExitOptions(JobAction.TERMINATE, DependencyAction.BLOCK)


def satisfies(spec: JobSpec, task: Task, outcome: Outcome) -> bool:
    """Whether the children of a task need not wait for it any longer."""
    if not spec.uses_task_dependencies:
        return False
    by_default, asked = _options(task.exit_conditions, outcome)
    return (asked.dependency_action or by_default.dependency_action) is DependencyAction.SATISFY


def job_action(spec: JobSpec, task: Task, outcome: Outcome) -> tuple[JobAction, str]:
    """What the job of a task does because the task ended so, with its reason to terminate."""
    if managers.ends_job(spec, task):
        return JobAction.TERMINATE, managers.MANAGER_COMPLETED
    if spec.on_task_failure is OnTaskFailure.NO_ACTION:
        return JobAction.NONE, ""
    by_default, asked = _options(task.exit_conditions, outcome)
    return asked.job_action or by_default.job_action or JobAction.NONE, TASK_FAILED


def _options(
    conditions: ExitConditions | None, outcome: Outcome
) -> tuple[ExitOptions, ExitOptions]:
    """What follows by default, and what is asked for in its place."""
    by_default = _SUCCESS if failure_of(outcome) is None else _FAILURE
    asked = _asked(conditions, outcome) if conditions else None
    return by_default, asked or by_default


def _asked(conditions: ExitConditions, outcome: Outcome) -> ExitOptions | None:
    code = outcome.exit_code
    for codes in conditions.exit_codes:
        if code is not None and codes.first <= code <= codes.last:
            return codes.options
    if failure_of(outcome) is None:
        return None
    return _of_error(conditions, outcome) or conditions.default


def _of_error(conditions: ExitConditions, outcome: Outcome) -> ExitOptions | None:
    if outcome.ended_by is EndedBy.FAILURE:
        return conditions.pre_processing_error
    # Beside the exit code of a command that has run, only an upload can go wrong.
    return conditions.file_upload_error if outcome.failure is not None else None


def note_end(state: State, job: JobEntry, task: Task, outcome: Outcome) -> None:
    """Let follow what is due because a task has completed; the job acts when it is settled."""
    spec = job.job.spec
    if satisfies(spec, task, outcome):
        state.emit(Satisfy(spec.job_id, task.task_id))
    action, reason = job_action(spec, task, outcome)
    if action is JobAction.TERMINATE:
        job.end_reason = reason
    elif action is JobAction.DISABLE:
        job.is_to_disable = True
