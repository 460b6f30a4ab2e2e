"""A study on an account."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from runfleet.azure import AzureBatch
from runfleet.launch.collecting import Collected, Collector
from runfleet.launch.definition import Definition
from runfleet.launch.diagnosis import explain_study
from runfleet.launch.early_collecting import EarlyCollector
from runfleet.launch.edited_studies import SubmittedStudies, new_outputs, why_other
from runfleet.launch.ended_runs import EndedRuns
from runfleet.launch.errors import (
    StudyDeletedError,
    StudyFileNeededError,
    StudySupersededError,
)
from runfleet.launch.explanation import Explanation
from runfleet.launch.failures import (
    FailedRun,
    FailureGroup,
    batch_message,
    group_failures,
    kind_of,
)
from runfleet.launch.history import CANCELLED, History, Repeat
from runfleet.launch.outages import hopeful
from runfleet.launch.outcomes import count_runs, failed_tasks
from runfleet.launch.progress import Progress, RunCounts
from runfleet.launch.record import RecordStore, StudyRecord
from runfleet.launch.results_folder import ResultsFolder
from runfleet.launch.run_files import LogEnd, StoredFiles
from runfleet.launch.run_logs import LogStream, RunLogs
from runfleet.launch.steps import OnStep, unheard
from runfleet.launch.submitting import Submitted
from runfleet.launch.table import TableShape, make_rows, write_csv, write_parquet
from runfleet.launch.watching import Watcher
from runfleet.storage import Storage
from runfleet.study import Study
from runfleet.study.pool import is_windows

if TYPE_CHECKING:
    import pandas

# Beyond that many failed runs, reading what each said would take longer than anyone waits.
_MOST_LOGS_READ = 2000
_ENDING_SECONDS = 10.0
_ENDING_PAUSE = 0.05


class Resubmit(Protocol):
    """Submits a study once more, in place of the version that is known, and of no other."""

    def __call__(
        self, study: Study, on_step: OnStep, repeat: Repeat, instead_of: Definition
    ) -> Submission:
        """Submit it."""
        ...


class Submission:
    """
    A study on an account: to watch it, to get its results, to cancel and to retry it.

    Made by `Account.submit` and `Account.study`; it can be thrown away and made again at any time,
    also on another machine.

    Parameters
    ----------
    account
        The name of the account.
    batch, storage
        Its own.
    submitted
        What submitting led to.
    study
        None where only the study's name is known.
    resubmit
        Submits the study again.
    is_free
        Asks whether nobody can be submitting it.
    """

    def __init__(
        self,
        account: str,
        batch: AzureBatch,
        storage: Storage,
        submitted: Submitted,
        study: Study | None,
        resubmit: Resubmit,
        is_free: Callable[[], bool],
    ) -> None:
        self.name = submitted.record.study
        self.is_calibration = submitted.record.is_calibration
        self.differences = submitted.differences
        self.is_unchanged = submitted.is_unchanged
        self.definition = submitted.record.definition
        self._study = study
        self._account = account
        self._resubmit = resubmit
        self._is_free = is_free
        self._history = History(batch, RecordStore(storage, self.name, batch.account))
        self._ended = EndedRuns(self._history, self._record)
        self._files = StoredFiles(storage, submitted.record.container)
        self._logs = RunLogs(self._history, self._files, self._record)
        self._submitted_studies = SubmittedStudies(storage)

    @property
    def study(self) -> Study | None:
        """The study; None where only its name is known."""
        return self._study

    def counts(self) -> RunCounts:
        """
        Count the runs by state.

        Takes no longer for more runs, unless the study was cancelled: what was stopped has to be
        told from what had failed before, one by one.
        """
        return count_runs(self._history, self._record())

    def watch(self, *, collect_to: Path | str | None = None) -> Iterator[Progress]:
        """
        Tell again and again how far the study is, until all runs have ended.

        Ends early where nothing will go on by itself; the last `Progress` then explains why.
        Leaving the loop leaves the runs going.

        Parameters
        ----------
        collect_to
            A folder to which the files of runs that have ended are brought while others still
            run, in portions of many runs and some seconds; the rest, which of a study of seconds is
            all, and the tables come with `collect`.

        Raises
        ------
        StudyFileNeededError
            If only the study's name is known, and files are to be brought.
        """
        early = None
        if collect_to is not None:
            early = EarlyCollector(self._ended.news, self._collector(collect_to, unheard))
        try:
            yield from self._watch(early)
        finally:
            if early is not None:
                early.leave()

    def _watch(self, early: EarlyCollector | None) -> Iterator[Progress]:
        with hopeful():
            for progress in self._watcher().watch():
                yield progress
                if early is not None:
                    early.keep_up(progress.counts)
        if early is not None:
            early.finish()

    def _watcher(self) -> Watcher:
        return Watcher(self._history, self._files, self._record, self._is_free)

    def cancel(self) -> RunCounts:
        """
        End all runs that have not ended; what has ended stays, and so do its results.

        Returns
        -------
        counts
            The runs by state afterwards.
        """
        for generation in self._marked_as_cancelled().current:
            job = self._history.job_of(generation)
            if job is not None and not job.is_over:
                self._history.batch.terminate_job(job.id, CANCELLED)
        return self._settled_counts()

    def _marked_as_cancelled(self) -> StudyRecord:
        """Have nobody add more: whoever is submitting the study may have made no job yet."""
        while True:
            newest = self._record().newest
            marked = self._history.store.update(newest, StudyRecord.cancelled)
            # Else another version was submitted just now, which is to end as well.
            if marked and marked.newest.job_id == newest.job_id:
                return marked

    def retry(self, *, failed: bool = True, on_step: OnStep = unheard) -> Submission:
        """
        Run again what was cancelled, never ran, was lost, or has failed.

        Parameters
        ----------
        failed
            Whether runs whose model has failed are among it. Those whose machine failed, or whose
            files could not be moved for another reason than their names, always are.
        on_step
            Is told what is going on.

        Raises
        ------
        StudyFileNeededError
            If only the study's name is known.
        StudySupersededError
            If another version of the study has been submitted since.
        StudyDeletedError
            If the study has been deleted.
        """
        repeat = Repeat.FAILED if failed else Repeat.LOST
        study = self._loaded("to run it again")
        if self.is_superseded:
            raise StudySupersededError(self.name)
        # Asked again there: whoever is submitting another version just now is waited for first.
        again = self._resubmit(study, on_step, repeat, self.definition)
        # Of a study that was edited it is this version that counts from now on.
        self.definition = again.definition
        return again

    def runs(self) -> Iterator[str]:
        """Name the runs, be they submitted yet or not."""
        return (name for name, _ in self._history.current_runs(self._record()))

    def failed_runs(self) -> Iterator[FailedRun]:
        """List the runs that have failed, with what each said last."""
        for generation in self._record().current:
            tasks = failed_tasks(self._history, generation)
            for task in islice(tasks, _MOST_LOGS_READ):
                yield self._files.failed_run(generation.job_id, task)
            for task in tasks:
                yield FailedRun(task.id, kind_of(task), batch_message(task), task.exit_code)

    def lost_runs(self) -> int:
        """
        Count the failed runs whose machine failed, or whose files could not be moved.

        Not for their names: these would be the same again.
        """
        return sum(
            self._files.was_lost(generation.job_id, task)
            for generation in self._record().current
            for task in failed_tasks(self._history, generation)
        )

    @property
    def is_superseded(self) -> bool:
        """Whether another version of the study has been submitted since, by whomever."""
        return self._record().definition != self.definition

    def failures(self) -> list[FailureGroup]:
        """Put the failed runs together that said the same, the largest group first."""
        return group_failures(self.failed_runs())

    def explain(self) -> Explanation:
        """Say in one sentence why the study is where it is, and what to do next."""
        record = self._record()
        counts = count_runs(self._history, record)
        failures = self.failures() if counts.failed else []
        return explain_study(self._history, record, counts, failures, self._is_free)

    def collect(self, folder: Path | str, *, on_step: OnStep = unheard) -> Collected:
        """
        Bring the results of all runs that have ended into a folder.

        It gets the table, `runs.csv` and `runs.parquet`; the outputs and logs of each run,
        `runs/RUN/`; and `plots/`.  Called again, it fetches only what is new.

        Parameters
        ----------
        folder
            Where the results go; made if need be.
        on_step
            Is told how far it is.

        Raises
        ------
        StudyFileNeededError
            If only the study's name is known.
        """
        collector = self._collector(folder, on_step)
        collected = collector.collect(self._ended.all_outcomes())
        if collector.study is self._study:
            return collected
        note = why_other(collector.study, self._record())
        return replace(collected, notes=(note, *collected.notes))

    def _collector(self, folder: Path | str, on_step: OnStep) -> Collector:
        study = self._as_submitted("to collect its results")
        storage = self._files.storage
        place = ResultsFolder(Path(folder), study.name)
        added = new_outputs(study, self._record())
        return Collector(study, self._account, storage, place, on_step, self._ended.jobs, added)

    def table(self) -> pandas.DataFrame:
        """
        Make the table of results: a row a run with its state, times, parameters and results.

        Raises
        ------
        StudyFileNeededError
            If only the study's name is known.
        """
        import pandas as pd

        study = self._as_submitted("to make its table")
        shape = TableShape.of(study)
        files = replace(self._files, ignores_case=is_windows(study.pool.image))
        unkept = new_outputs(study, self._record())
        rows = make_rows(study, self._ended.all_outcomes(), files, unkept)
        with TemporaryDirectory(prefix="runfleet-") as name:
            csv, parquet = Path(name, "runs.csv"), Path(name, "runs.parquet")
            write_csv(csv, shape, rows)
            write_parquet(parquet, shape, csv)
            return pd.read_parquet(parquet)

    def log(self, run: str, stream: LogStream | str = LogStream.STDOUT) -> bytes:
        """
        Read what a run has written so far.

        Parameters
        ----------
        run
            Its name.
        stream
            `stdout` or `stderr`.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        LaunchError
            If a run has no such stream.
        """
        return self._logs.read(run, stream)

    def log_end(self, run: str, length: int, stream: LogStream | str = LogStream.STDOUT) -> LogEnd:
        """Read the last `length` bytes of what a run has written so far; see `log`."""
        return self._logs.read_end(run, length, stream)

    def follow_log(
        self,
        run: str,
        stream: LogStream | str = LogStream.STDOUT,
        *,
        offset: int = 0,
        on_anew: Callable[[], None] = lambda: None,
    ) -> Iterator[bytes]:
        """
        Read what a run writes, as it writes it, until it has ended, or is cancelled; see `log`.

        Parameters
        ----------
        run, stream
            What is read.
        offset
            How many bytes are left out.
        on_anew
            Called where the run begins anew, after a retry or the loss of its node: what comes next
            is the beginning of what it writes then.

        Raises
        ------
        RunSupersededError
            If the study is submitted again meanwhile, and the run is done anew or left out.
        """
        return self._logs.follow(run, stream, offset, on_anew)

    def has_begun(self, run: str) -> bool:
        """Tell whether a run has begun; see `log`."""
        return self._logs.has_begun(run)

    def was_cancelled(self, run: str) -> bool:
        """Tell whether a run was ended on request, or was never to begin; see `log`."""
        return self._logs.was_cancelled(run)

    def outputs(self, run: str) -> Iterator[str]:
        """List the files of a run that are in the storage, besides what it wrote; see `log`."""
        return self._logs.outputs(run)

    def _record(self) -> StudyRecord:
        record = self._history.store.read()
        if record is None:
            raise StudyDeletedError(self.name)
        return record

    def _loaded(self, purpose: str) -> Study:
        if self._study is None:
            raise StudyFileNeededError(self.name, purpose)
        return self._study

    def _as_submitted(self, purpose: str) -> Study:
        """Have the samples with which the runs were submitted: the file may have been edited."""
        return self._submitted_studies.as_submitted(self._loaded(purpose), self._record())

    def _settled_counts(self) -> RunCounts:
        """Wait a moment for what was cancelled to end."""
        deadline = time.monotonic() + _ENDING_SECONDS
        counts = self.counts()
        while counts.running and time.monotonic() < deadline:
            time.sleep(_ENDING_PAUSE)
            counts = self.counts()
        return counts
