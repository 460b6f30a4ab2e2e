"""Jobs to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from runfleet.azure.settings import (
    ResourceFile,
    constraints_to_wire,
    environment_to_wire,
    files_to_wire,
    limit_to_wire,
)
from runfleet.azure.task_settings import TaskSettings
from runfleet.azure.user_accounts import identity_to_wire
from runfleet.azure.values import pairs_to_wire, without_none


class AllTasksComplete(StrEnum):
    """What becomes of a job when all its tasks are completed; it also has none at first."""

    NO_ACTION = "noaction"
    TERMINATE_JOB = "terminatejob"


@dataclass(frozen=True, slots=True)
class PreparationTask:
    """
    What each node runs once for a job, before the job's first task there.

    Parameters
    ----------
    command_line
        See `runfleet.azure.commands`.
    resource_files, environment
        Files and variables that it needs.
    max_retries
        How often it is run again when it fails.
    time_limit
        None for no limit.
    user
        The account of the pool that it runs under: that of the tasks which need what it leaves.
    """

    command_line: str
    resource_files: Sequence[ResourceFile] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    max_retries: int = 0
    time_limit: timedelta | None = None
    user: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the `jobPreparationTask`."""
        return without_none(
            commandLine=self.command_line,
            resourceFiles=files_to_wire(self.resource_files),
            environmentSettings=environment_to_wire(self.environment),
            constraints=constraints_to_wire(self.max_retries, self.time_limit),
            waitForSuccess=True,
            userIdentity=identity_to_wire(self.user),
        )


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """
    What each node that prepared for a job runs when the job ends.

    Parameters
    ----------
    command_line
        See `runfleet.azure.commands`.
    environment
        Variables that it needs.
    time_limit
        At most 15 minutes, which is also the service's default.
    """

    command_line: str
    environment: Mapping[str, str] = field(default_factory=dict)
    time_limit: timedelta | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the `jobReleaseTask`."""
        return without_none(
            commandLine=self.command_line,
            environmentSettings=environment_to_wire(self.environment),
            maxWallClockTime=limit_to_wire(self.time_limit),
        )


@dataclass(frozen=True, slots=True)
class JobManager:
    """
    A task that is added with its job, and starts before all others.

    Parameters
    ----------
    task
        The task.
    ends_job
        Whether its end, whatever it is, ends the job and all its tasks.
    exclusive
        Whether nothing else runs on its node meanwhile.
    """

    task: TaskSettings
    ends_job: bool = True
    exclusive: bool = False

    def to_wire(self) -> dict[str, Any]:
        """Write the `jobManagerTask`."""
        return {
            **self.task.to_wire(),
            "killJobOnCompletion": self.ends_job,
            "runExclusive": self.exclusive,
        }


@dataclass(frozen=True, slots=True)
class JobSettings:
    """
    A job to be made.

    Parameters
    ----------
    id
        Up to 64 letters, digits, hyphens and underscores.
    pool_id
        Where its tasks run; the pool need not be there yet.
    manager
        A task that starts before all others, and may end the job.
    preparation, release
        What each node runs before the job's first task there and when the job ends.
    environment
        Variables of all tasks of the job.
    max_retries, time_limit
        How often its tasks are run again when they fail, unless they say so themselves; how long
        the whole job may take.
    priority
        -1000 to 1000; jobs of a higher priority get nodes first.
    on_all_tasks_complete
        To be set once all tasks are added: a job without tasks has completed them all.
    metadata
        Names and values that stay with the job.
    """

    id: str
    pool_id: str
    manager: JobManager | None = None
    preparation: PreparationTask | None = None
    release: ReleaseTask | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    max_retries: int = 0
    time_limit: timedelta | None = None
    priority: int = 0
    on_all_tasks_complete: AllTasksComplete = AllTasksComplete.NO_ACTION
    metadata: Mapping[str, str] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """Write the job."""
        return without_none(
            id=self.id,
            poolInfo={"poolId": self.pool_id},
            jobManagerTask=self.manager.to_wire() if self.manager else None,
            jobPreparationTask=self.preparation.to_wire() if self.preparation else None,
            jobReleaseTask=self.release.to_wire() if self.release else None,
            commonEnvironmentSettings=environment_to_wire(self.environment),
            constraints=constraints_to_wire(self.max_retries, self.time_limit),
            priority=self.priority,
            onAllTasksComplete=self.on_all_tasks_complete.value,
            metadata=pairs_to_wire(self.metadata) or None,
        )
