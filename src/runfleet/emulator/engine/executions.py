"""From what the scheduler wants started to what the node agent is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

from runfleet.agent.failures import ExecutionError
from runfleet.agent.messages import (
    Constrain,
    Execute,
    FilesToUpload,
    FileToFetch,
    PackageToInstall,
    Subject,
    SubjectKind,
)
from runfleet.batch.records import Job, Node, Task
from runfleet.batch.specs import (
    ApplicationPackageReference,
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
from runfleet.emulator.engine.instances import as_instance
from runfleet.emulator.environment import (
    directory_environment,
    job_environment,
    merged,
    node_environment,
    package_environment,
    with_windows_paths,
)
from runfleet.emulator.node_roots import node_root
from runfleet.emulator.packages import InstalledPackage, Packages
from runfleet.home import Folders
from runfleet.scheduler import commands
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


Start = StartTask | StartNodeTask | StartPreparation | StartRelease


class _Work(NamedTuple):
    """What is executed, of whatever kind; the start task alone has no job."""

    kind: SubjectKind
    command: CommandSpec
    job: Job | None = None
    task_id: str = ""
    task_sequence: int = 0
    packages: Sequence[ApplicationPackageReference] = ()
    uploads: tuple[FilesToUpload, ...] = ()
    upload_on_failure: bool = True
    time_limit: timedelta | None = None


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
        work = _Work(
            SubjectKind.TASK,
            spec.command,
            job,
            command.task.task_id,
            command.task.sequence,
            packages=spec.packages,
            uploads=tuple(map(_upload, spec.output_files)),
            upload_on_failure=not _may_retry(command.task),
            time_limit=spec.max_wall_clock_time,
        )
        return self._execute(command, pool, work, is_retry=command.is_retry)

    def of_instance(
        self, command: StartInstance, spec: TaskSpec, job: Job, pool: PoolSpec
    ) -> Execute:
        """Run one attempt of an instance of a multi-instance task."""
        start = StartTask(command.execution, command.task, command.node, command.is_retry)
        execute = self.of_task(start, spec, job, pool)
        instances = _known(spec.multi_instance)
        files = [*map(self._file, instances.common_resource_files)]
        return as_instance(execute, command, instances, files, core_count(pool.vm_size))

    def of_change(self, command: commands.Constrain) -> Constrain:
        """Hold an attempt of a task to other constraints."""
        limit = _seconds(command.time_limit)
        return Constrain(command.execution, limit, not _may_retry(command.task))

    def of_start_task(self, command: StartNodeTask) -> Execute:
        """Run a pool's start task on a node."""
        pool = command.pool.spec
        work = _Work(SubjectKind.START_TASK, _known(pool.start_task).command)
        return self._execute(command, pool, work, is_retry=command.is_retry)

    def of_preparation(self, command: StartPreparation, pool: PoolSpec) -> Execute:
        """Run a job's preparation task on a node."""
        spec = _known(command.job.spec.preparation)
        work = _work_of_job(SubjectKind.PREPARATION_TASK, spec, command.job)
        return self._execute(command, pool, work, is_retry=command.is_retry)

    def of_release(self, command: StartRelease, pool: PoolSpec) -> Execute:
        """Run a job's release task on a node."""
        spec = _known(command.job.spec.release)
        work = _work_of_job(SubjectKind.RELEASE_TASK, spec, command.job)
        return self._execute(command, pool, work, is_retry=False)

    def root_of(self, node: Node) -> str:
        """Say where the folders of a node are, by which the agent knows it."""
        return str(self._root(node))

    def _execute(self, command: Start, pool: PoolSpec, work: _Work, *, is_retry: bool) -> Execute:
        _check_user(work.command.user_name, pool)
        node = command.node
        root, subject = self._root(node), _subject(work, node)
        directory = _directory(subject)
        installed = self.packages.on_node((*pool.packages, *work.packages), root)
        environment = merged(
            work.job.spec.common_environment if work.job else {},
            work.command.environment,
            node_environment(self.account, self.url, node, root),
            directory_environment(root, directory),
            job_environment(work.job, work.task_id, root) if work.job else {},
            package_environment(installed, pool.os_type),
        )
        on_windows = pool.os_type is OsType.WINDOWS
        return Execute(
            execution=command.execution,
            subject=subject,
            node_root=str(root),
            directory=directory,
            command_line=work.command.command_line,
            environment=with_windows_paths(environment, root) if on_windows else environment,
            files=tuple(map(self._file, work.command.resource_files)),
            uploads=work.uploads,
            packages=tuple(map(_package, installed)),
            keep_directory=is_retry,
            upload_on_failure=work.upload_on_failure,
            time_limit=_seconds(work.time_limit),
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


def _work_of_job(kind: SubjectKind, spec: PreparationTaskSpec | ReleaseTaskSpec, job: Job) -> _Work:
    return _Work(kind, spec.command, job, spec.task_id, time_limit=spec.max_wall_clock_time)


def _subject(work: _Work, node: Node) -> Subject:
    job_id = work.job.spec.job_id if work.job else ""
    return Subject(work.kind, node.pool_id, node.node_id, job_id, work.task_id, work.task_sequence)


def _check_user(name: str | None, pool: PoolSpec) -> None:
    """Fail what the nodes of a pool could not run, although here all runs as one user."""
    if name is None or pool.user_names is None or name in pool.user_names:
        return
    reason = f"the nodes of pool `{pool.pool_id}` have no user account `{name}`"
    known = f"they have {', '.join(f'`{one}`' for one in pool.user_names)}"
    advice = known if pool.user_names else "name it in the `userAccounts` of the pool"
    raise ExecutionError("CommandLaunchFailed", Message=f"{reason}: {advice}")


def _directory(subject: Subject) -> str:
    if subject.kind is SubjectKind.START_TASK:
        return _START_TASK_DIRECTORY
    return task_directory(subject.job_id, subject.task_id)


Spec = TypeVar("Spec")


def _known(value: Spec | None) -> Spec:
    assert value is not None, "the scheduler starts only what its pool or job has"
    return value


def _seconds(limit: timedelta | None) -> float | None:
    return None if limit is None else limit.total_seconds()


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
