"""What the service tells of jobs and their preparation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from runfleet.azure.failures import ExecutionInfo, Failure, failure_from_wire
from runfleet.azure.values import pairs_from_wire, time_from_wire

OVER = ("terminating", "completed", "deleting")
"""The states of a job that takes no more tasks, and starts none."""

_ALL_COMPLETE = "AllTasksComplete"


@dataclass(frozen=True, slots=True)
class JobInfo:
    """
    A job.

    Parameters
    ----------
    id, state
        `active`, `disabling`, `disabled`, `enabling`, `terminating`, `completed` or `deleting`.
    pool_id
        Where its tasks run.
    priority
        -1000 to 1000.
    on_all_tasks_complete
        `noaction` or `terminatejob`.
    metadata
        Names and values given when it was made.
    created, ended
        When it was made, and when it was completed.
    terminate_reason
        Why it was; None until then.
    failure
        Why it could not be scheduled.
    max_retries
        How often its tasks are run again, unless they say something else; -1 without limit.
    """

    id: str
    state: str
    pool_id: str
    priority: int
    on_all_tasks_complete: str
    metadata: Mapping[str, str]
    created: datetime | None
    ended: datetime | None
    terminate_reason: str | None
    failure: Failure | None
    max_retries: int = 0

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a job."""
        execution = wire.get("executionInfo") or {}
        pool = wire.get("poolInfo") or {}
        return cls(
            id=wire["id"],
            state=wire.get("state", ""),
            pool_id=execution.get("poolId") or pool.get("poolId", ""),
            priority=wire.get("priority", 0),
            on_all_tasks_complete=wire.get("onAllTasksComplete", "noaction").lower(),
            metadata=pairs_from_wire(wire.get("metadata")),
            created=time_from_wire(wire.get("creationTime")),
            ended=time_from_wire(execution.get("endTime")),
            terminate_reason=execution.get("terminateReason"),
            failure=failure_from_wire(execution.get("schedulingError")),
            max_retries=(wire.get("constraints") or {}).get("maxTaskRetryCount", 0),
        )

    @property
    def is_over(self) -> bool:
        """Whether it takes no more tasks; what is left of it never runs."""
        return self.state in OVER

    @property
    def was_ended(self) -> bool:
        """Whether somebody ended it before its tasks had ended by themselves."""
        return self.is_over and self.terminate_reason != _ALL_COMPLETE


@dataclass(frozen=True, slots=True)
class PreparationInfo:
    """
    How preparing for a job, and cleaning up after it, went on one node.

    Parameters
    ----------
    node_id
        The node; it may be gone by now.
    preparation, release
        None while it has not begun.
    """

    node_id: str
    preparation: ExecutionInfo | None
    release: ExecutionInfo | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read an item of `jobpreparationandreleasetaskstatus`."""
        return cls(
            wire.get("nodeId", ""),
            ExecutionInfo.from_wire(wire.get("jobPreparationTaskExecutionInfo")),
            ExecutionInfo.from_wire(wire.get("jobReleaseTaskExecutionInfo")),
        )
