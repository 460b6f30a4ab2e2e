"""What has become of the runs that have ended, learnt while others still run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock

from runfleet.launch.history import History
from runfleet.launch.outcomes import Outcome, RunState, count_runs, ended_since, outcomes_of
from runfleet.launch.progress import RunCounts
from runfleet.launch.record import Generation, StudyRecord


class EndedRuns:
    """
    The outcomes of a study, asked for as its runs end.

    What was told once is remembered, so that little is left to ask for at the end.

    Parameters
    ----------
    history
        The study.
    read_record
        Reads what the account knows of the study now: somebody may change it meanwhile.
    """

    def __init__(self, history: History, read_record: Callable[[], StudyRecord]) -> None:
        self._history = history
        self._read_record = read_record
        self._record: StudyRecord | None = None
        self._outcomes: dict[str, Outcome] = {}
        self._latest: datetime | None = None
        self._generations: tuple[Generation, ...] = ()
        self._jobs: Mapping[str, str] = {}
        self._lock = Lock()

    def news(self) -> dict[str, Outcome]:
        """Tell what has become of the runs that have ended since this was last asked."""
        with self._lock:
            return self._learn(self._read_record())

    def all_outcomes(self) -> dict[str, Outcome]:
        """Tell what has become of each run that has a task, by the run's name."""
        with self._lock:
            record = self._read_record()
            if record == self._record and self._knows_all(record):
                return dict(self._outcomes)
            return outcomes_of(self._history, record)

    def jobs(self) -> Mapping[str, str]:
        """Tell for each run in which job it is done, or was, as the study was last submitted."""
        with self._lock:
            record = self._read_record()
            if record.generations != self._generations:
                self._jobs = dict(self._history.current_runs(record))
                self._generations = record.generations
            return self._jobs

    def _learn(self, record: StudyRecord) -> dict[str, Outcome]:
        if record != self._record:  # what counted then may not count now
            self._record, self._outcomes, self._latest = record, {}, None
        # What ended at the very moment is listed again.
        found = ended_since(self._history, record, self._latest)
        new = {run: one for run, one in found if one != self._outcomes.get(run)}
        moments = (one.ended for one in new.values() if one.ended)
        self._latest = max(moments, default=self._latest)
        self._outcomes.update(new)
        return new

    def _knows_all(self, record: StudyRecord) -> bool:
        """Learn the rest; tell whether it all agrees with the counts, of which none is left."""
        counts = count_runs(self._history, record)
        if not counts.all_ended:
            return False
        self._learn(record)
        states = Counter(one.state for one in self._outcomes.values())
        succeeded, failed = states[RunState.SUCCEEDED], states[RunState.FAILED]
        return counts == RunCounts(len(self._outcomes), succeeded=succeeded, failed=failed)
