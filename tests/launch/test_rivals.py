"""Two users of one account, who submit studies of one name at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runfleet.launch import (
    Account,
    LaunchError,
    Step,
    StepName,
    StudySupersededError,
    SubmittedElsewhereError,
)
from runfleet.launch.accounts.connecting import access_to
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.errors import StudyDeletedError
from runfleet.launch.progress import RunCounts
from runfleet.launch.record import RecordStore, StudyRecord
from runfleet.study import Study

STUDY = "model: {{command: 'true'}}\nparameters: {{X: {{values: {values}}}}}\n"


@pytest.fixture
def other(shared_home: Path, tmp_path: Path) -> Iterator[Account]:
    """The account as somebody else has it, at a machine of his own."""
    with Account(LOCAL, tmp_path / "other home", access_to(LOCAL, shared_home)) as account:
        yield account


def at(name: StepName, act: Callable[[], object]) -> Callable[[Step], None]:
    """Do something once, when a step of that name begins."""
    waiting = [act]

    def on_step(step: Step) -> None:
        if step.name is name and waiting:
            waiting.pop()()

    return on_step


def job_ids(account: Account, study: Study) -> list[str]:
    return [job.id for job in account.batch.list_jobs() if study.name in job.id]


def test_one_of_two_new_studies_is_refused(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    mine, theirs = (write_study(STUDY.format(values=values)) for values in ([1, 2], [1, 2, 3]))
    with pytest.raises(SubmittedElsewhereError) as refused:
        account.submit(mine, on_step=at(StepName.COMPARING, lambda: other.submit(theirs)))
    assert refused.value.message == (
        f"study `{mine.name}` was submitted from elsewhere at the same time; nothing of this one "
        "was submitted"
    )
    assert len(job_ids(account, mine)) == 1
    assert list(other.study(theirs).watch())[-1].counts.succeeded == 3
    assert account.submit(theirs).is_unchanged


def test_one_of_two_edits_is_refused(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    list(account.submit(write_study(STUDY.format(values=[1]))).watch())
    mine, theirs = (write_study(STUDY.format(values=values)) for values in ([1, 2], [1, 3, 4]))
    with pytest.raises(SubmittedElsewhereError):
        account.submit(mine, on_step=at(StepName.COMPARING, lambda: other.submit(theirs)))
    assert list(other.study(theirs).watch())[-1].counts.succeeded == 3
    assert account.submit(mine).differences


@pytest.mark.parametrize("step", [StepName.PROVIDING_POOL, StepName.ADDING])
@pytest.mark.parametrize("count", [2, 1200])
def test_what_is_edited_while_its_tasks_are_added_stays_edited(
    account: Account,
    other: Account,
    write_study: Callable[..., Study],
    monkeypatch: pytest.MonkeyPatch,
    step: StepName,
    count: int,
) -> None:
    """Of the tasks that are added in vain none counts, nor goes on."""
    monkeypatch.setattr("runfleet.launch.filling._LOOKING_PAUSE", 0)
    mine = write_study(STUDY.format(values=[*range(count)]))
    theirs = write_study(STUDY.format(values=[0, 1, -3, -4]))
    with pytest.raises(SubmittedElsewhereError) as refused:
        account.submit(mine, on_step=at(step, lambda: other.submit(theirs)))
    assert refused.value.message == (
        f"study `{mine.name}` was submitted from elsewhere at the same time; its runs have taken "
        "the place of these"
    )
    assert list(other.study(theirs).watch())[-1].counts == RunCounts(4, succeeded=4)
    assert account.submit(theirs).is_unchanged
    assert not any(account.batch.task_counts(job).active for job in job_ids(account, mine))


def test_a_study_that_is_deleted_while_it_is_submitted_stays_deleted(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    study = write_study(STUDY.format(values=[1, 2]))

    def delete() -> None:
        other.delete(other.belongings(study.name))

    with pytest.raises(LaunchError, match="was deleted while it was submitted"):
        account.submit(study, on_step=at(StepName.PROVIDING_POOL, delete))
    assert job_ids(account, study) == []


@pytest.mark.parametrize("step", [StepName.PROVIDING_POOL, StepName.STAGING, StepName.ADDING])
def test_a_study_whose_files_are_deleted_while_it_is_submitted_stays_deleted(
    account: Account,
    other: Account,
    write_study: Callable[..., Study],
    monkeypatch: pytest.MonkeyPatch,
    step: StepName,
) -> None:
    """Though it is the storage that notices first."""
    monkeypatch.setattr("runfleet.launch.filling._LOOKING_PAUSE", 1000)
    text = f"""
        model: {{command: cat t.txt, inputs: [in.txt], overlays: {{t.txt: t.j2}}}}
        parameters: {{X: {{values: {[*range(1200)]}}}}}
    """
    study = write_study(text, in_txt="one", t_j2="{{ X }}")

    def delete() -> None:
        other.delete(other.belongings(study.name))

    with pytest.raises(LaunchError) as told:
        account.submit(study, on_step=at(step, delete))
    assert told.value.message == f"study `{study.name}` was deleted while it was submitted"
    assert account.batch.get_job(study.name) is None
    assert study.name not in [summary.name for summary in account.studies()]


def test_what_is_submitted_while_somebody_is_asked_is_not_deleted(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    study = write_study(STUDY.format(values=[1, 2]))
    list(account.submit(study).watch())
    shown = account.belongings(study)
    theirs = write_study(STUDY.format(values=[1, 2, 3]))
    submission = other.submit(theirs)
    with pytest.raises(LaunchError) as refused:
        account.delete(shown)
    assert refused.value.message == (
        f"study `{study.name}` was submitted while it was to be deleted; nothing was deleted"
    )
    assert refused.value.hint == "the same command again shows all that it has now"
    assert list(submission.watch())[-1].counts == RunCounts(3, succeeded=3)
    account.delete(account.belongings(study))
    assert job_ids(account, study) == []


@pytest.mark.parametrize("step", [StepName.PROVIDING_POOL, StepName.ADDING])
def test_a_study_that_is_being_submitted_has_more_than_was_shown(
    account: Account, other: Account, write_study: Callable[..., Study], step: StepName
) -> None:
    """Its job may not be there yet; what it had when it was looked at may all be gone by now."""
    study = write_study(STUDY.format(values=[1]))
    list(other.submit(study).watch())
    shown = account.belongings(study.name)
    other.delete(shown)

    def delete() -> None:
        with pytest.raises(LaunchError, match="was submitted while it was to be deleted"):
            account.delete(shown)

    submission = other.submit(study, on_step=at(step, delete))
    assert list(submission.watch())[-1].counts.succeeded == 1


def test_a_retry_that_waits_for_another_submission_does_not_undo_it(
    account: Account,
    other: Account,
    write_study: Callable[..., Study],
    caplog: pytest.LogCaptureFixture,
    wait_for: Callable[..., None],
) -> None:
    old = account.submit(write_study(STUDY.format(values=[1]).replace("true", "false")))
    list(old.watch())
    theirs = write_study(STUDY.format(values=[1, 2, 3]))
    with ThreadPoolExecutor(1) as threads:
        with account.locked(theirs.name):
            retried = threads.submit(old.retry)
            wait_for(lambda: "is being submitted by another process" in caplog.text, seconds=30)
            other.submit(theirs)
        with pytest.raises(StudySupersededError):
            retried.result()
    assert list(other.study(theirs).watch())[-1].counts == RunCounts(3, succeeded=3)
    assert account.submit(theirs).is_unchanged


def test_a_retry_that_waits_for_a_deletion_brings_nothing_back(
    account: Account,
    other: Account,
    write_study: Callable[..., Study],
    caplog: pytest.LogCaptureFixture,
    wait_for: Callable[..., None],
) -> None:
    old = account.submit(write_study(STUDY.format(values=[1]).replace("true", "false")))
    list(old.watch())
    with ThreadPoolExecutor(1) as threads:
        with account.locked(old.name):
            retried = threads.submit(old.retry)
            wait_for(lambda: "is being submitted by another process" in caplog.text, seconds=30)
            other.delete(other.belongings(old.name))
        with pytest.raises(StudyDeletedError):
            retried.result()


def test_a_study_can_be_cancelled_before_it_has_a_job(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    study = write_study(STUDY.format(values=[1, 2]))

    def cancel() -> None:
        assert other.study(study.name).cancel() == RunCounts(2, cancelled=2)

    with pytest.raises(LaunchError, match="was cancelled before all its runs were submitted"):
        account.submit(study, on_step=at(StepName.PROVIDING_POOL, cancel))
    assert job_ids(account, study) == []
    assert list(account.study(study).watch())[-1].counts == RunCounts(2, cancelled=2)
    assert "was cancelled with" in account.study(study).explain().sentence
    assert list(account.submit(study).watch())[-1].counts == RunCounts(2, succeeded=2)


def test_an_edited_study_that_is_submitted_before_a_cancellation_is_cancelled_with_it(
    account: Account,
    other: Account,
    write_study: Callable[..., Study],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the cancellation has read the study before."""
    mine, theirs = (
        write_study(STUDY.format(values=[1]).replace("true", f"sleep {seconds}"))
        for seconds in (1000, 2000)
    )
    account.submit(mine)
    update = RecordStore.update
    waiting = [theirs]

    def submit_before(store: RecordStore, *arguments: Any) -> StudyRecord | None:
        if waiting:
            other.submit(waiting.pop())
        return update(store, *arguments)

    submission = account.study(mine)
    monkeypatch.setattr(RecordStore, "update", submit_before)
    assert submission.cancel() == RunCounts(1, cancelled=1)
    assert not any(job.state == "active" for job in account.batch.list_jobs(prefix=mine.name))


def test_a_study_that_is_cancelled_while_it_is_submitted_is_cancelled(
    account: Account, other: Account, write_study: Callable[..., Study]
) -> None:
    """Also the runs that were never added; none of them is when it is run again."""
    study = write_study(STUDY.format(values=[*range(3000)]))
    with pytest.raises(LaunchError) as told:
        account.submit(study, on_step=at(StepName.ADDING, lambda: other.study(study.name).cancel()))
    assert told.value.message == (
        f"study `{study.name}` was cancelled before all its runs were submitted"
    )
    counts = account.study(study).counts()
    assert (counts.waiting, counts.all_ended, counts.total) == (0, True, 3000)
    assert "was cancelled with" in account.study(study).explain().sentence
    assert account.submit(study).counts().cancelled == 0
    account.study(study).cancel()
