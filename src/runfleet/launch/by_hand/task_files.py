"""The files that the tasks of a job left, in a folder of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from runfleet.azure import AzureBatch, JobInfo, TaskInfo
from runfleet.azure.task_queries import COMPLETED, END_FIELDS
from runfleet.launch import names
from runfleet.launch.by_hand.fetched_blobs import FetchedBlobs
from runfleet.launch.by_hand.job_files import JobFiles, age_mark
from runfleet.launch.failures import could_not_start
from runfleet.launch.node_files import NodeFiles
from runfleet.storage import Blob, ContainerNotFoundError, Storage

# In the folder of a job: when that was made.
_MADE = ".job"
_BLOCK_FILES = 1000


@dataclass(frozen=True, slots=True)
class TaskFiles:
    """
    What a job's tasks left, in a folder.

    Parameters
    ----------
    folder
        Has a folder a task; not there as long as nothing has come.
    new
        How many tasks have come in addition.
    missing
        Tasks of which nothing is in the storage nor on their node any more.
    is_apart
        Whether the folder is not called as the job: an earlier one of that id has such a folder.
    not_started
        Tasks that failed before their command began, and left nothing.
    """

    folder: Path
    new: int
    missing: tuple[str, ...] = ()
    is_apart: bool = False
    not_started: tuple[str, ...] = ()

    @property
    def is_all_lost(self) -> bool:
        """Whether nothing has come, and nothing will."""
        return bool(self.missing) and not self.folder.exists()


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
        Gets a folder a task; what is there already is not fetched again, unless a task has written
        it anew.
    """
    target = _folder_of(job, Path(folder))
    new = _fetch_stored(JobFiles.of(storage, job), target, job)
    missing, not_started = list[str](), list[str]()
    for task in _without_files(batch, job.id, target):
        if content := _logs_on_node(batch, job.id, task.id):
            _write(content, _open(target, job) / task.id)
            new.add(task.id)
        else:
            (not_started if could_not_start(task) else missing).append(task.id)
    is_apart = target.name != _folder_name(job)
    return TaskFiles(target, len(new), tuple(missing), is_apart, tuple(not_started))


def _folder_of(job: JobInfo, parent: Path) -> Path:
    """Choose the folder of a job, apart from that of an earlier job of the same id."""
    folder = parent / _folder_name(job)
    made = str(job.created)
    if _made(folder) not in {None, made}:
        folder = folder.with_name(f"{folder.name}-{age_mark(job)}")
    return folder


def _open(folder: Path, job: JobInfo) -> Path:
    """Make the folder of a job, now that something comes, and note whose it is."""
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / _MADE).write_text(str(job.created))
    return folder


def _folder_name(job: JobInfo) -> str:
    # A colon, as in jobs that a schedule makes, is not for names of folders.
    return job.id.replace(":", "_")


def _made(folder: Path) -> str | None:
    note = folder / _MADE
    return note.read_text() if note.exists() else None


def _fetch_stored(files: JobFiles, target: Path, job: JobInfo) -> set[str]:
    fetched = FetchedBlobs.read(target)
    wanted = _missing_files(files, fetched)
    new = set[str]()
    while block := list(islice(wanted, _BLOCK_FILES)):
        _open(target, job)
        files.storage.get_files(files.container, [(blob, str(path)) for blob, path in block])
        fetched.note(blob for blob, _ in block)
        new.update(path.relative_to(target).parts[0] for _, path in block)
    return new


def _missing_files(files: JobFiles, fetched: FetchedBlobs) -> Iterator[tuple[Blob, Path]]:
    """Find the files in the storage that the folder lacks, or has as they were before."""
    prefix = names.runs_prefix(files.folder)
    for blob in _listed(files, prefix):
        path = fetched.folder / blob.name.removeprefix(prefix)
        if not fetched.has(blob, path):
            yield blob, path


def _listed(files: JobFiles, prefix: str) -> Iterable[Blob]:
    try:
        yield from files.storage.list_blobs(files.container, prefix)
    except ContainerNotFoundError:  # it had no task yet
        return


def _without_files(batch: AzureBatch, job_id: str, target: Path) -> Iterator[TaskInfo]:
    """Find the tasks that may have left something, and have no folder."""
    for task in batch.list_tasks(job_id, filter=COMPLETED, select=END_FIELDS):
        if task.started is not None and not (target / task.id).exists():
            yield task


def _logs_on_node(batch: AzureBatch, job_id: str, task_id: str) -> Mapping[str, bytes]:
    nodes = NodeFiles(batch)
    found = ((log, nodes.read(job_id, task_id, log)) for log in names.LOGS)
    return {log: content for log, content in found if content is not None}


def _write(content: Mapping[str, bytes], target: Path) -> None:
    """Write the files of a task all at once: a folder that is there passes for whole."""
    with TemporaryDirectory(prefix=".partial-", dir=target.parent) as parent:
        draft = Path(parent) / target.name
        draft.mkdir()
        for name, text in content.items():
            (draft / name).write_bytes(text)
        draft.rename(target)
