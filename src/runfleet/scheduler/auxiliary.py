"""How start, preparation and release tasks end."""

from __future__ import annotations

from dataclasses import replace

from runfleet.batch.records import AuxiliaryTaskInfo, Failure
from runfleet.batch.states import AuxiliaryTaskState, EndedBy, ErrorCategory, TaskResult
from runfleet.scheduler.entries import Outcome


def failure_of(outcome: Outcome) -> Failure | None:
    """Why an execution counts as failed, or None where it succeeded."""
    if outcome.failure is not None:
        return outcome.failure
    if outcome.ended_by is EndedBy.TIME_LIMIT:
        return ended_failure("The maximum execution time configured on the task was exceeded")
    if outcome.ended_by is EndedBy.KILL:
        return ended_failure("Task Was Ended by User Request")
    return None if outcome.exit_code == 0 else _exit_code_failure()


def ended_failure(reason: str) -> Failure:
    """The failure of a task that was ended before its time."""
    message = "Task Was Ended by User Request"
    return Failure(ErrorCategory.USER_ERROR, "TaskEnded", message, {"Message": reason})


def _exit_code_failure() -> Failure:
    details = {
        "Message": "The task process exited with an unexpected exit code",
        "AdditionalErrorCode": "FailureExitCode",
    }
    message = "The task exited with an exit code representing a failure"
    return Failure(ErrorCategory.USER_ERROR, "FailureExitCode", message, details)


def wants_retry(outcome: Outcome, retry_count: int, max_retries: int) -> bool:
    """
    Whether a further attempt is due: only after a non-zero exit code of the program's own.

    `max_retries` -1 means without limit.
    """
    failed_by_itself = (
        outcome.ended_by is EndedBy.EXIT and outcome.failure is None and outcome.exit_code != 0
    )
    return failed_by_itself and (max_retries < 0 or retry_count < max_retries)


def ended_info(
    info: AuxiliaryTaskInfo, outcome: Outcome, max_retries: int
) -> tuple[AuxiliaryTaskInfo, bool]:
    """The state of such a task after an execution ended, and whether to run it again."""
    if wants_retry(outcome, info.retry_count, max_retries):
        again = replace(info, retry_count=info.retry_count + 1, last_retry_time=outcome.end_time)
        return again, True
    failure = failure_of(outcome)
    ended = replace(
        info,
        state=AuxiliaryTaskState.COMPLETED,
        end_time=outcome.end_time,
        exit_code=outcome.exit_code,
        failure=failure,
        result=TaskResult.SUCCESS if failure is None else TaskResult.FAILURE,
    )
    return ended, False
