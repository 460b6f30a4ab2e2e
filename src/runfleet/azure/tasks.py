"""What can be done with tasks and their files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeAlias

from runfleet.azure.adding import AddedTasks, add_tasks
from runfleet.azure.channel import Channel, path_of
from runfleet.azure.errors import ConflictError, NotFoundError, accepting
from runfleet.azure.files import read_file
from runfleet.azure.job_info import OVER
from runfleet.azure.task_info import FileInfo, TaskCounts, TaskInfo
from runfleet.azure.task_queries import STATE_FIELDS
from runfleet.azure.task_settings import TaskSettings
from runfleet.azure.waiting import turns_until

_FOLLOW_BYTES = 1 << 20
_FOLLOW_SECONDS = 1.0
_AT_A_TIME = 8
_BLOCK = 1000


_Attempt: TypeAlias = tuple[datetime, int, int]
"""By which the attempts of a task are told apart: when it began, its retries and requeues."""


class TaskOperations:
    """The part of `AzureBatch` that is about tasks and their files."""

    _channel: Channel

    def add_tasks(
        self,
        job_id: str,
        tasks: Iterable[TaskSettings],
        *,
        on_added: Callable[[int], None] | None = None,
    ) -> AddedTasks:
        """
        Add tasks to a job, as a stream of any length.

        Requests hold as many tasks as the service takes. What it answers is checked for each task;
        what it could not do just then is sent again.

        Parameters
        ----------
        job_id
            The job.
        tasks
            Taken as they are needed, and not kept.
        on_added
            Is told after each request how many tasks are there by now.

        Raises
        ------
        TasksRefusedError
            If the service did not take a task; those before it have been added.
        """
        return add_tasks(self._channel, job_id, tasks, on_added)

    def task_counts(self, job_id: str) -> TaskCounts:
        """Count the tasks of a job by state; the figures may be a little behind."""
        return TaskCounts.from_wire(self._channel.get(path_of("jobs", job_id, "taskcounts")))

    def list_tasks(
        self,
        job_id: str,
        *,
        filter: str | None = None,  # noqa: A002
        select: Sequence[str] = STATE_FIELDS,
    ) -> Iterator[TaskInfo]:
        """
        List the tasks of a job.

        Parameters
        ----------
        job_id
            The job.
        filter
            Which tasks, as OData: `executionInfo/result eq 'failure'`; `task_queries` has some.
        select
            What to ask for of each, by the names of the REST API; the id always is.
        """
        fields = ",".join(dict.fromkeys(("id", *select)))
        query = {"$select": fields, "$filter": filter}
        for wire in self._channel.list(path_of("jobs", job_id, "tasks"), query):
            yield TaskInfo.from_wire(wire)

    def get_task(self, job_id: str, task_id: str) -> TaskInfo | None:
        """Ask for a task; None where there is none."""
        try:
            return TaskInfo.from_wire(self._channel.get(path_of("jobs", job_id, "tasks", task_id)))
        except NotFoundError:
            return None

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """End a task; one that is completed, or ends with its job, is left as it is."""
        with accepting("TaskCompleted", "JobCompleted", "JobTerminating"):
            self._channel.post(path_of("jobs", job_id, "tasks", task_id, "terminate"))

    def terminate_tasks(self, job_id: str, task_ids: Iterable[str]) -> None:
        """End tasks, some at a time; those that are completed are left as they are."""
        left = iter(task_ids)
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="terminate-tasks") as threads:
            while block := list(islice(left, _BLOCK)):
                deque(threads.map(partial(self.terminate_task, job_id), block), maxlen=0)

    def delete_task(self, job_id: str, task_id: str) -> bool:
        """
        Delete a task and its files on the node.

        Returns
        -------
        found
            Whether there was one.
        """
        try:
            self._channel.delete(path_of("jobs", job_id, "tasks", task_id))
        except NotFoundError:
            return False
        return True

    def reactivate_task(self, job_id: str, task_id: str) -> None:
        """
        Put a task that failed back into the queue, with all its retries.

        One that has not completed is left as it is: it may be there again already, and the answer
        that says so was lost.
        """
        with accepting("TaskNotCompleted"):
            self._channel.post(path_of("jobs", job_id, "tasks", task_id, "reactivate"))

    def wait_for_tasks(
        self,
        job_id: str,
        *,
        on_progress: Callable[[TaskCounts], None] | None = None,
        timeout: timedelta | None = None,
    ) -> TaskCounts:
        """
        Wait until all tasks of a job are completed, by counts alone.

        Parameters
        ----------
        job_id
            The job.
        on_progress
            Is told the counts each time they are asked for.
        timeout
            None to wait for ever.

        Raises
        ------
        WaitTimeoutError
            If it takes too long.
        """
        for _ in turns_until(f"the tasks of job `{job_id}`", timeout):
            counts = self.task_counts(job_id)
            if on_progress:
                on_progress(counts)
            if counts.completed == counts.total:
                break
        return counts

    def task_file(
        self, job_id: str, task_id: str, path: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """
        Read a file of a task, or a part of it; it may still be growing.

        Parameters
        ----------
        job_id, task_id
            The task.
        path
            Relative to the task's folder, with slashes: `stdout.txt`, `wd/out.csv`.
        offset, length
            Where to begin, and how many bytes to take at most; beyond the end there is nothing to
            read, which is no error.

        Raises
        ------
        NotFoundError
            If there is no such file.
        ConflictError
            If the task's node, or its folder there, is gone.
        """
        owner = path_of("jobs", job_id, "tasks", task_id)
        return read_file(self._channel, owner, path, offset, length)

    def follow_task_file(
        self,
        job_id: str,
        task_id: str,
        path: str,
        *,
        offset: int = 0,
        on_anew: Callable[[], None] = lambda: None,
    ) -> Iterator[bytes]:
        """
        Read a file of a task as it grows, from an offset on, until the task is completed.

        Nothing is read from a node after its task has ended, except for what was written between
        the last look and the end.  A task that waits when its job ends will write nothing.

        Parameters
        ----------
        job_id, task_id, path, offset
            The file, and where to begin; see `task_file`.
        on_anew
            Called where the task begins anew, as after a retry, and its files with it: what comes
            next is the beginning of the file.
        """
        attempt: _Attempt | None = None
        for _ in turns_until(f"`{path}` of task `{task_id}`", None, longest=_FOLLOW_SECONDS):
            task = self._look_at(job_id, task_id)
            if task is not None and task.state == "active":
                # It stays so for ever where its job is over.
                if self._is_over(job_id):
                    return
                continue
            before, attempt = attempt, _attempt_of(task, attempt)
            if before not in (None, attempt):
                offset = 0
                on_anew()
            while content := self._read_if_there(job_id, task_id, path, offset):
                # What was read may be of the next attempt already.
                if _attempt_of(self._look_at(job_id, task_id), attempt) != attempt:
                    break
                offset += len(content)
                yield content
            if task is None or task.state == "completed":
                return

    def list_task_files(
        self, job_id: str, task_id: str, *, recursive: bool = False
    ) -> Iterator[FileInfo]:
        """List the files of a task, and with `recursive` those in its folders, too."""
        path = path_of("jobs", job_id, "tasks", task_id, "files")
        for wire in self._channel.list(path, {"recursive": "true" if recursive else None}):
            yield FileInfo.from_wire(wire)

    def _look_at(self, job_id: str, task_id: str) -> TaskInfo | None:
        """Ask how far a task is; None where it is gone."""
        query = {"$select": ",".join(("id", *STATE_FIELDS))}
        try:
            wire = self._channel.get(path_of("jobs", job_id, "tasks", task_id), query)
        except NotFoundError:
            return None
        return TaskInfo.from_wire(wire)

    def _is_over(self, job_id: str) -> bool:
        try:
            job = self._channel.get(path_of("jobs", job_id), {"$select": "id,state"})
        except NotFoundError:
            return True
        return job["state"] in OVER

    def _read_if_there(self, job_id: str, task_id: str, path: str, offset: int) -> bytes:
        try:
            return self.task_file(job_id, task_id, path, offset=offset, length=_FOLLOW_BYTES)
        except (NotFoundError, ConflictError):  # not yet begun, or gone again
            return b""


def _attempt_of(task: TaskInfo | None, known: _Attempt | None) -> _Attempt | None:
    """Tell which attempt of a task is under way, or was last; the known one where nobody says."""
    if task is None or task.started is None:
        return known
    return task.started, task.retries, task.requeues
