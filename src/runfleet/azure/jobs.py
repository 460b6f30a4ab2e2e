"""What can be done with jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from runfleet.azure.channel import Channel, path_of
from runfleet.azure.errors import ConflictError, NotFoundError, WaitTimeoutError, accepting
from runfleet.azure.job_info import JobInfo, PreparationInfo
from runfleet.azure.job_settings import AllTasksComplete, JobSettings
from runfleet.azure.values import pairs_to_wire, quoted, without_none
from runfleet.azure.waiting import turns_until

_JOB_FIELDS = (
    "id,state,poolInfo,priority,onAllTasksComplete,metadata,creationTime,executionInfo,constraints"
)
_ENDED = ("JobCompleted", "JobBeingTerminated", "JobBeingDeleted")
_ENDING = timedelta(seconds=10)


class JobOperations:
    """The part of `AzureBatch` that is about jobs."""

    _channel: Channel

    def create_job(self, job: JobSettings) -> bool:
        """
        Make a job unless there is one of that id.

        Returns
        -------
        made
            Whether it was made; False also if it was, and the answer that says so was lost.
        """
        try:
            self._channel.post("/jobs", job.to_wire())
        except ConflictError as error:
            if error.code != "JobExists":
                raise
            return False
        return True

    def get_job(self, job_id: str) -> JobInfo | None:
        """Ask for a job; None where there is none."""
        try:
            wire = self._channel.get(path_of("jobs", job_id), {"$select": _JOB_FIELDS})
        except NotFoundError:
            return None
        return JobInfo.from_wire(wire)

    def list_jobs(self, prefix: str = "") -> Iterator[JobInfo]:
        """List the jobs whose ids begin with the prefix."""
        filter_ = f"startswith(id,{quoted(prefix)})" if prefix else None
        for wire in self._channel.list("/jobs", {"$select": _JOB_FIELDS, "$filter": filter_}):
            yield JobInfo.from_wire(wire)

    def list_managed_jobs(self, pool_id: str) -> Iterator[JobInfo]:
        """List the active jobs on a pool that have a job manager; only ids and metadata."""
        filter_ = f"state eq 'active' and executionInfo/poolId eq {quoted(pool_id)}"
        query = {"$select": "id,metadata,jobManagerTask", "$filter": filter_}
        for wire in self._channel.list("/jobs", query):
            if wire.get("jobManagerTask"):
                yield JobInfo.from_wire(wire)

    def update_job(
        self,
        job_id: str,
        *,
        priority: int | None = None,
        on_all_tasks_complete: AllTasksComplete | None = None,
        metadata: Mapping[str, str] | None = None,
        pool_id: str | None = None,
    ) -> None:
        """
        Change what is given of a job, and leave the rest.

        Parameters
        ----------
        job_id
            The job.
        priority, on_all_tasks_complete, metadata
            As in `JobSettings`; metadata are replaced as a whole.
        pool_id
            Another pool; only while the job is disabled.
        """
        body = without_none(
            priority=priority,
            onAllTasksComplete=on_all_tasks_complete and on_all_tasks_complete.value,
            metadata=None if metadata is None else pairs_to_wire(metadata),
            poolInfo=pool_id and {"poolId": pool_id},
        )
        self._channel.patch(path_of("jobs", job_id), body)

    def finish_when_done(self, job_id: str) -> None:
        """
        Let a job end by itself once all its tasks are completed.

        To be called when all tasks are added, for a job that has none has completed them all. A job
        that has ended meanwhile is no error.
        """
        with accepting(*_ENDED):
            self.update_job(job_id, on_all_tasks_complete=AllTasksComplete.TERMINATE_JOB)

    def terminate_job(self, job_id: str, reason: str | None = None) -> None:
        """
        End a job and its running tasks; one that has ended, or is ending, is left as it is.

        Parameters
        ----------
        job_id
            The job.
        reason
            What the job will give as `terminate_reason`.
        """
        path = path_of("jobs", job_id, "terminate")
        with accepting(*_ENDED):
            self._channel.post(path, without_none(terminateReason=reason))

    def why_ended(self, job_id: str, *, timeout: timedelta = _ENDING) -> str | None:
        """
        Ask why a job was ended.

        The service tells it when the job is completed: one that is just being terminated is waited
        for, up to the timeout.

        Returns
        -------
        reason
            None where it has not been ended, is gone, or does not tell in time.
        """
        with suppress(WaitTimeoutError):
            for _ in turns_until(f"the end of job `{job_id}`", timeout):
                job = self.get_job(job_id)
                if job is None or job.terminate_reason or job.state != "terminating":
                    return job.terminate_reason if job else None
        return None

    def delete_job(self, job_id: str) -> bool:
        """
        Delete a job with its tasks.

        Returns
        -------
        found
            Whether there was one; one that is being deleted is as good as gone.
        """
        try:
            with accepting("JobBeingDeleted"):
                self._channel.delete(path_of("jobs", job_id))
        except NotFoundError:
            return False
        return True

    def disable_job(self, job_id: str, *, tasks: str = "requeue") -> None:
        """
        Keep a job from starting tasks.

        Parameters
        ----------
        job_id
            The job.
        tasks
            What becomes of running tasks: `requeue`, `terminate` or `wait`.
        """
        self._channel.post(path_of("jobs", job_id, "disable"), {"disableTasks": tasks})

    def enable_job(self, job_id: str) -> None:
        """Let a disabled job start tasks again."""
        self._channel.post(path_of("jobs", job_id, "enable"))

    def list_preparations(
        self, job_id: str, *, failed_only: bool = False
    ) -> Iterator[PreparationInfo]:
        """
        List how the preparation and release tasks of a job went on each node.

        Parameters
        ----------
        job_id
            The job; one without such tasks has an empty list.
        failed_only
            Only nodes where the preparation failed.
        """
        failed = "jobPreparationTaskExecutionInfo/result eq 'failure'"
        query = {
            "$select": "nodeId,jobPreparationTaskExecutionInfo,jobReleaseTaskExecutionInfo",
            "$filter": failed if failed_only else None,
        }
        path = path_of("jobs", job_id, "jobpreparationandreleasetaskstatus")
        try:
            for wire in self._channel.list(path, query):
                yield PreparationInfo.from_wire(wire)
        except ConflictError as error:
            # The documentation has one name, the service answers with the other.
            if not error.code.startswith("JobPreparationTask"):
                raise
