"""Watching a study until its runs have ended, by counts and filtered lists alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runfleet.azure import NotFoundError
from runfleet.launch.diagnosis import explain_study
from runfleet.launch.explanation import Explanation
from runfleet.launch.failures import FailedRun
from runfleet.launch.history import History
from runfleet.launch.outcomes import count_runs, failed_tasks, run_counts, tally_of
from runfleet.launch.progress import Pace, Progress, RunCounts, next_pause
from runfleet.launch.record import Generation, StudyRecord, TaskTally
from runfleet.launch.run_files import StoredFiles

_MOST_NEW_FAILURES = 20
_LISTING_LAG = timedelta(seconds=30)
_FIRST_DOUBT_SECONDS = 0.5
_LONGEST_DOUBT_SECONDS = 30.0


@dataclass
class Watcher:
    """
    Looks at one study again and again.

    Parameters
    ----------
    history
        The study.
    files
        What its runs have left.
    read_record
        Reads what the account knows of the study now: somebody may change it meanwhile.
    is_free
        Asks whether nobody can be submitting it.
    """

    history: History
    files: StoredFiles
    read_record: Callable[[], StudyRecord]
    is_free: Callable[[], bool]
    _pace: Pace = field(default_factory=Pace)
    _failed: int = 0
    _told: set[tuple[str, str]] = field(default_factory=set)
    _latest: datetime | None = None
    _idle_since: float | None = None
    _doubt: float = _FIRST_DOUBT_SECONDS
    _reason: Explanation | None = None

    def watch(self) -> Iterator[Progress]:
        """Look until all runs have ended, or nothing can go on."""
        began = time.monotonic()
        pause = 0.0
        while True:
            progress = self._look(began)
            yield progress
            explanation = progress.explanation
            if progress.counts.all_ended or (explanation and explanation.is_stuck):
                return
            left = progress.time_left.total_seconds() if progress.time_left else None
            pause = next_pause(pause, left)
            time.sleep(pause)

    def _look(self, began: float) -> Progress:
        record = self.read_record()
        counts = self._count(record)
        now = time.monotonic()
        self._pace.observe(now, counts.ended)
        left = self._pace.seconds_left(counts.total - counts.ended)
        return Progress(
            counts,
            timedelta(seconds=now - began),
            self._pace.rate,
            None if left is None else timedelta(seconds=left),
            self._new_failures(record, counts),
            self._explanation(record, counts, now),
        )

    def _count(self, record: StudyRecord) -> RunCounts:
        """Count tasks only; ask for the jobs, too, when that is not all there is to know."""
        tally = TaskTally()
        for generation in record.current:
            try:
                counts = self.history.batch.task_counts(generation.job_id)
            except NotFoundError:  # not made yet, or deleted
                continue
            tally += tally_of(counts) - self.history.outdated_tally(generation)
        counted = run_counts(record, tally)
        if counted.running or (counted.all_ended and not counted.failed):
            return counted
        return count_runs(self.history, record)

    def _new_failures(self, record: StudyRecord, counts: RunCounts) -> tuple[FailedRun, ...]:
        if counts.failed <= self._failed:
            self._failed = counts.failed
            return ()
        self._failed = counts.failed
        # What has failed since the last look, or was not yet listed when it had.
        since = self._latest - _LISTING_LAG if self._latest else None
        return tuple(
            failed
            for generation in record.current
            for failed in self._new_failures_in(generation, since)
        )

    def _new_failures_in(self, generation: Generation, since: datetime | None) -> list[FailedRun]:
        """List the tasks whose failure was not told yet; read what some of them say."""
        job_id = generation.job_id
        found: list[FailedRun] = []
        for task in failed_tasks(self.history, generation, since):
            if (job_id, task.id) in self._told:
                continue
            self._told.add((job_id, task.id))
            self._latest = max(filter(None, (task.ended, self._latest)), default=None)
            if len(found) < _MOST_NEW_FAILURES:
                found.append(self.files.failed_run(job_id, task))
        return found

    def _explanation(
        self, record: StudyRecord, counts: RunCounts, now: float
    ) -> Explanation | None:
        """
        Find out why nothing runs, once that has lasted a moment, and then ever more rarely.

        What was found out last is said meanwhile.
        """
        if counts.running or counts.all_ended:
            self._idle_since, self._doubt, self._reason = None, _FIRST_DOUBT_SECONDS, None
            return None
        if self._idle_since is None:
            self._idle_since = now
        if now - self._idle_since >= self._doubt:
            self._idle_since, self._doubt = now, min(_LONGEST_DOUBT_SECONDS, self._doubt * 2)
            self._reason = explain_study(self.history, record, counts, [], self.is_free)
        return self._reason
