"""From what is noted of a study to the tasks of its newest job."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from runfleet.azure import AzureBatch, BatchError, JobSettings
from runfleet.launch import names
from runfleet.launch.errors import LaunchError, SubmittedElsewhereError
from runfleet.launch.history import CANCELLED, History
from runfleet.launch.pool import PoolPlan
from runfleet.launch.record import Generation, RecordStore, StudyRecord
from runfleet.launch.staging import Staging
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.launch.tasks import TaskMaker
from runfleet.storage import BlobNotFoundError, ContainerNotFoundError
from runfleet.study import Run, Study, StudyError

_COUNTING_SECONDS = 10.0
_COUNTING_PAUSE = 0.2
_LOOKING_PAUSE = 1.0


@dataclass(frozen=True)
class JobFiller:
    """
    Stages the inputs of a study, makes its newest job, and adds the tasks that it lacks.

    Whoever else is at the study meanwhile, on this machine or another, goes first: who cancels it,
    submits it edited, or deletes it.

    Parameters
    ----------
    study
        The study.
    record
        What is noted of it.
    history
        Its jobs.
    pool
        Where its runs shall run.
    staging
        Where its files are.
    on_step
        Is told how far it is.
    """

    study: Study
    record: StudyRecord
    history: History
    pool: PoolPlan
    staging: Staging
    on_step: OnStep

    def fill(self) -> StudyRecord:
        """
        Do it, and note that it is done; gives what is noted.

        Raises
        ------
        SubmittedElsewhereError
            If another version has taken the place of this one.
        LaunchError
            If the study was cancelled or deleted.
        """
        with self._unless_overtaken():
            self._demand_mine(self._store.read())
            self.staging.stage_inputs(self.on_step)
            self._fill_job()
            self._batch.finish_when_done(self._generation.job_id)
        self._demand_mine(self._store.update(self._generation, StudyRecord.added))
        return self.record.added()

    @property
    def _generation(self) -> Generation:
        return self.record.newest

    @property
    def _batch(self) -> AzureBatch:
        return self.history.batch

    @property
    def _store(self) -> RecordStore:
        return self.history.store

    def _fill_job(self) -> None:
        """Make the newest job unless it is there, and add its tasks until it has them all."""
        is_new = self._batch.create_job(self._job())
        self._demand_mine(self._store.read())
        self._add_tasks(set() if is_new else self.history.present(self._generation.job_id))
        if self._counts_back():
            return
        added = self._add_tasks(self.history.present(self._generation.job_id))
        if added and not self._counts_back():
            raise LaunchError(
                f"job `{self._generation.job_id}` has fewer tasks than the "
                f"{self._generation.run_count:,} that were added to it",
                hint="run the study again: it goes on where it ended",
            )

    @contextmanager
    def _unless_overtaken(self) -> Iterator[None]:
        """Say what is in the way where the study was cancelled, taken over, or deleted."""
        try:
            yield
        except (BatchError, BlobNotFoundError, ContainerNotFoundError) as error:
            self._demand_mine(self._store.read())
            job = self.history.job_of(self._generation)
            if job is not None and job.was_ended:
                raise self._cancelled() from error
            raise

    def _demand_mine(self, record: StudyRecord | None) -> None:
        """
        Add no more, and end what was added in vain, where somebody else has been at the study.

        Parameters
        ----------
        record
            What the account knows of the study now.
        """
        if record is None or record.newest.job_id != self._generation.job_id:
            self.history.withdraw(self._generation, record)
            if record is None:
                raise LaunchError(
                    f"study `{self.study.name}` was deleted while it was submitted",
                    hint="to submit it after all, run the study again",
                )
            raise SubmittedElsewhereError(self.study.name, "its runs have taken the place of these")
        if record.newest.cancelled:
            job = self.history.job_of(self._generation)
            if job is not None and not job.is_over:
                self._batch.terminate_job(job.id, CANCELLED)
            raise self._cancelled()

    def _cancelled(self) -> LaunchError:
        return LaunchError(
            f"study `{self.study.name}` was cancelled before all its runs were submitted",
            hint="to run the rest after all, run the study again",
        )

    def _job(self) -> JobSettings:
        return JobSettings(
            self._generation.job_id,
            self.pool.id,
            preparation=self.staging.preparation(self._user),
            metadata=names.job_metadata(self.study.name, self._generation.number),
        )

    @cached_property
    def _user(self) -> str | None:
        """Tell as whom runs on several nodes reach the others; asked for when there is a pool."""
        pool = self._batch.get_pool(self.pool.id) if self.pool.nodes_per_run else None
        return pool.ssh_user if pool else None

    def _add_tasks(self, present: Set[str]) -> int:
        """Add the tasks that are not there as a stream, made as they are sent; returns how many."""
        missing = sum(
            name not in present for name, _ in self._store.read_manifest(self._generation)
        )
        if not missing:
            return 0
        total, job_id = self._generation.run_count, self._generation.job_id
        before = total - missing
        storage, life = self.staging.storage, self.staging.url_life
        maker = TaskMaker(self.study, storage, job_id, life, self.staging.system, self._user)
        lacking = (run for run in self._newest_runs() if run.name not in present)
        try:
            self._batch.add_tasks(
                job_id,
                maker.tasks(self._while_mine(lacking)),
                on_added=lambda added: self.on_step(Step(StepName.ADDING, before + added, total)),
            )
        except StudyError as error:
            raise self._cut_short(error) from error
        return missing

    def _while_mine(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Give runs as long as nobody else is at the study, for which is looked now and then."""
        looked = time.monotonic()
        for run in runs:
            if time.monotonic() > looked + _LOOKING_PAUSE:
                self._demand_mine(self._store.read())
                looked = time.monotonic()
            yield run

    def _cut_short(self, error: StudyError) -> StudyError:
        """Say of a template that fails for a run, and was not tried for it, what is going on."""
        added = self._batch.task_counts(self._generation.job_id).total
        total = self._generation.run_count
        return StudyError(
            f"{error.what}; {added:,} of {total:,} runs have been submitted, and go on",
            file=error.file,
            line=error.line,
            hint=f"{error.hint}; then run the study again: all runs are done with an edited "
            "template, and those whose values change with edited values",
        )

    def _newest_runs(self) -> Iterator[Run]:
        """Generate the runs of the newest generation; their names are kept if they are not all."""
        if self._generation.run_count == self.record.run_count:
            return self.study.runs()
        wanted = {name for name, _ in self._store.read_manifest(self._generation)}
        return (run for run in self.study.runs() if run.name in wanted)

    def _counts_back(self) -> bool:
        """Ask Batch itself how many tasks there are; its counts may lag, so more than once."""
        deadline = time.monotonic() + _COUNTING_SECONDS
        while self._batch.task_counts(self._generation.job_id).total < self._generation.run_count:
            if time.monotonic() > deadline:
                return False
            time.sleep(_COUNTING_PAUSE)
        return True
