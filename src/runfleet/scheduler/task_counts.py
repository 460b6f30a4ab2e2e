"""How many tasks of a job are in each state, and how many slots these need."""

from __future__ import annotations

from typing import Literal

from runfleet.batch.records import Task, TaskCounts
from runfleet.batch.states import TaskResult, TaskState
from runfleet.scheduler.entries import JobEntry

CountName = Literal["active", "running", "succeeded", "failed", "blocked"]


def enter(job: JobEntry, task: Task, name: CountName) -> None:
    """Count a task."""
    _add(job, name, 1, task.required_slots)


def leave(job: JobEntry, task: Task, name: CountName) -> None:
    """A task is not counted any more."""
    _add(job, name, -1, -task.required_slots)


def move(job: JobEntry, task: Task, before: CountName, after: CountName) -> None:
    """Count a task as something else than before."""
    leave(job, task, before)
    enter(job, task, after)


def counted_as(task: Task) -> CountName:
    """Tell as what a task is counted, besides that it may be blocked."""
    if task.state is TaskState.COMPLETED:
        return "succeeded" if task.result is TaskResult.SUCCESS else "failed"
    return "active" if task.state is TaskState.ACTIVE else "running"


def _add(job: JobEntry, name: CountName, tasks: int, slots: int) -> None:
    counts, slot_counts = job.job.counts, job.job.slot_counts
    setattr(counts, name, getattr(counts, name) + tasks)
    setattr(slot_counts, name, getattr(slot_counts, name) + slots)
    if job.counted_in is not None:
        job.counted_in.add(TaskCounts(**{name: tasks}))
