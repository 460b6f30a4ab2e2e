"""How executions of all kinds end, and what their end counts as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runfleet.batch.records import Failure
from runfleet.batch.states import EndedBy, ErrorCategory


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How an execution ended.

    Parameters
    ----------
    ended_by
        Whether it ended by itself, or by whom it was ended.
    exit_code
        None where its command was not run, or has not ended by itself.
    failure
        Set when more than the exit code went wrong.
    has_background
        Whether a start task has left processes that go on.
    """

    start_time: datetime
    end_time: datetime
    ended_by: EndedBy = EndedBy.EXIT
    exit_code: int | None = None
    failure: Failure | None = None
    has_background: bool = False


def lost_outcome(now: datetime) -> Outcome:
    """How an execution ended whose processes are gone with their machine."""
    return Outcome(now, now, EndedBy.KILL)


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
