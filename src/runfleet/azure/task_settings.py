"""Tasks to be added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runfleet.azure.settings import (
    OutputFile,
    PackageReference,
    ResourceFile,
    constraints_to_wire,
    environment_to_wire,
    files_to_wire,
    packages_to_wire,
)
from runfleet.azure.user_accounts import identity_to_wire
from runfleet.azure.values import without_none


@dataclass(frozen=True, slots=True)
class Instances:
    """
    How a task runs on several nodes at once.

    Parameters
    ----------
    number
        On how many nodes; their pool has one task slot a node, and inter-node communication.
    coordination_command_line
        What each node does first; the task's own command line is for the first of them.
    common_files
        What each node fetches before, into a folder of which the task's working directory, ``wd``,
        is a part.
    """

    number: int
    coordination_command_line: str
    common_files: Sequence[ResourceFile] = ()

    def to_wire(self) -> dict[str, Any]:
        """Write the `multiInstanceSettings`."""
        return without_none(
            numberOfInstances=self.number,
            coordinationCommandLine=self.coordination_command_line,
            commonResourceFiles=files_to_wire(self.common_files),
        )


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """
    A task to be added.

    Parameters
    ----------
    id
        Up to 64 letters, digits, hyphens and underscores.
    command_line
        See `runfleet.azure.commands`.
    resource_files, output_files
        What is fetched before, and uploaded after.
    environment
        Its variables.
    packages
        Application packages that it needs.
    max_retries
        How often it is run again when it fails; None for what the job says.
    time_limit
        How long it may run; None for no limit.
    retention
        How long its files stay on the node; None for the service's seven days.
    slots
        How many task slots it takes.
    instances
        How it runs on several nodes at once; None for a task that runs on one.
    user
        The account of its pool that it runs under; None for the usual one.
    """

    id: str
    command_line: str
    resource_files: Sequence[ResourceFile] = ()
    output_files: Sequence[OutputFile] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[PackageReference] = ()
    max_retries: int | None = None
    time_limit: timedelta | None = None
    retention: timedelta | None = None
    slots: int = 1
    instances: Instances | None = None
    user: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the task."""
        return without_none(
            id=self.id,
            commandLine=self.command_line,
            resourceFiles=files_to_wire(self.resource_files),
            outputFiles=files_to_wire(self.output_files),
            environmentSettings=environment_to_wire(self.environment),
            applicationPackageReferences=packages_to_wire(self.packages),
            constraints=constraints_to_wire(self.max_retries, self.time_limit, self.retention),
            requiredSlots=self.slots if self.slots != 1 else None,
            multiInstanceSettings=self.instances.to_wire() if self.instances else None,
            userIdentity=identity_to_wire(self.user),
        )
