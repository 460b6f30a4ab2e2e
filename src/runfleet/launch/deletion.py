"""Deletes a study with all that it has on its account."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.azure import AzureBatch, JobInfo, TaskCounts
from runfleet.launch.errors import LaunchError
from runfleet.launch.names import container_name, job_id, study_of
from runfleet.launch.record import StudyRecord
from runfleet.storage import Storage


@dataclass(frozen=True, slots=True)
class Belongings:
    """
    What a study has on its account.

    Parameters
    ----------
    study
        Its name.
    jobs
        Its jobs, each with the numbers of its tasks.
    container
        Where its files are; None if there is no such container.
    newest
        Which study it is, and its newest job, be that made yet or not; None without its record.
    """

    study: str
    jobs: tuple[tuple[JobInfo, TaskCounts], ...]
    container: str | None
    newest: tuple[str, str] | None = None

    def __bool__(self) -> bool:
        return bool(self.jobs or self.container)


def demand_belongings(given: object) -> None:
    """Refuse what is something else, such as the study or its name; raises `LaunchError`."""
    if not isinstance(given, Belongings):
        name = getattr(given, "name", given)
        raise LaunchError(
            f"`{name}` is not what a study has on the account",
            hint=f'find that out first: `account.belongings("{name}")`',
        )


def going_on(job: JobInfo, counts: TaskCounts) -> int:
    """Count the tasks of a job that have not ended; what is left of one that is over never runs."""
    return counts.running + (0 if job.is_over else counts.active)


def refuse_more(shown: Belongings, there: Belongings) -> None:
    """
    Refuse to delete a study that has been submitted since somebody was asked.

    Parameters
    ----------
    shown
        What it had then.
    there
        What it has now; less does not matter.

    Raises
    ------
    LaunchError
        If it has anything else.
    """
    known = {(job.id, job.created) for job, _ in shown.jobs}
    has_new_jobs = any((job.id, job.created) not in known for job, _ in there.jobs)
    has_new_files = there.container not in (None, shown.container)
    if has_new_jobs or has_new_files or there.newest not in (None, shown.newest):
        raise LaunchError(
            f"study `{there.study}` was submitted while it was to be deleted; nothing was deleted",
            hint="the same command again shows all that it has now",
        )


def find_belongings(
    batch: AzureBatch, storage: Storage, study: str, record: StudyRecord | None
) -> Belongings:
    """Find out what a study has, also one of which a deletion has left a part, or no record."""
    jobs = [
        (job, batch.task_counts(job.id))
        for job in batch.list_jobs(prefix=job_id(study, 1))
        if study_of(job.metadata) == study and job.state != "deleting"
    ]
    container = container_name(study)
    return Belongings(
        study,
        tuple(jobs),
        container if container in storage.list_containers() else None,
        (record.identity, record.newest.job_id) if record else None,
    )


def delete_belongings(batch: AzureBatch, storage: Storage, belongings: Belongings) -> None:
    """Delete the jobs, so that nothing writes any more, and then the files."""
    for job, _ in belongings.jobs:
        batch.delete_job(job.id)
    if belongings.container:
        storage.delete_container(belongings.container)
