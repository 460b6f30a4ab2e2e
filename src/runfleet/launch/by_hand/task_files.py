"""The jobs of an account, and the files that their tasks left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runfleet.azure import AzureBatch, BatchError, JobInfo, TaskCounts
from runfleet.azure.task_queries import COMPLETED, ID_FIELDS
from runfleet.launch import names
from runfleet.launch.by_hand.job_files import JobFiles
from runfleet.storage import Blob, ContainerNotFoundError, Storage

_LOGS = ("stdout.txt", "stderr.txt")
# In the folder of a job: when that was made.
_MADE = ".job"


@dataclass(frozen=True, slots=True)
class JobSummary:
    """
    A job, and how many of its tasks are in which state.

    Parameters
    ----------
    job, counts
        Both as Batch has them.
    """

    job: JobInfo
    counts: TaskCounts

    @property
    def has_finished(self) -> bool:
        """Whether no task of it waits or runs any more, and one did."""
        has_ended = self.job.state == "completed" or self.counts.completed == self.counts.total
        return has_ended and self.counts.completed > 0

    @property
    def waits(self) -> bool:
        """Whether it has tasks that could run, and none does."""
        is_active = self.job.state == "active"
        return is_active and self.counts.active > 0 and not self.counts.running

    @property
    def belongs_to_study(self) -> bool:
        """Whether a study made it, whose results are collected by themselves."""
        return names.study_of(self.job.metadata) is not None


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """
    What a job's tasks left, in a folder.

    Parameters
    ----------
    folder
        Has a folder a task.
    new
        How many tasks have come in addition.
    missing
        Tasks of which nothing is in the storage nor on their node any more.
    is_apart
        Whether the folder is not called as the job: an earlier one of that id has such a folder.
    """

    folder: Path
    new: int
    missing: tuple[str, ...] = ()
    is_apart: bool = False


def summarise_jobs(
    batch: AzureBatch, jobs: Iterable[JobInfo] | None = None
) -> Iterator[JobSummary]:
    """Count the tasks of each job; None for all jobs of the account."""
    for job in batch.list_jobs() if jobs is None else jobs:
        yield JobSummary(job, batch.task_counts(job.id))


def fetch_task_files(
    batch: AzureBatch, storage: Storage, job: JobInfo, folder: Path | str
) -> TaskFiles:
    """
    Bring stdout, stderr and outputs of all completed tasks of a job into a folder.

    They come from the storage, where our own tasks leave them.  Of tasks that others have made,
    stdout and stderr come from the nodes, as long as these have them.

    Parameters
    ----------
    batch, storage
        The account's.
    job
        The job.
    folder
        Gets a folder a task; what is there already is not fetched again.
    """
    target = _open_folder(job, Path(folder))
    files = JobFiles.of(storage, job)
    new = _fetch_stored(files, target) if files else set[str]()
    missing = []
    for task_id in _without_files(batch, job.id, target):
        if _fetch_from_node(batch, job.id, task_id, target / task_id):
            new.add(task_id)
        else:
            missing.append(task_id)
    return TaskFiles(target, len(new), tuple(missing), target.name != _folder_name(job))


def _open_folder(job: JobInfo, parent: Path) -> Path:
    """Make the folder of a job, apart from that of an earlier job of the same id."""
    folder = parent / _folder_name(job)
    made = str(job.created)
    if _made(folder) not in {None, made}:
        folder = folder.with_name(f"{folder.name}-{re.sub('[^0-9]', '', made)}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MADE).write_text(made)
    return folder


def _folder_name(job: JobInfo) -> str:
    # A colon, as in jobs that a schedule makes, is not for names of folders.
    return job.id.replace(":", "_")


def _made(folder: Path) -> str | None:
    note = folder / _MADE
    return note.read_text() if note.exists() else None


def _fetch_stored(files: JobFiles, target: Path) -> set[str]:
    wanted = list(_missing_files(files, target))
    files.storage.get_files(files.container, [(blob, str(path)) for blob, path in wanted])
    return {path.relative_to(target).parts[0] for _, path in wanted}


def _missing_files(files: JobFiles, target: Path) -> Iterator[tuple[Blob, Path]]:
    """Find the files in the storage that the folder lacks."""
    prefix = names.runs_prefix(files.folder)
    for blob in _listed(files, prefix):
        path = target / blob.name.removeprefix(prefix)
        if not (path.exists() and path.stat().st_size == blob.size):
            yield blob, path


def _listed(files: JobFiles, prefix: str) -> Iterable[Blob]:
    try:
        yield from files.storage.list_blobs(files.container, prefix)
    except ContainerNotFoundError:  # it had no task yet
        return


def _without_files(batch: AzureBatch, job_id: str, target: Path) -> Iterator[str]:
    for task in batch.list_tasks(job_id, filter=COMPLETED, select=ID_FIELDS):
        if not (target / task.id).exists():
            yield task.id


def _fetch_from_node(batch: AzureBatch, job_id: str, task_id: str, target: Path) -> bool:
    try:
        logs = {log: batch.task_file(job_id, task_id, log) for log in _LOGS}
    except BatchError:  # it never began, or its node is gone
        return False
    target.mkdir(parents=True, exist_ok=True)
    for log, content in logs.items():
        (target / log).write_bytes(content)
    return True
