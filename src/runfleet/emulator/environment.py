"""The environment variables that the service sets for tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from runfleet.batch.records import Job, Node
from runfleet.batch.specs import ApplicationPackageReference
from runfleet.batch.states import OsType
from runfleet.emulator.disk import RESERVED_FOR_TASKS
from runfleet.emulator.packages import InstalledPackage
from runfleet.wire.shapes import task_directory


def node_environment(account: str, url: str, node: Node, root: Path) -> dict[str, str]:
    """What every task on a node gets."""
    return {
        "AZ_BATCH_ACCOUNT_NAME": account,
        "AZ_BATCH_ACCOUNT_URL": url,
        "AZ_BATCH_POOL_ID": node.pool_id,
        "AZ_BATCH_NODE_ID": node.node_id,
        "AZ_BATCH_NODE_IS_DEDICATED": "true" if node.dedicated else "false",
        "AZ_BATCH_NODE_ROOT_DIR": str(root),
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": str(RESERVED_FOR_TASKS),
    }


def directory_environment(root: Path, directory: str) -> dict[str, str]:
    """Where a task of any kind finds itself."""
    return {
        "AZ_BATCH_TASK_DIR": f"{root}/{directory}",
        "AZ_BATCH_TASK_WORKING_DIR": f"{root}/{directory}/wd",
    }


def job_environment(job: Job, task_id: str, root: Path) -> dict[str, str]:
    """What tasks of a job get beyond that; the preparation task itself has no preparation."""
    names = {"AZ_BATCH_JOB_ID": job.spec.job_id, "AZ_BATCH_TASK_ID": task_id}
    preparation = job.spec.preparation
    if preparation is None or preparation.task_id == task_id:
        return names
    directory = f"{root}/{task_directory(job.spec.job_id, preparation.task_id)}"
    return names | {
        "AZ_BATCH_JOB_PREP_DIR": directory,
        "AZ_BATCH_JOB_PREP_WORKING_DIR": f"{directory}/wd",
    }


def package_environment(
    packages: Iterable[InstalledPackage], os_type: OsType = OsType.LINUX
) -> dict[str, str]:
    """Where a task finds its application packages."""
    if os_type is OsType.WINDOWS:
        return {_windows_name(one.reference): str(one.folder) for one in packages}
    return _linux_package_environment(packages)


def _windows_name(reference: ApplicationPackageReference) -> str:
    version = f"#{reference.version}" if reference.version else ""
    return f"AZ_BATCH_APP_PACKAGE_{reference.application_id.upper()}{version}"


def _linux_package_environment(packages: Iterable[InstalledPackage]) -> dict[str, str]:
    """
    Name the folders as Linux nodes do.

    The documentation keeps the case of the id in one place and lowers it in another, so both are
    set, and that of the reference; a reference without a version gives the name without one.
    """
    variables: dict[str, str] = {}
    for package in packages:
        reference = package.reference
        for application in (package.application_id, reference.application_id):
            name = "_".join(filter(None, (application, reference.version)))
            name = re.sub(r"[.#-]", "_", name)
            variables[f"AZ_BATCH_APP_PACKAGE_{name}"] = str(package.folder)
            variables[f"AZ_BATCH_APP_PACKAGE_{name.lower()}"] = str(package.folder)
    return variables


def with_windows_paths(variables: Mapping[str, str], root: Path) -> dict[str, str]:
    """
    Tell the places on a node as Windows paths.

    All nodes are on the drive D, where the service has those with a temporary disk.
    """
    return {
        name: _windows_path(value, root) if name.startswith("AZ_BATCH_") else value
        for name, value in variables.items()
    }


def _windows_path(value: str, root: Path) -> str:
    below = value.removeprefix(str(root))
    if below == value or not (below == "" or below.startswith("/")):
        return value
    return f"D:\\{root.name}" + below.replace("/", "\\")


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """One environment of several, later ones first in rank."""
    return {name: value for layer in layers for name, value in layer.items()}
