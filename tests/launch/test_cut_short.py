"""Submissions that are cut short, in whatever order with edits, cancellations and retries."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from runfleet.launch import Account, Step, StepName, Submission
from runfleet.launch.progress import RunCounts
from runfleet.study import Study

WriteStudy = Callable[..., Study]

RUNS = 320
STEPS = 8


class _ClientGoneError(Exception):
    """Ends a submission as a kill does."""


class Client:
    """A user of one study, with two versions of its command."""

    def __init__(self, account: Account, write_study: WriteStudy, folder: Path) -> None:
        self.account = account
        self.version = "a"
        self._write = write_study
        self._folder = folder
        self.open()

    @property
    def study(self) -> Study:
        return self._write(
            f"""
            model:
              command: '[ -e "{self._folder}/licence" -o $X -lt 300 ] && echo {self.version}$X'
            parameters: {{X: {{integers: [1, {RUNS}]}}}}
            results: {{x: {{file: stdout.txt, pattern: '{self.version}(\\d+)'}}}}
            """
        )

    def open(self) -> None:
        """Let all runs succeed."""
        (self._folder / "licence").touch()

    def close(self) -> None:
        """Let some of them fail."""
        (self._folder / "licence").unlink(missing_ok=True)

    def submit(self) -> Submission:
        return self.account.submit(self.study)

    def begin(self) -> None:
        """Submit a part of it, if anything is to be added, and die."""
        with suppress(_ClientGoneError):
            self.account.submit(self.study, on_step=_die_while_adding)

    def edit(self) -> None:
        self.version = "b" if self.version == "a" else "a"

    def cancel(self) -> None:
        self.account.study(self.study.name).cancel()

    def finish(self) -> None:
        for _ in self.submit().watch():
            pass

    def retry(self) -> None:
        self.submit()
        with suppress(_ClientGoneError):
            self.account.study(self.study).retry(on_step=_die_while_adding)


def _die_while_adding(step: Step) -> None:
    if step.name is StepName.ADDING:
        raise _ClientGoneError


@pytest.fixture(autouse=True)
def _one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runfleet.azure.adding._IN_FLIGHT", 1)


@pytest.fixture
def client(account: Account, write_study: WriteStudy, tmp_path: Path) -> Client:
    return Client(account, write_study, tmp_path)


def assert_done(client: Client) -> None:
    """All runs of the version are done, and nothing else is told of."""
    client.open()
    submission = client.submit()
    assert list(submission.watch())[-1].counts.waiting == 0
    submission = submission.retry()
    assert list(submission.watch())[-1].counts == RunCounts(RUNS, succeeded=RUNS)
    assert sorted(submission.table()["x"]) == list(range(1, RUNS + 1))


def test_a_study_that_was_cancelled_twice_while_it_was_submitted(client: Client) -> None:
    for _ in range(2):
        client.begin()
        client.cancel()
    assert_done(client)


def test_an_edit_that_is_taken_back_after_a_submission_was_cut_short(client: Client) -> None:
    client.begin()
    client.edit()
    client.submit()
    client.edit()
    submission = client.submit()
    assert list(submission.watch())[-1].counts == RunCounts(RUNS, succeeded=RUNS)


def test_a_retry_after_a_submission_was_cut_short(client: Client) -> None:
    client.close()
    client.begin()
    client.cancel()
    client.finish()
    client.open()
    submission = client.submit().retry()
    assert list(submission.watch())[-1].counts == RunCounts(RUNS, succeeded=RUNS)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_between(client: Client, seed: int) -> None:
    chance = random.Random(seed)
    client.begin()
    acts = [client.begin, client.edit, client.cancel, client.finish, client.retry, client.open]
    for act in chance.choices([*acts, client.close], k=STEPS):
        act()
    assert_done(client)
