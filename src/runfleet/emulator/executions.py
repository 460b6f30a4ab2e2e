"""From what the scheduler wants started to what the node agent is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from runfleet.agent.failures import ExecutionError
from runfleet.agent.messages import (
    Execute,
    FilesToUpload,
    FileToFetch,
    PackageToInstall,
    Subject,
    SubjectKind,
)
from runfleet.batch.records import Job, Node, Pool, Task
from runfleet.batch.specs import (
    CommandSpec,
    OutputFile,
    PoolSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
    ResourceFile,
    TaskSpec,
)
from runfleet.batch.states import OsType
from runfleet.batch.vm_sizes import core_count
from runfleet.emulator.environment import (
    InstalledPackage,
    directory_environment,
    job_environment,
    merged,
    node_environment,
    package_environment,
    with_windows_paths,
)
from runfleet.emulator.instances import as_instance
from runfleet.emulator.node_roots import node_root
from runfleet.emulator.packages import Packages
from runfleet.home import Folders
from runfleet.scheduler.commands import (
    StartInstance,
    StartNodeTask,
    StartPreparation,
    StartRelease,
    StartTask,
)
from runfleet.storage import Storage
from runfleet.storage.errors import InvalidNameError, StorageError
from runfleet.wire.shapes import task_directory

_START_TASK_DIRECTORY = "startup"
_DEFAULT_FILE_MODE = "0770"
_AUTO_STORAGE_LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Executions:
    """
    Makes the node agent's orders.

    Parameters
    ----------
    folders
        Where nodes are.
    packages
        Finds application packages.
    storage
        The auto-storage account.
    account, url
        What tasks are told of the account they belong to.
    """

    folders: Folders
    packages: Packages
    storage: Storage
    account: str
    url: str

    def of_task(self, command: StartTask, spec: TaskSpec, job: Job, pool: PoolSpec) -> Execute:
        """Run one attempt of a task."""
        task, node, root = command.task, command.node, self._root(command.node)
        installed = self.packages.on_node((*pool.packages, *spec.packages), root)
        directory = task_directory(task.job_id, task.task_id)
        return self._execute(
            command.execution,
            Subject(SubjectKind.TASK, node.pool_id, node.node_id, task.job_id, task.task_id),
            node,
            pool.os_type,
            directory,
            spec.command,
            job.spec.common_environment,
            job_environment(job, task.task_id, root),
            installed,
            uploads=tuple(map(_upload, spec.output_files)),
            keep_directory=command.is_retry,
            upload_on_failure=not _may_retry(task),
            time_limit=spec.max_wall_clock_time,
        )

    def of_instance(
        self, command: StartInstance, spec: TaskSpec, job: Job, pool: PoolSpec
    ) -> Execute:
        """Run one attempt of an instance of a multi-instance task."""
        start = StartTask(command.execution, command.task, command.node, command.is_retry)
        execute = self.of_task(start, spec, job, pool)
        instances = _known(spec.multi_instance)
        files = [*map(self._file, instances.common_resource_files)]
        return as_instance(execute, command, instances, files, core_count(pool.vm_size))

    def of_start_task(self, command: StartNodeTask) -> Execute:
        """Run a pool's start task on a node."""
        pool, node = command.pool, command.node
        spec = _known(pool.spec.start_task)
        return self._execute(
            command.execution,
            Subject(SubjectKind.START_TASK, node.pool_id, node.node_id),
            node,
            pool.spec.os_type,
            _START_TASK_DIRECTORY,
            spec.command,
            {},
            {},
            self.packages.on_node(pool.spec.packages, self._root(node)),
            keep_directory=command.is_retry,
        )

    def of_preparation(self, command: StartPreparation, pool: Pool) -> Execute:
        """Run a job's preparation task on a node."""
        spec = _known(command.job.spec.preparation)
        kind = SubjectKind.PREPARATION_TASK
        return self._of_job_part(command, pool, kind, spec, is_retry=command.is_retry)

    def of_release(self, command: StartRelease, pool: Pool) -> Execute:
        """Run a job's release task on a node."""
        spec = _known(command.job.spec.release)
        return self._of_job_part(command, pool, SubjectKind.RELEASE_TASK, spec, is_retry=False)

    def _of_job_part(
        self,
        command: StartPreparation | StartRelease,
        pool: Pool,
        kind: SubjectKind,
        spec: PreparationTaskSpec | ReleaseTaskSpec,
        *,
        is_retry: bool,
    ) -> Execute:
        job, node = command.job, command.node
        root = self._root(node)
        return self._execute(
            command.execution,
            Subject(kind, node.pool_id, node.node_id, job.spec.job_id, spec.task_id),
            node,
            pool.spec.os_type,
            task_directory(job.spec.job_id, spec.task_id),
            spec.command,
            job.spec.common_environment,
            job_environment(job, spec.task_id, root),
            self.packages.on_node(pool.spec.packages, root),
            keep_directory=is_retry,
            time_limit=spec.max_wall_clock_time,
        )

    def _execute(
        self,
        execution: int,
        subject: Subject,
        node: Node,
        os_type: OsType,
        directory: str,
        command: CommandSpec,
        common_environment: Mapping[str, str],
        own_environment: Mapping[str, str],
        installed: list[InstalledPackage],
        *,
        uploads: tuple[FilesToUpload, ...] = (),
        keep_directory: bool,
        upload_on_failure: bool = True,
        time_limit: timedelta | None = None,
    ) -> Execute:
        root = self._root(node)
        environment = merged(
            common_environment,
            command.environment,
            node_environment(self.account, self.url, node, root),
            directory_environment(root, directory),
            own_environment,
            package_environment(installed, os_type),
        )
        on_windows = os_type is OsType.WINDOWS
        return Execute(
            execution=execution,
            subject=subject,
            node_root=str(root),
            directory=directory,
            command_line=command.command_line,
            environment=with_windows_paths(environment, root) if on_windows else environment,
            files=tuple(map(self._file, command.resource_files)),
            uploads=uploads,
            packages=tuple(map(_package, installed)),
            keep_directory=keep_directory,
            upload_on_failure=upload_on_failure,
            time_limit=time_limit.total_seconds() if time_limit is not None else None,
            on_windows=on_windows,
        )

    def _root(self, node: Node) -> Path:
        return node_root(self.folders, node.node_id)

    def _file(self, file: ResourceFile) -> FileToFetch:
        return FileToFetch(
            url=file.http_url or file.storage_container_url or self._auto_storage_url(file),
            is_container=file.http_url is None,
            blob_prefix=file.blob_prefix or "",
            file_path=file.file_path or "",
            file_mode=file.file_mode or _DEFAULT_FILE_MODE,
        )

    def _auto_storage_url(self, file: ResourceFile) -> str:
        container = file.auto_storage_container_name or ""
        try:
            return self.storage.container_url(container, life=_AUTO_STORAGE_LIFE)
        except StorageError as error:
            is_wrong = isinstance(error, InvalidNameError)
            code = "BlobNotFound" if is_wrong else "BlobDownloadMiscError"
            raise ExecutionError(code, BlobSource=container, Message=error.message) from error


Spec = TypeVar("Spec")


def _known(value: Spec | None) -> Spec:
    assert value is not None, "the scheduler starts only what its pool or job has"
    return value


def _may_retry(task: Task) -> bool:
    return task.max_task_retry_count < 0 or task.retry_count < task.max_task_retry_count


def _upload(file: OutputFile) -> FilesToUpload:
    return FilesToUpload(
        pattern=file.file_pattern,
        container_url=file.container_url,
        path=file.path,
        condition=file.upload_condition.value,
        headers=file.upload_headers,
    )


def _package(package: InstalledPackage) -> PackageToInstall:
    return PackageToInstall(str(package.archive), str(package.folder))
