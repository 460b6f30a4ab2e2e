"""Tasks that wait for their parents: counted, but out of the queue until they are released."""

from __future__ import annotations

from runfleet.batch.records import Task
from runfleet.scheduler.entries import JobEntry


def put_aside(job: JobEntry, task: Task) -> None:
    """Take in an active task that is blocked."""
    job.job.counts.blocked += 1
    job.job.slot_counts.blocked += task.required_slots


def take_away(job: JobEntry, task: Task) -> None:
    """An active task that was blocked is so no more, or is active no more."""
    job.job.counts.blocked -= 1
    job.job.slot_counts.blocked -= task.required_slots
