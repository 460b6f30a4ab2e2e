"""What is asked of the service: pools, jobs and tasks to be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from runfleet.azure.values import duration_to_wire, pairs_to_wire, without_none

_ELEVATED = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}


class OperatingSystem(StrEnum):
    """What runs on a node."""

    LINUX = "linux"
    WINDOWS = "windows"


class UploadCondition(StrEnum):
    """When an output file is uploaded."""

    SUCCESS = "tasksuccess"
    FAILURE = "taskfailure"
    COMPLETION = "taskcompletion"


class AllTasksComplete(StrEnum):
    """What becomes of a job when all its tasks are completed; it also has none at first."""

    NO_ACTION = "noaction"
    TERMINATE_JOB = "terminatejob"


@dataclass(frozen=True, slots=True)
class Image:
    """
    An operating system image that the service supports.

    Parameters
    ----------
    publisher, offer, sku, version
        Its name in the marketplace.
    node_agent
        The node agent that goes with it, `nodeAgentSKUId`.
    operating_system
        Linux or Windows.
    verified
        Whether Microsoft has verified that image and node agent go together.
    end_of_life
        When the service ends its support, if that is known.
    """

    publisher: str
    offer: str
    sku: str
    node_agent: str
    operating_system: OperatingSystem
    version: str = "latest"
    verified: bool = True
    end_of_life: datetime | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the `virtualMachineConfiguration` of a pool."""
        reference = {
            "publisher": self.publisher,
            "offer": self.offer,
            "sku": self.sku,
            "version": self.version,
        }
        return {"imageReference": reference, "nodeAgentSKUId": self.node_agent}


@dataclass(frozen=True, slots=True)
class PackageReference:
    """
    An application package that a task needs.

    Parameters
    ----------
    id
        The application, as the account knows it.
    version
        None for the default version of the account.
    """

    id: str
    version: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the reference as tasks have it: with the plain id."""
        return without_none(applicationId=self.id, version=self.version)


@dataclass(frozen=True, slots=True)
class ResourceFile:
    """
    Files that a node fetches before a task starts; exactly one of the three sources is given.

    Parameters
    ----------
    http_url
        One file.
    container_url, auto_storage_container
        All blobs of a container, by URL or by name in the storage account of the Batch account.
    blob_prefix
        Only the blobs of the container that begin with it.
    file_path
        Where to put it, relative to the working directory: a file for `http_url`, else a folder.
    file_mode
        Octal, for Linux; the service's default is `0770`.
    """

    http_url: str | None = None
    container_url: str | None = None
    auto_storage_container: str | None = None
    blob_prefix: str | None = None
    file_path: str | None = None
    file_mode: str | None = None

    def __post_init__(self) -> None:
        sources = (self.http_url, self.container_url, self.auto_storage_container)
        if sources.count(None) != 2:
            raise ValueError("a resource file has exactly one source")

    def to_wire(self) -> dict[str, Any]:
        """Write the `resourceFile`."""
        return without_none(
            httpUrl=self.http_url,
            storageContainerUrl=self.container_url,
            autoStorageContainerName=self.auto_storage_container,
            blobPrefix=self.blob_prefix,
            filePath=self.file_path,
            fileMode=self.file_mode,
        )


@dataclass(frozen=True, slots=True)
class OutputFile:
    """
    Files that a node uploads when a task has ended.

    Parameters
    ----------
    pattern
        Which files, relative to the working directory: `*.rpt`, `../std*.txt`, `out/**/*.csv`.
    container_url
        Where to, with the right to write.
    path
        The blob's name for a pattern without wildcards, else the folder of the blobs.
    condition
        After which ends.
    """

    pattern: str
    container_url: str
    path: str | None = None
    condition: UploadCondition = UploadCondition.COMPLETION

    def to_wire(self) -> dict[str, Any]:
        """Write the `outputFile`."""
        container = without_none(containerUrl=self.container_url, path=self.path)
        return {
            "filePattern": self.pattern,
            "destination": {"container": container},
            "uploadOptions": {"uploadCondition": self.condition.value},
        }


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
            resourceFiles=_files_to_wire(self.resource_files),
            environmentSettings=_environment_to_wire(self.environment),
            maxTaskRetryCount=self.max_retries,
            waitForSuccess=True,
            userIdentity=_ELEVATED if self.elevated else None,
        )


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
    """

    command_line: str
    resource_files: Sequence[ResourceFile] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    max_retries: int = 0
    time_limit: timedelta | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the `jobPreparationTask`."""
        return without_none(
            commandLine=self.command_line,
            resourceFiles=_files_to_wire(self.resource_files),
            environmentSettings=_environment_to_wire(self.environment),
            constraints=_constraints_to_wire(self.max_retries, self.time_limit),
            waitForSuccess=True,
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
            environmentSettings=_environment_to_wire(self.environment),
            maxWallClockTime=_limit_to_wire(self.time_limit),
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
            applicationPackageReferences=_packages_to_wire(self.packages),
            startTask=self.start_task.to_wire() if self.start_task else None,
            metadata=pairs_to_wire(self.metadata) or None,
        )

    def _scale_to_wire(self) -> dict[str, Any]:
        if self.autoscale is not None:
            return self.autoscale.to_wire()
        return {"targetDedicatedNodes": self.dedicated, "targetLowPriorityNodes": self.spot}


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
            jobPreparationTask=self.preparation.to_wire() if self.preparation else None,
            jobReleaseTask=self.release.to_wire() if self.release else None,
            commonEnvironmentSettings=_environment_to_wire(self.environment),
            constraints=_constraints_to_wire(self.max_retries, self.time_limit),
            priority=self.priority,
            onAllTasksComplete=self.on_all_tasks_complete.value,
            metadata=pairs_to_wire(self.metadata) or None,
        )


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
            commonResourceFiles=_files_to_wire(self.common_files),
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

    def to_wire(self) -> dict[str, Any]:
        """Write the task."""
        return without_none(
            id=self.id,
            commandLine=self.command_line,
            resourceFiles=_files_to_wire(self.resource_files),
            outputFiles=_files_to_wire(self.output_files),
            environmentSettings=_environment_to_wire(self.environment),
            applicationPackageReferences=_packages_to_wire(self.packages),
            constraints=_constraints_to_wire(self.max_retries, self.time_limit, self.retention),
            requiredSlots=self.slots if self.slots != 1 else None,
            multiInstanceSettings=self.instances.to_wire() if self.instances else None,
        )


def _files_to_wire(files: Sequence[ResourceFile | OutputFile]) -> list[dict[str, Any]] | None:
    return [file.to_wire() for file in files] or None


def _packages_to_wire(packages: Sequence[PackageReference]) -> list[dict[str, Any]] | None:
    return [package.to_wire() for package in packages] or None


def _environment_to_wire(environment: Mapping[str, str]) -> list[dict[str, str]] | None:
    return pairs_to_wire(environment) or None


def _limit_to_wire(limit: timedelta | None) -> str | None:
    return None if limit is None else duration_to_wire(limit)


def _constraints_to_wire(
    max_retries: int | None, time_limit: timedelta | None, retention: timedelta | None = None
) -> dict[str, Any] | None:
    constraints = without_none(
        maxWallClockTime=_limit_to_wire(time_limit),
        retentionTime=_limit_to_wire(retention),
        maxTaskRetryCount=max_retries,
    )
    return constraints or None
