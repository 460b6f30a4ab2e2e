"""Pools to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runfleet.azure.settings import (
    Image,
    PackageReference,
    ResourceFile,
    environment_to_wire,
    files_to_wire,
    packages_to_wire,
)
from runfleet.azure.user_accounts import UserAccount
from runfleet.azure.values import duration_to_wire, pairs_to_wire, without_none

_ELEVATED = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}


@dataclass(frozen=True, slots=True)
class StartTask:
    """
    What each node runs when it joins a pool, before it takes tasks.

    Parameters
    ----------
    command_line
        See `runfleet.azure.commands`.
    resource_files, environment
        Files and variables that it needs.
    max_retries
        How often it is run again when it fails.
    elevated
        Whether it runs as administrator, to install programs.
    """

    command_line: str
    resource_files: Sequence[ResourceFile] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    max_retries: int = 0
    elevated: bool = False

    def to_wire(self) -> dict[str, Any]:
        """Write the `startTask`."""
        return without_none(
            commandLine=self.command_line,
            resourceFiles=files_to_wire(self.resource_files),
            environmentSettings=environment_to_wire(self.environment),
            maxTaskRetryCount=self.max_retries,
            waitForSuccess=True,
            userIdentity=_ELEVATED if self.elevated else None,
        )


@dataclass(frozen=True, slots=True)
class Autoscale:
    """
    How a pool follows its work by itself.

    Parameters
    ----------
    formula
        Sets the targets of the pool; `runfleet.autoscale` has ready-made ones.
    interval
        How often it is evaluated, five minutes to a week.
    """

    formula: str
    interval: timedelta = timedelta(minutes=5)

    def to_wire(self) -> dict[str, Any]:
        """Write the members of a pool that are about it."""
        return {
            "enableAutoScale": True,
            "autoScaleFormula": self.formula,
            "autoScaleEvaluationInterval": duration_to_wire(self.interval),
        }


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """
    A pool to be made.

    Parameters
    ----------
    id
        Up to 64 letters, digits, hyphens and underscores.
    image, vm_size
        What its nodes are.
    dedicated, spot
        How many nodes of each kind, where the pool does not follow its work.
    autoscale
        How the pool follows its work; None if it does not.
    slots
        How many task slots each node has.
    pack
        Whether a node is filled before the next one gets tasks.
    inter_node_communication
        Whether its nodes can talk to each other, as multi-instance tasks need it.
    packages
        Application packages that each node gets.
    start_task
        What each node runs first.
    metadata
        Names and values that stay with the pool.
    users
        Accounts that tasks can run under, besides the usual one.
    """

    id: str
    image: Image
    vm_size: str
    dedicated: int = 0
    spot: int = 0
    autoscale: Autoscale | None = None
    slots: int = 1
    pack: bool = False
    inter_node_communication: bool = False
    packages: Sequence[PackageReference] = ()
    start_task: StartTask | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    users: Sequence[UserAccount] = ()

    def to_wire(self) -> dict[str, Any]:
        """Write the pool."""
        return without_none(
            id=self.id,
            vmSize=self.vm_size,
            virtualMachineConfiguration=self.image.to_wire(),
            **self._scale_to_wire(),
            taskSlotsPerNode=self.slots,
            taskSchedulingPolicy={"nodeFillType": "pack"} if self.pack else None,
            enableInterNodeCommunication=self.inter_node_communication or None,
            applicationPackageReferences=packages_to_wire(self.packages),
            startTask=self.start_task.to_wire() if self.start_task else None,
            metadata=pairs_to_wire(self.metadata) or None,
            userAccounts=[user.to_wire() for user in self.users] or None,
        )

    def _scale_to_wire(self) -> dict[str, Any]:
        if self.autoscale is not None:
            return self.autoscale.to_wire()
        return {"targetDedicatedNodes": self.dedicated, "targetLowPriorityNodes": self.spot}
