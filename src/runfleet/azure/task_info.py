"""What the service tells of tasks and their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from runfleet.azure.failures import Failure, failure_from_wire
from runfleet.azure.values import duration_from_wire, pairs_from_wire, time_from_wire


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """
    A task; what was not selected is None, or empty.

    Parameters
    ----------
    id, state
        `active`, `preparing`, `running` or `completed`.
    result, exit_code, failure
        How it ended: `success` or `failure`.
    created, started, ended
        When it was added, last started, and ended.
    retries, requeues
        How often it was run again because it failed, and because its node was taken away.
    node_id
        Where it last ran.
    command_line, environment, user
        What was asked for; the user is an account of its pool, or None for the usual one.
    time_limit
        How long it might take; told of tasks that have failed, where it may be why.
    nodes
        How many nodes it takes.
    """

    id: str
    state: str | None
    result: str | None
    exit_code: int | None
    failure: Failure | None
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    retries: int
    requeues: int
    node_id: str | None
    command_line: str | None
    environment: Mapping[str, str]
    user: str | None = None
    time_limit: timedelta | None = None
    nodes: int = 1

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a task."""
        execution = wire.get("executionInfo") or {}
        return cls(
            wire["id"],
            wire.get("state"),
            execution.get("result"),
            execution.get("exitCode"),
            failure_from_wire(execution.get("failureInfo")),
            time_from_wire(wire.get("creationTime")),
            time_from_wire(execution.get("startTime")),
            time_from_wire(execution.get("endTime")),
            execution.get("retryCount", 0),
            execution.get("requeueCount", 0),
            (wire.get("nodeInfo") or {}).get("nodeId"),
            wire.get("commandLine"),
            pairs_from_wire(wire.get("environmentSettings")),
            (wire.get("userIdentity") or {}).get("username"),
            _time_limit(wire) if execution.get("failureInfo") else None,
            (wire.get("multiInstanceSettings") or {}).get("numberOfInstances", 1),
        )


def _time_limit(wire: Mapping[str, Any]) -> timedelta | None:
    limit = (wire.get("constraints") or {}).get("maxWallClockTime")
    return duration_from_wire(limit) if limit else None


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """
    How many tasks of a job are in which state.

    Parameters
    ----------
    active, running
        Waiting, and running or being prepared.
    completed
        Those that succeeded and those that failed.
    succeeded, failed
        Which of them did.
    """

    active: int = 0
    running: int = 0
    completed: int = 0
    succeeded: int = 0
    failed: int = 0

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read `taskcounts`."""
        counts = wire.get("taskCounts") or {}
        return cls(**{name: counts.get(name, 0) for name in cls.__slots__})

    @property
    def total(self) -> int:
        """How many tasks the job has."""
        return self.active + self.running + self.completed


@dataclass(frozen=True, slots=True)
class FileInfo:
    """
    A file on a node.

    Parameters
    ----------
    name
        Relative to the folder of the task, or to the root of the node, with slashes.
    is_directory
        Whether it is a folder.
    size
        In bytes; 0 for folders.
    last_modified
        None for folders.
    """

    name: str
    is_directory: bool
    size: int
    last_modified: datetime | None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read an item of a list of files."""
        properties = wire.get("properties") or {}
        return cls(
            wire["name"].replace("\\", "/"),
            wire.get("isDirectory", False),
            int(properties.get("contentLength", 0)),
            time_from_wire(properties.get("lastModified")),
        )
