"""What the earlier generations of a study have done, and their end where they no longer count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import count
from typing import TypeAlias

from runfleet.azure import AzureBatch, JobInfo, NotFoundError, TaskInfo
from runfleet.azure.task_queries import (
    END_FIELDS,
    FAILED,
    ID_FIELDS,
    NOT_COMPLETED,
    STATE_FIELDS,
    ended_from,
)
from runfleet.launch.comparison import KnownTasks
from runfleet.launch.failures import was_cancelled
from runfleet.launch.names import job_id
from runfleet.launch.record import Generation, RecordStore, StudyRecord, TaskTally
from runfleet.launch.run_files import StoredFiles

OUTDATED = "Outdated"
"""Why a job was ended none of whose runs counts any more."""

CANCELLED = "Cancelled"
"""Why a job was ended by whoever cancelled its study."""

_SETTLING_SECONDS = 60.0
_SETTLING_PAUSE = 0.1


class Repeat(StrEnum):
    """Which of the runs that have ended are done again."""

    NONE = "none"
    LOST = "those whose machine or whose files were lost"
    FAILED = "all that have failed"


def unused_numbers(batch: AzureBatch, study: str, first: int) -> Iterator[int]:
    """Count on from `first`, without end, over generations whose job nobody has had yet."""
    return (number for number in count(first) if batch.get_job(job_id(study, number)) is None)


@dataclass(frozen=True)
class History:
    """
    The generations of one study.

    Parameters
    ----------
    batch
        The account.
    store
        The study's records.
    """

    batch: AzureBatch
    store: RecordStore

    def job_of(self, generation: Generation) -> JobInfo | None:
        """Ask for the job of a generation; one that is being deleted is as good as gone."""
        job = self.batch.get_job(generation.job_id)
        return None if job is not None and job.state == "deleting" else job

    def tasks_in(
        self,
        generation: Generation,
        filter_: str,
        *,
        since: datetime | None = None,
        select: Sequence[str] = STATE_FIELDS,
    ) -> Iterator[TaskInfo]:
        """
        List the tasks of a generation that count; one whose job is not there has none.

        Parameters
        ----------
        generation
            The generation; its job may not be made yet, or be gone.
        filter_
            Which of its tasks.
        since
            Only those that ended at that moment, or later.
        select
            What to ask of each.
        """
        wanted = ended_from(filter_, since) if since else filter_
        outdated = self.store.read_outdated(generation)
        try:
            for task in self.batch.list_tasks(generation.job_id, filter=wanted, select=select):
                if task.id not in outdated:
                    yield task
        except NotFoundError:
            return

    def is_sound(self, record: StudyRecord) -> bool:
        """Tell whether the jobs are as the record says: there, and not ended by somebody."""
        for generation in record.current:
            job = self.job_of(generation)
            if generation.cancelled or (job is None and not generation.adding):
                return False
            if job is not None and (job.was_ended or (generation.adding and job.is_over)):
                return False
        return True

    def is_busy(self, record: StudyRecord) -> bool:
        """Tell whether a job of the study has not ended yet."""
        jobs = (self.job_of(generation) for generation in record.current)
        return any(job is not None and not job.is_over for job in jobs)

    def waiting(self, record: StudyRecord) -> int:
        """Count the tasks that have not begun; none of a job that is gone."""
        jobs = [generation.job_id for generation in record.current if self.job_of(generation)]
        return sum(self.batch.task_counts(job_id).active for job_id in jobs)

    def known_tasks(self, record: StudyRecord, repeat: Repeat) -> list[KnownTasks]:
        """Read the tasks of all generations; one whose job is gone has none."""
        jobs = ((generation, self.job_of(generation)) for generation in record.generations)
        return [
            self._tasks_of(generation, job, repeat) for generation, job in jobs if job is not None
        ]

    def current_runs(self, record: StudyRecord) -> Iterator[tuple[str, str]]:
        """List the runs that count, each with its job, be its task still to be added, or gone."""
        for generation in record.current:
            yield from self.current_in(generation)

    def current_in(self, generation: Generation) -> Iterator[tuple[str, str]]:
        """List the runs of one generation that count, see `current_runs`."""
        outdated = self.store.read_outdated(generation)
        for name, _ in self.store.read_manifest(generation):
            if name not in outdated:
                yield name, generation.job_id

    def present(self, job_id: str) -> set[str]:
        """List the ids of all tasks of a job."""
        return self._ids(job_id, None)

    def superseded(self, known: KnownTasks, outdated: frozenset[str]) -> Generation:
        """
        Write down which tasks of a generation no longer count; they are ended by `settle`.

        Parameters
        ----------
        known
            The generation; one that was still being added to gets no more tasks.
        outdated
            Its tasks that no longer count.
        """
        generation = known.generation
        if not generation.adding and outdated == known.outdated:
            return generation
        return replace(
            generation,
            run_count=len(known.tasks),
            adding=False,
            outdated=TaskTally(active=len(outdated)),
            outdated_digest=self.store.write_outdated(generation.job_id, outdated | known.absent),
            settled=False,
            cancelled=False,
        )

    def settle(self, record: StudyRecord) -> StudyRecord:
        """
        End the tasks that no longer count, and count them for good.

        Those that do not end for long are counted anew whenever the runs are.
        """
        tallies: dict[_OutdatedTasks, TaskTally] = {}
        for generation in record.generations:
            if not generation.settled:
                self._end_outdated(generation)
                tally = self._final_tally(generation)
                if tally is not None:
                    tallies[_outdated_tasks(generation)] = tally
        if not tallies:
            return record
        settled = partial(_with_tallies, tallies)
        self.store.update(record.newest, settled)
        return settled(record)

    def withdraw(self, generation: Generation, record: StudyRecord | None) -> None:
        """End what was added of a generation after another one had taken its place, or none."""
        if record is None:
            self.batch.delete_job(generation.job_id)  # as all else of the study was
            return
        if any(one.job_id == generation.job_id for one in record.generations):
            self.settle(record.unsettled(generation.job_id))
            return
        job = self.job_of(generation)
        if job is not None and not job.is_over:
            self.batch.terminate_job(job.id, OUTDATED)

    def outdated_tally(self, generation: Generation) -> TaskTally:
        """Count the tasks that no longer count, by state."""
        if generation.settled:
            return generation.outdated
        return self._tally(generation, self.store.read_outdated(generation))

    def _tasks_of(self, generation: Generation, job: JobInfo, repeat: Repeat) -> KnownTasks:
        tasks = dict(self.store.read_manifest(generation))
        absent: frozenset[str] = frozenset()
        if generation.adding or generation.run_count < len(tasks):  # it was cut short
            absent = frozenset(tasks.keys() - self.present(generation.job_id))
            tasks = {name: mark for name, mark in tasks.items() if name not in absent}
        repeated = self._lost(job)
        if repeat is Repeat.FAILED:
            repeated |= self._ids(job.id, FAILED)
        elif repeat is Repeat.LOST:
            files = StoredFiles(self.store.storage, self.store.container)
            failed = self._failed(job.id)
            repeated |= {task.id for task in failed if files.was_lost(job.id, task)}
        outdated = self.store.read_outdated(generation) - absent
        return KnownTasks(generation, tasks, outdated, frozenset(repeated), absent)

    def _lost(self, job: JobInfo) -> set[str]:
        """Find the tasks of a job that were ended on request, or will never begin."""
        ended = {task.id for task in self._failed(job.id) if was_cancelled(task)}
        return ended | self._ids(job.id, NOT_COMPLETED) if job.was_ended else ended

    def _end_outdated(self, generation: Generation) -> None:
        job = self.job_of(generation)
        if job is None or job.is_over:
            return
        if generation.current_count == 0:
            self.batch.terminate_job(job.id, OUTDATED)
            return
        # It may have been cut short while its tasks were added.
        self.batch.finish_when_done(job.id)
        outdated = self.store.read_outdated(generation)
        self.batch.terminate_tasks(job.id, self._ids(job.id, NOT_COMPLETED) & outdated)

    def _final_tally(self, generation: Generation) -> TaskTally | None:
        """Wait until none of the tasks that no longer count runs; None if one does for long."""
        if generation.current_count == 0:  # nothing is left to be told from them
            return generation.outdated
        outdated = self.store.read_outdated(generation)
        deadline = time.monotonic() + _SETTLING_SECONDS
        while (tally := self._tally(generation, outdated)).running:
            if time.monotonic() > deadline:
                return None
            time.sleep(_SETTLING_PAUSE)
        return tally

    def _tally(self, generation: Generation, outdated: Set[str]) -> TaskTally:
        if not outdated:
            return TaskTally()
        try:
            listed = self.batch.list_tasks(generation.job_id)
            return TaskTally(**Counter(_tallied(one) for one in listed if one.id in outdated))
        except NotFoundError:
            return TaskTally()

    def _failed(self, job_id: str) -> Iterator[TaskInfo]:
        return self.batch.list_tasks(job_id, filter=FAILED, select=END_FIELDS)

    def _ids(self, job_id: str, filter_: str | None) -> set[str]:
        return {task.id for task in self._listed(job_id, filter_)}

    def _listed(self, job_id: str, filter_: str | None) -> Iterator[TaskInfo]:
        return self.batch.list_tasks(job_id, filter=filter_, select=ID_FIELDS)


_OutdatedTasks: TypeAlias = tuple[str, str]
"""The tasks of a generation that no longer count: its job, and the digest of their list."""


def _outdated_tasks(generation: Generation) -> _OutdatedTasks:
    return generation.job_id, generation.outdated_digest


def _with_tallies(tallies: Mapping[_OutdatedTasks, TaskTally], record: StudyRecord) -> StudyRecord:
    """Note how many tasks that no longer count have been counted, unless others do not by now."""
    counted = ((one, tallies.get(_outdated_tasks(one))) for one in record.generations)
    generations = tuple(one if tally is None else one.with_tally(tally) for one, tally in counted)
    return replace(record, generations=generations)


def _tallied(task: TaskInfo) -> str:
    if task.state == "completed":
        return "succeeded" if task.result == "success" else "failed"
    return "active" if task.state == "active" else "running"
