"""What has become of each run of a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from runfleet.azure import JobInfo, TaskCounts, TaskInfo
from runfleet.azure.task_queries import COMPLETED, END_FIELDS, FAILED, FAILURE_FIELDS
from runfleet.launch.failures import count_cancelled, was_cancelled
from runfleet.launch.history import History
from runfleet.launch.progress import RunCounts
from runfleet.launch.record import Generation, StudyRecord, TaskTally


class RunState(StrEnum):
    """The states of a run."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether the run was carried out, to whatever end."""
        return self in (RunState.SUCCEEDED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What has become of a run; of all that Batch says of its task only what is needed of each.

    Parameters
    ----------
    job_id
        Where the task is that counts for it.
    state
        Its state.
    started, ended
        When; None where it has not.
    exit_code
        None where the model did not run to its end.
    requeues
        How often it had to begin again because its node was taken away.
    failed
        All that Batch says of a run that has failed.
    """

    job_id: str
    state: RunState
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    requeues: int = 0
    failed: TaskInfo | None = None

    @classmethod
    def of(cls, job_id: str, task: TaskInfo, *, job_ended: bool) -> Self:
        """Tell it by the run's task, and by whether somebody ended its job."""
        state = state_of(task, job_ended=job_ended)
        failed = task if state is RunState.FAILED else None
        return cls(job_id, state, task.started, task.ended, task.exit_code, task.requeues, failed)

    @property
    def seconds(self) -> float | None:
        """How long it took, its staging included."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()

    @property
    def has_files(self) -> bool:
        """Whether it has left files: also a run that was cancelled, if it had begun."""
        was_stopped = self.state is RunState.CANCELLED and self.started is not None
        return self.state.has_ended or was_stopped

    @property
    def mark(self) -> str:
        """Changes when the run is done again."""
        return f"{self.job_id} {_stamp(self.ended)}"


def count_runs(history: History, record: StudyRecord) -> RunCounts:
    """
    Count the runs of a study by state.

    What the service counts is enough, unless somebody ended a job: it counts tasks that were
    stopped as failed, so the failed ones are listed then.
    """
    tally = TaskTally()
    cancelled = 0
    for generation in record.current:
        job = history.job_of(generation)
        if job is None:
            cancelled += generation.current_count if generation.cancelled else 0
            continue
        outdated = history.outdated_tally(generation)
        counted = tally_of(history.batch.task_counts(job.id)) - outdated
        if job.was_ended:
            failed = history.tasks_in(generation, FAILED, select=END_FIELDS)
            stopped = count_cancelled(failed)
            # Who was submitting it can add no more.
            never_added = max(0, generation.current_count - counted.total)
            cancelled += counted.active + stopped + never_added
            counted = counted - TaskTally(active=counted.active, failed=stopped)
        tally += counted
    return run_counts(record, tally, cancelled)


def run_counts(record: StudyRecord, tally: TaskTally, cancelled: int = 0) -> RunCounts:
    """Turn counts of tasks into counts of runs: what is not counted yet is waiting."""
    begun = tally.running + tally.succeeded + tally.failed + cancelled
    return RunCounts(
        record.run_count,
        waiting=max(0, record.run_count - begun),
        running=tally.running,
        succeeded=tally.succeeded,
        failed=tally.failed,
        cancelled=cancelled,
    )


def tally_of(counts: TaskCounts) -> TaskTally:
    """Take from Batch's counts what the record has, too."""
    return TaskTally(counts.active, counts.running, counts.succeeded, counts.failed)


def outcomes_of(history: History, record: StudyRecord) -> dict[str, Outcome]:
    """Tell what has become of each run that has a task, or will get none, by the run's name."""
    outcomes: dict[str, Outcome] = {}
    for generation in record.current:
        job = history.job_of(generation)
        if generation.cancelled:
            never_added = Outcome(generation.job_id, RunState.CANCELLED)
            outcomes.update((name, never_added) for name, _ in history.current_in(generation))
        if job is not None:
            outcomes.update(_outcomes_in(history, generation, job))
    return outcomes


def ended_since(
    history: History, record: StudyRecord, moment: datetime | None
) -> Iterator[tuple[str, Outcome]]:
    """Tell what has become of the runs that have ended since a moment; None is for all."""
    for generation in record.current:
        for task in history.tasks_in(generation, COMPLETED, since=moment):
            yield task.id, Outcome.of(generation.job_id, task, job_ended=False)


def failed_tasks(
    history: History, generation: Generation, since: datetime | None = None
) -> Iterator[TaskInfo]:
    """List the tasks that count and have failed by themselves, since a moment; None is for all."""
    failed = history.tasks_in(generation, FAILED, since=since, select=FAILURE_FIELDS)
    return (task for task in failed if not was_cancelled(task))


def state_of(task: TaskInfo, *, job_ended: bool) -> RunState:
    """Tell the state of a run by its task, and by whether somebody ended its job."""
    if task.state == "completed":
        if task.result == "success":
            return RunState.SUCCEEDED
        return RunState.CANCELLED if was_cancelled(task) else RunState.FAILED
    if job_ended:
        return RunState.CANCELLED
    return RunState.WAITING if task.state == "active" else RunState.RUNNING


def _outcomes_in(
    history: History, generation: Generation, job: JobInfo
) -> Iterator[tuple[str, Outcome]]:
    outdated = history.store.read_outdated(generation)
    for task in history.batch.list_tasks(job.id):
        if task.id not in outdated:
            yield task.id, Outcome.of(job.id, task, job_ended=job.was_ended)


def _stamp(moment: datetime | None) -> str:
    return moment.isoformat() if moment else "-"
