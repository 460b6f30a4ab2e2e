"""Results of studies whose files were edited after they were submitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runfleet.launch import Account, LaunchError, Submission
from runfleet.launch.edited_studies import EDITED, SUBMITTED_AGAIN
from runfleet.study import Study

WriteStudy = Callable[..., Study]

SQUARES = """
    model: {{command: echo $((X * X)) > out.txt}}
    parameters: {{X: {parameter}}}
    design: {design}
    results:
      square: {{file: out.txt, pattern: '(\\d+)'}}
"""


def squares(values: list[int], design: str = "grid") -> str:
    return SQUARES.format(parameter=f"{{values: {values}}}" if values else "{}", design=design)


def finished(submission: Submission) -> Submission:
    list(submission.watch())
    return submission


def pairs(submission: Submission) -> list[tuple[int, float]]:
    table = submission.table()
    return list(zip(table["X"], table["square"], strict=True))


def noted(submission: Submission, folder: Path) -> set[str]:
    """What is told of the table's parameters when results are collected."""
    return {EDITED, SUBMITTED_AGAIN}.intersection(submission.collect(folder / "results").notes)


def test_the_table_shows_the_samples_that_were_submitted(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """And tells why it does not show those of the file."""
    finished(account.submit(write_study(squares([1, 2, 3]))))
    edited = account.study(write_study(squares([5, 6])))
    assert pairs(edited) == [(1, 1), (2, 4), (3, 9)]
    collected = edited.collect(tmp_path / "results")
    assert EDITED in collected.notes
    assert [line.split(",")[6:8] for line in collected.csv.read_text().splitlines()[1:]] == [
        ["1", "1.0"],
        ["2", "4.0"],
        ["3", "9.0"],
    ]


def test_results_that_were_edited_are_taken_anew(account: Account, write_study: WriteStudy) -> None:
    """Only the samples are those of before."""
    finished(account.submit(write_study(squares([1, 2, 3]))))
    edited = account.study(write_study(squares([5]).replace("square:", "first:")))
    assert list(edited.table()["first"]) == [1, 4, 9]


def test_a_result_on_a_file_that_was_not_kept_is_told_as_that(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """The model may have written it; only running again brings it."""
    text = squares([1, 2]).replace("> out.txt", "| tee out.txt > more.txt")
    finished(account.submit(write_study(text)))
    edited = account.study(write_study(text.replace("file: out.txt", "file: more.txt")))
    collected = edited.collect(tmp_path / "results")
    assert [(one.reason, one.count) for one in collected.lacking] == [
        ("`more.txt` was not kept", 2)
    ]
    [note] = collected.notes
    assert note == (
        "`more.txt` was not kept, as the study file did not ask for it when the runs were "
        "submitted; `runfleet run` runs what has changed"
    )
    assert list(edited.table()["error"]) == ["square: `more.txt` was not kept"] * 2
    assert edited.study
    again = finished(account.submit(edited.study))
    assert again.collect(tmp_path / "results").notes == ()
    assert pairs(again) == [(1, 1), (2, 4)]


def test_who_has_an_older_study_gets_what_was_submitted_last(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """Somebody else may have edited it, and run it, while one watched; and then edit it again."""
    older = finished(account.submit(write_study(squares([1, 2, 3]))))
    newer = finished(account.submit(write_study(squares([10, 20]))))
    assert pairs(older) == pairs(newer) == [(10, 100), (20, 400)]
    assert noted(older, tmp_path) == {SUBMITTED_AGAIN}
    assert noted(newer, tmp_path) == set()
    write_study(squares([30]))
    assert noted(older, tmp_path) == {EDITED}


@pytest.mark.parametrize("design", ["{csv: samples.csv}", "{list: [{X: 7}]}"])
def test_the_table_of_a_design_is_kept(
    account: Account, write_study: WriteStudy, design: str
) -> None:
    """Whether it was edited, or the design is another by now."""
    study = write_study(squares([], "{csv: samples.csv}"), samples_csv="X\n4\n5\n")
    finished(account.submit(study))
    edited = write_study(squares([], design), samples_csv="X\n6\n")
    assert pairs(account.study(edited)) == [(4, 16), (5, 25)]


def test_the_table_of_a_design_may_be_gone(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    study = write_study(squares([], "{csv: samples.csv}"), samples_csv="X\n4\n5\n")
    submission = finished(account.submit(study))
    (study.folder / "samples.csv").unlink()
    assert pairs(submission) == [(4, 16), (5, 25)]


def test_samples_that_cannot_be_told_are_not_guessed(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """As of a study that an older runfleet has submitted."""
    study = write_study(squares([], "{csv: samples.csv}"), samples_csv="X\n4\n5\n")
    finished(account.submit(study))
    container = account.records(study.name).container
    account.storage.delete_prefix(container, "designs/")
    edited = account.study(write_study(squares([], "{csv: samples.csv}"), samples_csv="X\n6\n"))
    assert_nothing_is_guessed(edited, tmp_path / "results")


def test_samples_of_a_study_file_that_means_nothing_any_more_are_not_guessed(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    study = write_study(squares([1, 2]))
    finished(account.submit(replace(study, source=f"old_key: 1\n{study.source}")))
    edited = account.study(write_study(squares([5, 6])))
    assert_nothing_is_guessed(edited, tmp_path / "results")


def assert_nothing_is_guessed(edited: Submission, results: Path) -> None:
    with pytest.raises(LaunchError, match="were edited after it was submitted") as caught:
        edited.collect(results)
    assert "undo the changes" in (caught.value.hint or "")
    assert not results.exists()
