"""Why something went wrong, and how a command was carried out, as the service tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from runfleet.azure.values import pairs_from_wire

# What details of a failure that name a place are called.
_PLACES = {"BlobSource", "ContainerSource", "Destination", "FilePath", "HttpUrl", "SourceUrl"}


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Why a resize, a node, a job or a task went wrong, in the service's words.

    Parameters
    ----------
    code
        Such as `AllocationFailed` or `FailureExitCode`.
    message
        A sentence.
    details
        Names and values that go with it.
    category
        `usererror` or `servererror`, where the service tells.
    """

    code: str
    message: str = ""
    details: Mapping[str, str] | None = None
    category: str | None = None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Read a `failureInfo`, `resizeError`, node error or `schedulingError`."""
        details = wire.get("details") or wire.get("values") or wire.get("errorDetails")
        return cls(
            wire.get("code", ""),
            wire.get("message", ""),
            pairs_from_wire(details),
            wire.get("category"),
        )

    @property
    def brief(self) -> str:
        """The failure without the places on nodes and in storage, which are long and say little."""
        details = {
            name: value
            for name, value in (self.details or {}).items()
            if value and name not in _PLACES
        }
        return str(replace(self, details=details))

    def __str__(self) -> str:
        details = " ".join(f"({name}: {value})" for name, value in (self.details or {}).items())
        return " ".join(part for part in (f"{self.code}: {self.message}", details) if part)


@dataclass(frozen=True, slots=True)
class ExecutionInfo:
    """
    How a start, preparation or release task went.

    Parameters
    ----------
    state
        `running` or `completed`.
    result
        `success` or `failure`, once completed.
    exit_code, failure
        How it ended.
    directory
        Its folder on the node, relative to the node's root; not told of start tasks.
    """

    state: str
    result: str | None = None
    exit_code: int | None = None
    failure: Failure | None = None
    directory: str | None = None

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any] | None) -> Self | None:
        """Read a `startTaskInfo`, `jobPreparationTaskExecutionInfo` or the like."""
        if wire is None:
            return None
        return cls(
            wire.get("state", ""),
            wire.get("result"),
            wire.get("exitCode"),
            failure_from_wire(wire.get("failureInfo")),
            wire.get("taskRootDirectory"),
        )


def reason_of(info: ExecutionInfo | None) -> str:
    """Say why a start, preparation or release task failed, as far as the service tells."""
    if info and info.exit_code:
        return f"exit code {info.exit_code}"
    return info.failure.brief if info and info.failure else "no reason is given"


def failure_from_wire(wire: Mapping[str, Any] | None) -> Failure | None:
    """Read a failure; None where there is none."""
    return None if wire is None else Failure.from_wire(wire)
