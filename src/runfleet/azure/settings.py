"""What pools, jobs and tasks are made of: images, packages, files, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from runfleet.azure.values import duration_to_wire, pairs_to_wire, without_none


class OperatingSystem(StrEnum):
    """What runs on a node."""

    LINUX = "linux"
    WINDOWS = "windows"


class UploadCondition(StrEnum):
    """When an output file is uploaded."""

    SUCCESS = "tasksuccess"
    FAILURE = "taskfailure"
    COMPLETION = "taskcompletion"


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


def files_to_wire(files: Sequence[ResourceFile | OutputFile]) -> list[dict[str, Any]] | None:
    """Write files, or nothing where there are none."""
    return [file.to_wire() for file in files] or None


def packages_to_wire(packages: Sequence[PackageReference]) -> list[dict[str, Any]] | None:
    """Write references to application packages, or nothing where there are none."""
    return [package.to_wire() for package in packages] or None


def environment_to_wire(environment: Mapping[str, str]) -> list[dict[str, str]] | None:
    """Write variables, or nothing where there are none."""
    return pairs_to_wire(environment) or None


def limit_to_wire(limit: timedelta | None) -> str | None:
    """Write a time limit, or nothing where there is none."""
    return None if limit is None else duration_to_wire(limit)


def constraints_to_wire(
    max_retries: int | None, time_limit: timedelta | None, retention: timedelta | None = None
) -> dict[str, Any] | None:
    """Write the constraints of a task, or nothing where there are none."""
    constraints = without_none(
        maxWallClockTime=limit_to_wire(time_limit),
        retentionTime=limit_to_wire(retention),
        maxTaskRetryCount=max_retries,
    )
    return constraints or None
