"""The jobs of an account, and how far they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runfleet.azure import AzureBatch, JobInfo, TaskCounts
from runfleet.azure.task_queries import END_FIELDS, FAILED
from runfleet.launch import names
from runfleet.launch.failures import count_cancelled


@dataclass(frozen=True, slots=True)
class JobSummary:
    """
    A job, and how many of its tasks are in which state.

    Parameters
    ----------
    job, counts
        Both as Batch has them.
    stopped
        How many of those that have failed were ended, by request or with their job.
    """

    job: JobInfo
    counts: TaskCounts
    stopped: int = 0

    @property
    def failed(self) -> int:
        """How many of its tasks have failed by themselves."""
        return self.counts.failed - self.stopped

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


def summarise_jobs(
    batch: AzureBatch, jobs: Iterable[JobInfo] | None = None
) -> Iterator[JobSummary]:
    """Count the tasks of each job; None for all jobs of the account."""
    for job in batch.list_jobs() if jobs is None else jobs:
        counts = batch.task_counts(job.id)
        stopped = 0
        if counts.failed:
            failed = batch.list_tasks(job.id, filter=FAILED, select=END_FIELDS)
            stopped = count_cancelled(failed)
        yield JobSummary(job, counts, stopped)
