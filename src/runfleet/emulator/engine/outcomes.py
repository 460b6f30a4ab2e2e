"""From what the node agent tells of an end to what the scheduler is told of it."""

from __future__ import annotations

from datetime import UTC, datetime

from runfleet.agent.messages import Ended, ExecutionFailure
from runfleet.batch.records import Failure
from runfleet.batch.states import ErrorCategory
from runfleet.scheduler.outcomes import Outcome


def outcome_of(ended: Ended) -> Outcome:
    """What the scheduler is told of an execution that ended."""
    return Outcome(
        start_time=datetime.fromtimestamp(ended.start_time, UTC),
        end_time=datetime.fromtimestamp(ended.end_time, UTC),
        ended_by=ended.ended_by,
        exit_code=ended.exit_code,
        failure=failure_record(ended.failure),
        has_background=ended.has_background,
    )


def is_success(ended: Ended) -> bool:
    """Whether nothing went wrong with an execution, and nobody ended it."""
    return ended.exit_code == 0 and ended.failure is None


def failure_record(failure: ExecutionFailure | None) -> Failure | None:
    """What the agent tells of a failure as records have it."""
    if failure is None:
        return None
    category = ErrorCategory(failure.category)
    return Failure(category, failure.code, failure.message, failure.details)
