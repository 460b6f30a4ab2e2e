"""Files of a study that are edited while it is submitted: used as they were, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from runfleet.launch import Account, LaunchError, Step, StepName, Submission
from runfleet.study import Study

WriteStudy = Callable[..., Study]


def editing(file: Path, text: str, name: StepName) -> Callable[[Step], None]:
    """Edit a file when a step of that name begins, or goes on."""

    def on_step(step: Step) -> None:
        if step.name is name:
            file.write_text(text)

    return on_step


def logs(submission: Submission) -> list[str]:
    list(submission.watch())
    return [submission.log(run).decode().strip() for run in submission.runs()]


def test_a_template_is_noted_as_it_was_loaded(account: Account, write_study: WriteStudy) -> None:
    text = """
        model: {command: cat in.txt, overlays: {in.txt: in.j2}}
        parameters: {A: {values: [1]}}
    """
    study = write_study(text, in_j2="old {{ A }}\n")
    (study.folder / "in.j2").write_text("new {{ A }}\n")
    assert logs(account.submit(study)) == ["old 1"]
    again = account.submit(Study.load(study.folder / study.file.name))
    assert again.differences[0] == "overlay `in.txt` changed"
    assert logs(again) == ["new 1"]


TABLE = """
    model: {command: echo $X}
    parameters: {X: {}}
    design: {csv: t.csv}
"""


@pytest.mark.parametrize("rows", ["10\n20\n", "10\n20\n30\n"])
def test_a_table_of_samples_holds_for_a_whole_submission(
    account: Account, write_study: WriteStudy, rows: str
) -> None:
    study = write_study(TABLE, t_csv="X\n1\n2\n")
    on_step = editing(study.folder / "t.csv", f"X\n{rows}", StepName.PROVIDING_POOL)
    assert logs(account.submit(study, on_step=on_step)) == ["1", "2"]
    edited = account.submit(Study.load(study.folder / study.file.name))
    assert logs(edited) == rows.split()


def test_a_table_with_more_rows_than_were_loaded_is_refused(
    account: Account, write_study: WriteStudy
) -> None:
    study = write_study(TABLE, t_csv="X\n1\n2\n")
    (study.folder / "t.csv").write_text("X\n1\n2\n3\n")
    with pytest.raises(LaunchError, match="had 2 runs when it was loaded, and has 3 by now"):
        account.submit(study)


@pytest.mark.parametrize("name", [StepName.COMPARING, StepName.PROVIDING_POOL])
def test_an_input_that_is_edited_before_it_is_staged_is_refused(
    account: Account, write_study: WriteStudy, name: StepName
) -> None:
    """Nothing is left in the storage that is taken for what it held before."""
    text = "model: {command: cat in.txt, inputs: [in.txt]}"
    study = write_study(text, in_txt="one")
    file = study.folder / "in.txt"
    with pytest.raises(LaunchError, match=r"in\.txt` has changed while the study was submitted"):
        account.submit(study, on_step=editing(file, "two, edited", name))
    file.write_text("one")
    assert logs(account.submit(study)) == ["one"]
    file.write_text("two, edited")
    assert logs(account.submit(study)) == ["two, edited"]


class _InterruptedError(Exception):
    pass


def test_an_input_that_is_edited_in_an_upload_that_is_interrupted_is_not_kept(
    account: Account, write_study: WriteStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may be left to remove it again, as when the client is killed."""
    study = write_study("model: {command: cat in.txt, inputs: [in.txt]}", in_txt="one")
    file = study.folder / "in.txt"
    put_files = account.storage.put_files

    def edit_and_end(container: str, files: Iterable[Any], **options: Any) -> None:
        file.write_text("two, edited")
        try:
            put_files(container, files, **options)
        finally:
            file.write_text("one")
            raise _InterruptedError

    monkeypatch.setattr(account.storage, "put_files", edit_and_end)
    with pytest.raises(_InterruptedError):
        account.submit(study)
    monkeypatch.undo()
    assert logs(account.submit(study)) == ["one"]


def test_an_input_that_is_edited_only_while_it_is_uploaded_is_refused(
    account: Account, write_study: WriteStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_study("model: {command: cat in.txt, inputs: [in.txt]}", in_txt="one")
    file = study.folder / "in.txt"
    put_files = account.storage.put_files

    def edit_meanwhile(container: str, files: Iterable[Any], **options: Any) -> None:
        file.write_text("two, edited")
        try:
            put_files(container, files, **options)
        finally:
            file.write_text("one")

    monkeypatch.setattr(account.storage, "put_files", edit_meanwhile)
    with pytest.raises(LaunchError, match=r"in\.txt` has changed while the study was submitted"):
        account.submit(study)


def test_an_input_that_is_edited_after_it_was_staged_is_used_as_it_was(
    account: Account, write_study: WriteStudy
) -> None:
    study = write_study("model: {command: cat in.txt, inputs: [in.txt]}", in_txt="one")
    file = study.folder / "in.txt"
    submission = account.submit(study, on_step=editing(file, "two, edited", StepName.STAGING))
    assert logs(submission) == ["one"]
    assert logs(account.submit(study)) == ["two, edited"]
