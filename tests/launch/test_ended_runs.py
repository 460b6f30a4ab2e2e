"""Outcomes that are learnt while other runs go on, with a real emulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.launch import Account, Submission
from runfleet.launch.ended_runs import EndedRuns
from runfleet.launch.history import History
from runfleet.launch.outcomes import Outcome, RunState, outcomes_of
from runfleet.launch.record import StudyRecord
from runfleet.study import Study

WaitFor = Callable[..., None]
WriteStudy = Callable[..., Study]

# A run ends once its file is there: well if it is empty.
GATED = """
    model:
      command: while [ ! -e "{folder}/end-$X" ]; do sleep 0.02; done; [ ! -s "{folder}/end-$X" ]
    parameters: {{X: {{values: {values}}}}}
    run_name: x{{X}}
    pool: {{tasks_per_node: 4}}
"""


class Watched:
    """A study whose runs end when a test says so."""

    def __init__(self, account: Account, write: WriteStudy, folder: Path, wait: WaitFor) -> None:
        self._account, self._write, self._folder, self._wait = account, write, folder, wait
        self.submission = self.submit("[1, 2, 3]")
        self._store = account.records(self.submission.name)
        self._history = History(account.batch, self._store)
        self.ended = EndedRuns(self._history, self._record)

    def submit(self, values: str) -> Submission:
        return self._account.submit(self._write(GATED.format(folder=self._folder, values=values)))

    def end(self, number: int, *, well: bool = True) -> None:
        before = self.submission.counts().ended
        (self._folder / f"end-{number}").write_text("" if well else "badly")
        self._wait(lambda: self.submission.counts().ended == before + 1, seconds=20)

    def truth(self) -> dict[str, Outcome]:
        return outcomes_of(self._history, self._record())

    def _record(self) -> StudyRecord:
        record = self._store.read()
        assert record is not None
        return record


@pytest.fixture
def watched(
    account: Account, write_study: WriteStudy, tmp_path: Path, wait_for: WaitFor
) -> Watched:
    return Watched(account, write_study, tmp_path, wait_for)


def test_each_end_is_told_once(watched: Watched) -> None:
    """And never as what it was before."""
    assert watched.ended.news() == {}
    watched.end(2)
    assert list(watched.ended.news()) == ["x2"]
    assert watched.ended.news() == {}
    watched.end(1, well=False)
    watched.end(3)
    news = watched.ended.news()
    assert {run: one.state for run, one in news.items()} == {
        "x1": RunState.FAILED,
        "x3": RunState.SUCCEEDED,
    }
    assert watched.ended.all_outcomes() == watched.truth()


def test_what_nobody_asked_for_early_is_learnt_at_the_end(watched: Watched) -> None:
    """Before that, the runs that have not ended are told as they are."""
    watched.end(1)
    watched.ended.news()
    assert watched.ended.all_outcomes()["x2"].state in (RunState.RUNNING, RunState.WAITING)
    watched.end(2)
    watched.end(3)
    assert watched.ended.all_outcomes() == watched.truth()


def test_a_run_that_was_done_again_is_told_as_it_ended_last(
    watched: Watched, account: Account, tmp_path: Path
) -> None:
    """Here by somebody else, who reactivated its task."""
    watched.end(1, well=False)
    watched.end(2)
    assert watched.ended.news()["x1"].state is RunState.FAILED
    (tmp_path / "end-1").unlink()
    account.batch.reactivate_task(watched.submission.name, "x1")
    watched.end(3)
    assert watched.ended.all_outcomes()["x1"].state in (RunState.RUNNING, RunState.WAITING)
    watched.end(1)
    outcomes = watched.ended.all_outcomes()
    assert outcomes["x1"].state is RunState.SUCCEEDED
    assert outcomes == watched.truth()


def test_runs_that_an_edit_took_away_are_not_told(watched: Watched) -> None:
    """Although they had ended before, and were told then."""
    for number in (1, 2, 3):
        watched.end(number)
    assert len(watched.ended.news()) == 3
    watched.submit("[2, 3, 4]")
    watched.end(4)
    outcomes = watched.ended.all_outcomes()
    assert sorted(outcomes) == ["x2", "x3", "x4"]
    assert outcomes == watched.truth()


def test_failures_before_and_after_an_edit_are_told_once_each(watched: Watched) -> None:
    """While somebody watches, and whichever job they are in."""
    watched.submit("[1, 2, 3, 4]")
    looks = watched.submission.watch()
    assert next(looks).new_failures == ()
    watched.end(1, well=False)
    assert [failed.run for failed in next(looks).new_failures] == ["x1"]
    watched.end(4, well=False)
    watched.end(2, well=False)
    assert {failed.run for failed in next(looks).new_failures} == {"x2", "x4"}
    watched.end(3)
    assert next(looks).new_failures == ()


def test_cancelled_runs_are_told_as_such(watched: Watched) -> None:
    """They have ended, but not as their model wanted."""
    watched.end(1)
    watched.ended.news()
    watched.submission.cancel()
    states = {run: one.state for run, one in watched.ended.all_outcomes().items()}
    assert states == {
        "x1": RunState.SUCCEEDED,
        "x2": RunState.CANCELLED,
        "x3": RunState.CANCELLED,
    }
