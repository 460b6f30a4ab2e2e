"""How start, preparation and release tasks end."""

from __future__ import annotations

from dataclasses import replace

from runfleet.batch.records import AuxiliaryTaskInfo
from runfleet.batch.states import AuxiliaryTaskState, TaskResult
from runfleet.scheduler.outcomes import Outcome, failure_of, wants_retry


def is_running(info: AuxiliaryTaskInfo | None) -> bool:
    """Whether such a task has begun and not ended yet."""
    return info is not None and info.state is AuxiliaryTaskState.RUNNING


def ended_info(
    info: AuxiliaryTaskInfo, outcome: Outcome, max_retries: int
) -> tuple[AuxiliaryTaskInfo, bool]:
    """The state of such a task after an execution ended, and whether to run it again."""
    if wants_retry(outcome, info.retry_count, max_retries):
        begun = outcome.end_time
        count = info.retry_count + 1
        return replace(info, start_time=begun, retry_count=count, last_retry_time=begun), True
    failure = failure_of(outcome)
    ended = replace(
        info,
        state=AuxiliaryTaskState.COMPLETED,
        end_time=outcome.end_time,
        exit_code=outcome.exit_code,
        failure=failure,
        result=TaskResult.SUCCESS if failure is None else TaskResult.FAILURE,
        has_background=outcome.has_background,
    )
    return ended, False
