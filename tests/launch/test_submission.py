"""Studies on an account with a real emulator: submitted, watched, edited, cancelled, retried."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import dropwhile, takewhile
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from runfleet.azure import AuthenticationError, BatchError, PoolSettings, StartTask
from runfleet.calibrate.calibration import Calibration
from runfleet.launch import (
    Account,
    AccountError,
    FailureKind,
    LaunchError,
    NotAStudyError,
    RunNotFoundError,
    RunSupersededError,
    Step,
    StepName,
    StudyFileNeededError,
    StudyNotFoundError,
    StudySupersededError,
    Submission,
    connect,
    names,
)
from runfleet.launch.collecting import Collected
from runfleet.launch.explanation import Explanation
from runfleet.launch.history import History
from runfleet.launch.names import container_name
from runfleet.launch.progress import Progress, RunCounts
from runfleet.storage import LifeTooLongError
from runfleet.study import Study, StudyError

WaitFor = Callable[..., None]
WriteStudy = Callable[..., Study]

SQUARES = """
    model:
      command: echo $((X * X)) > out.txt
      outputs: [out.txt]
    parameters:
      X: {values: [1, 2, 3, 4]}
    results:
      square: {file: out.txt, pattern: '(\\d+)'}
"""


def finish(submission: Submission) -> Progress:
    """Watch to the end."""
    return list(submission.watch())[-1]


def results_of(submission: Submission, name: str = "square") -> list[float]:
    return list(submission.table()[name])


def begun(submission: Submission) -> tuple[int, int]:
    counts = submission.counts()
    return counts.succeeded, counts.running


def attempts(folder: Path) -> list[str]:
    """What the runs of a test have noted in a file outside of their folders."""
    file = folder / "attempts"
    return sorted(file.read_text().split()) if file.exists() else []


def test_a_study_runs_to_its_table(account: Account, write_study: WriteStudy) -> None:
    """From a study file to numbers."""
    submission = account.submit(write_study(SQUARES))
    assert finish(submission).counts.succeeded == 4
    table = submission.table()
    assert list(table["run"]) == [f"run-0000{number}" for number in (1, 2, 3, 4)]
    assert list(table["X"]) == [1, 2, 3, 4]
    assert list(table["square"]) == [1, 4, 9, 16]
    assert set(table["state"]) == {"succeeded"}
    assert (table["end_time"] >= table["start_time"]).all()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [("[1]", "the run of `{}` has succeeded"), ("[1, 2]", "all 2 runs of `{}` have succeeded")],
)
def test_success_is_explained_in_one_sentence(
    account: Account, write_study: WriteStudy, values: str, sentence: str
) -> None:
    """However many runs there are."""
    study = write_study(f"model: {{command: 'true'}}\nparameters: {{X: {{values: {values}}}}}")
    submission = account.submit(study)
    finish(submission)
    assert submission.explain().sentence == sentence.format(study.name)


def test_the_same_study_again_does_nothing(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """Also with other comments, results and names of the file."""
    text = f"""
        model: {{command: 'echo $X >> "{tmp_path}/attempts"'}}
        parameters: {{X: {{values: [1, 2]}}}}
    """
    finish(account.submit(write_study(text)))
    again = account.submit(write_study(f"{text}\n# the same"))
    assert again.differences == ()
    assert finish(again).counts.succeeded == 2
    assert attempts(tmp_path) == ["1", "2"]


def test_added_runs_run_and_finished_ones_do_not(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """An edit costs only what it asks for."""
    text = f"""
        model:
          command: echo $X | tee -a "{tmp_path}/attempts" > out.txt
          outputs: [out.txt]
        run_name: x{{X}}
        parameters: {{X: {{values: VALUES}}}}
        results: {{x: {{file: out.txt, pattern: '(.+)'}}}}
    """
    finish(account.submit(write_study(text.replace("VALUES", "[1, 2, 3]"))))
    study = write_study(text.replace("VALUES", "[3, 4, 1]"))
    changes = account.changes(study)
    edited = account.submit(study)
    assert account.changes(study) == ()
    assert edited.differences == changes
    assert changes == (
        "parameter `X` changed",
        "1 run added (x4)",
        "1 run removed: no longer in the results, but kept in the storage (x2)",
    )
    assert finish(edited).counts.succeeded == 3
    assert attempts(tmp_path) == ["1", "2", "3", "4"]
    assert results_of(edited, "x") == [3, 4, 1]


def test_an_edit_that_is_taken_back_costs_nothing(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """What was done before the edit counts again."""
    text = f"""
        model:
          command: echo WORD$X | tee -a "{tmp_path}/attempts"
        parameters: {{X: {{values: [1, 2]}}}}
    """
    finish(account.submit(write_study(text.replace("WORD", "a"))))
    changed = account.submit(write_study(text.replace("WORD", "b")))
    assert changed.differences[-1] == ("2 runs changed: to be done again (run-00001, run-00002)")
    finish(changed)
    assert finish(account.submit(write_study(text.replace("WORD", "a")))).counts.succeeded == 2
    assert attempts(tmp_path) == ["a1", "a2", "b1", "b2"]


TWO_FILES = """
    model:
      command: echo $X | tee -a "{attempts}" | tee x.txt > y.txt
    run_name: x{{X}}
    parameters: {{X: {{values: {values}}}}}
    results:
"""
FROM_X = "      x: {file: x.txt, pattern: '(.+)'}\n"
FROM_Y = "      y: {file: y.txt, pattern: '(.+)'}\n"


def test_an_output_that_is_asked_for_no_longer_costs_nothing(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """Nor do later edits; asked for again, it is taken of the runs that have left it."""

    def submit(values: list[int], *results: str) -> tuple[tuple[str, ...], list[str]]:
        text = TWO_FILES.format(attempts=f"{tmp_path}/attempts", values=values)
        study = write_study("".join([text, *results]))
        changes = account.changes(study)
        submission = account.submit(study)
        assert submission.differences == changes
        assert finish(submission).counts.succeeded == len(values)
        assert results_of(submission, "x") == values
        return changes, attempts(tmp_path)

    submit([1, 2], FROM_X, FROM_Y)
    assert submit([1, 2], FROM_X) == (("output `y.txt` was removed",), ["1", "2"])
    assert submit([1, 2, 3], FROM_X)[1] == ["1", "2", "3"]
    assert submit([1, 2, 3], FROM_Y, FROM_X) == (
        ("output `y.txt` was added", "1 run changed: to be done again (x3)"),
        ["1", "2", "3", "3"],
    )


def test_a_run_that_lacked_an_output_that_is_not_asked_for_fails_on(
    account: Account, write_study: WriteStudy
) -> None:
    """As every failed run does, until it is tried again on demand."""
    text = "model: {command: echo 1 > a.txt, outputs: OUTPUTS}"
    finish(account.submit(write_study(text.replace("OUTPUTS", "[a.txt, b.txt]"))))
    edited = account.submit(write_study(text.replace("OUTPUTS", "[a.txt]")))
    assert finish(edited).counts.failed == 1
    assert finish(edited.retry()).counts.succeeded == 1


def test_runs_that_an_edit_overtakes_are_ended(account: Account, write_study: WriteStudy) -> None:
    """They take no slot from the runs that count."""
    text = """
        model: {command: COMMAND}
        parameters: {X: {values: [1, 2, 3]}}
    """
    account.submit(write_study(text.replace("COMMAND", "sleep 1000")))
    edited = account.submit(write_study(text.replace("COMMAND", "true")))
    assert edited.differences[0] == "the command changed from `sleep 1000` to `true`"
    assert finish(edited).counts.succeeded == 3


@pytest.mark.parametrize("refusal", ["a package", "the life of URLs"])
def test_an_edit_that_is_refused_ends_nothing(
    account: Account,
    write_study: WriteStudy,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
    refusal: str,
) -> None:
    """Nor does it become the study that the account knows."""
    study = write_study("model: {command: sleep 1000}")
    submission = account.submit(study)
    wait_for(lambda: submission.counts().running == 1, seconds=60)
    edited = "model: {command: sleep 2000, packages: [nothere==1.0]}"
    if refusal == "the life of URLs":
        edited = "model: {command: sleep 2000}"
        monkeypatch.setattr(account.storage, "container_url", refuse_to_sign)
    with pytest.raises((StudyError, LaunchError)):
        account.check(write_study(edited))
    with pytest.raises((StudyError, LaunchError)):
        account.submit(write_study(edited))
    assert submission.counts().running == 1
    assert not submission.is_superseded
    submission.cancel()


def refuse_to_sign(*_: object, **__: object) -> str:
    raise LifeTooLongError("a URL that is signed for an identity works for a week")


def test_a_study_that_is_refused_does_not_take_a_name(
    account: Account, write_study: WriteStudy
) -> None:
    refused = write_study(
        "study: wanted\nmodel: {command: x, packages: [nothere==1.0]}", name="one"
    )
    with pytest.raises(StudyError):
        account.submit(refused)
    other = write_study("study: wanted\nmodel: {command: 'true'}", name="two")
    assert finish(account.submit(other)).counts.succeeded == 1


UNTIL_OPEN = """
    model: {{command: 'until [ -e "{folder}/open" ]; do sleep 0.05; done'}}
    run_name: x{{X}}
    parameters: {{X: {{values: {values}}}}}
"""


def test_runs_that_an_edit_overtakes_are_ended_though_it_was_cut_short(
    account: Account,
    write_study: WriteStudy,
    tmp_path: Path,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are counted as the others are until then."""
    before = account.submit(write_study(UNTIL_OPEN.format(folder=tmp_path, values=[1, 2, 3])))
    wait_for(lambda: before.counts().running == 2, seconds=60)
    edited = write_study(UNTIL_OPEN.format(folder=tmp_path, values=[1, 4]))
    with monkeypatch.context() as patch:
        patch.setattr(History, "settle", _die)
        with pytest.raises(_ClientGoneError):
            account.submit(edited)
    counts = account.study(edited).counts()
    assert (counts.total, counts.waiting, counts.running) == (2, 1, 1)
    again = account.submit(edited)
    job = names.job_id(edited.name, 1)
    wait_for(lambda: account.batch.task_counts(job).running == 1, seconds=60)
    (tmp_path / "open").touch()
    assert finish(again).counts == RunCounts(2, succeeded=2)


def test_runs_that_do_not_end_are_counted_apart(
    account: Account,
    write_study: WriteStudy,
    tmp_path: Path,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a node that does not answer; they end in the end, and are no failures of the edit."""
    before = account.submit(write_study(UNTIL_OPEN.format(folder=tmp_path, values=[1, 2, 3])))
    wait_for(lambda: before.counts().running == 2, seconds=60)
    edited = write_study(UNTIL_OPEN.format(folder=tmp_path, values=[3, 4]))
    with monkeypatch.context() as patch:
        patch.setattr("runfleet.launch.history._SETTLING_SECONDS", 0)
        patch.setattr(account.batch, "list_tasks", partial(_as_running, account.batch.list_tasks))
        submission = account.submit(edited)
    assert not account.records(edited.name).read().generations[0].settled
    assert submission.counts().failed == 0
    (tmp_path / "open").touch()
    assert finish(submission).counts == RunCounts(2, succeeded=2)


def _die(*_: object) -> None:
    raise _ClientGoneError


def _as_running(list_tasks: Callable[..., Any], *given: Any, **options: Any) -> Iterator[Any]:
    tasks = list_tasks(*given, **options)
    return (replace(task, state="running", result=None) for task in tasks)


def test_runs_that_an_edit_had_ended_are_done_when_it_is_taken_back(
    account: Account, write_study: WriteStudy, tmp_path: Path, wait_for: WaitFor
) -> None:
    """Nobody has to know that they were ended."""
    text = f"""
        model: {{command: '[ $X = 1 ] || [ -e "{tmp_path}/open" ] || sleep 1000'}}
        run_name: x{{X}}
        parameters: {{X: {{values: VALUES}}}}
    """
    both = write_study(text.replace("VALUES", "[1, 2]"))
    submission = account.submit(both)
    wait_for(lambda: begun(submission) == (1, 1), seconds=60)
    assert finish(account.submit(write_study(text.replace("VALUES", "[1]")))).counts.succeeded == 1
    (tmp_path / "open").touch()
    again = account.submit(both)
    assert again.differences[-1] == "1 run added (x2)"
    assert finish(again).counts.succeeded == 2


def test_failed_runs_are_grouped_by_what_they_said(
    account: Account, write_study: WriteStudy
) -> None:
    """Numbers and paths aside; what the first of them said is shown."""
    submission = account.submit(
        write_study(
            """
            model:
              command: |
                [ $X -lt 4 ] || { echo "Error: node $X of /data/x/$X has no head" >&2; exit 2; }
                [ $X -gt 1 ] || { echo "ERROR 110: cannot solve"; exit 3; }
              outputs: [none*]
            parameters: {X: {values: [1, 2, 4, 5, 6]}}
            """
        )
    )
    last = finish(submission)
    assert last.counts.failed == 5
    groups = submission.failures()
    assert [(group.message, group.count) for group in groups] == [
        ("Error: node 4 of /data/x/4 has no head", 3),
        ("ERROR 110: cannot solve", 1),
        ("runfleet: the required output `none*` is missing", 1),
    ]
    assert {group.kind for group in groups} == {FailureKind.MODEL}
    assert submission.explain().sentence == (
        f"5 of 5 runs of `{submission.name}` have failed, most often with: "
        "Error: node 4 of /data/x/4 has no head"
    )


def test_failures_are_told_while_watching(account: Account, write_study: WriteStudy) -> None:
    """Each once."""
    submission = account.submit(
        write_study(
            """
            model: {command: 'test $X != 2 || { echo bad luck >&2; exit 9; }'}
            parameters: {X: {values: [1, 2, 3]}}
            """
        )
    )
    told = [failed for progress in submission.watch() for failed in progress.new_failures]
    assert [(failed.run, failed.message, failed.exit_code) for failed in told] == [
        ("run-00002", "bad luck", 9)
    ]


def test_failed_runs_are_only_repeated_on_demand(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """`retry` repeats those alone that have failed, in folders of their own."""
    study = write_study(
        f"""
        model:
          command: |
            echo $X >> "{tmp_path}/attempts"
            echo $X > out.txt
            [ $X = 1 ] || [ -e "{tmp_path}/mended" ]
          outputs: [out.txt]
        parameters: {{X: {{values: [1, 2, 3]}}}}
        results: {{x: {{file: out.txt, pattern: '(.+)'}}}}
        """
    )
    assert finish(account.submit(study)).counts.failed == 2
    assert finish(account.submit(study)).counts.failed == 2
    assert attempts(tmp_path) == ["1", "2", "3"]
    (tmp_path / "mended").touch()
    retried = account.study(study).retry()
    assert finish(retried).counts.succeeded == 3
    assert attempts(tmp_path) == ["1", "2", "2", "3", "3"]
    assert results_of(retried, "x") == [1, 2, 3]
    assert retried.failures() == []


def test_retries_cost_no_more_than_they_may(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """`retries: 2` runs a failing model three times, each time in a clean folder."""
    submission = account.submit(
        write_study(
            f"""
            model:
              command: |
                echo $(ls) "$(cat net.inp)" >> "{tmp_path}/seen"; echo x > net.inp; touch left
                exit 1
              inputs: [net.inp]
              retries: 2
            """,
            net_inp="[PIPES]",
        )
    )
    assert finish(submission).counts.failed == 1
    assert (tmp_path / "seen").read_text() == "net.inp [PIPES]\n" * 3


def test_the_file_of_a_result_may_have_brackets_in_its_name(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """It is a name, and no pattern."""
    submission = account.submit(
        write_study(
            """
            model: {command: 'mkdir o; echo 5 > "c[3].out"; echo 6 > "o/[a"; echo 7 > c3.out'}
            results:
              c: {file: "c[3].out", column: 1}
              a: {file: "o/[a", column: 1}
            """
        )
    )
    finish(submission)
    collected = submission.collect(tmp_path / "results")
    assert (list(submission.table()["c"]), list(submission.table()["a"])) == ([5], [6])
    assert collected.notes == ()


def test_a_folder_is_no_output(account: Account, write_study: WriteStudy) -> None:
    """Nothing of it is kept, and the run fails."""
    submission = account.submit(write_study("model: {command: mkdir o, outputs: [o]}"))
    assert finish(submission).counts.failed == 1
    [group] = submission.failures()
    assert group.message == (
        "runfleet: the required output `o` is a folder: write `o/**` to keep its files"
    )


def test_inputs_and_overlays_reach_each_run(account: Account, write_study: WriteStudy) -> None:
    """Shared ones as private copies, overlays rendered with the run's parameters."""
    study = write_study(
        """
        model:
          command: cat net.inp pipes.inp > out.txt; echo spoilt > net.inp; echo > pipes.inp
          inputs: [net.inp]
          overlays: {pipes.inp: pipes.inp.j2}
          outputs: [out.txt]
        parameters: {ROUGHNESS: {values: [80, 90, 100, 110]}}
        results:
          roughness: {file: out.txt, pattern: 'rough (\\S+)'}
          nodes: {file: out.txt, pattern: 'nodes (\\S+)'}
        """,
        net_inp="nodes 7\n",
        pipes_inp_j2="rough {{ ROUGHNESS }}\n",
    )
    submission = account.submit(study)
    assert finish(submission).counts.succeeded == 4
    assert results_of(submission, "roughness") == [80, 90, 100, 110]
    assert results_of(submission, "nodes") == [7] * 4
    assert (study.folder / "net.inp").read_text() == "nodes 7\n"


def test_a_run_that_rewrites_its_overlay_spoils_no_other_run(
    account: Account, write_study: WriteStudy
) -> None:
    """Equal overlays are one blob in the storage, and no run can change it."""
    submission = account.submit(
        write_study(
            """
            model:
              command: cat x.inp > out.txt; echo spoilt >> x.inp
              overlays: {x.inp: x.inp.j2}
              outputs: [out.txt]
            parameters: {A: {values: [1, 2, 3]}, B: 2}
            results: {b: {file: out.txt, pattern: '(.+)'}}
            pool: {tasks_per_node: 1}
            """,
            x_inp_j2="{{ B }}{% if A %}{% endif %}",
        )
    )
    assert finish(submission).counts.succeeded == 3
    assert results_of(submission, "b") == [2, 2, 2]
    (blob,) = account.storage.list_blobs(container_name(submission.name), "overlays/")
    assert account.storage.get_bytes(container_name(submission.name), blob.name) == b"2"


def test_a_cancelled_study_keeps_what_it_has_and_goes_on(
    account: Account, write_study: WriteStudy, tmp_path: Path, wait_for: WaitFor
) -> None:
    """Cancelled runs have not failed: running the study again takes them up."""
    study = write_study(
        f"""
        model:
          command: |
            echo $X >> "{tmp_path}/attempts"
            [ $X = 1 ] || [ -e "{tmp_path}/open" ] || sleep 1000
        parameters: {{X: {{values: [1, 2, 3, 4, 5, 6]}}}}
        pool: {{tasks_per_node: 2}}
        """
    )
    submission = account.submit(study)
    wait_for(lambda: begun(submission) == (1, 2), seconds=60)
    counts = submission.cancel()
    assert (counts.succeeded, counts.cancelled, counts.failed) == (1, 5, 0)
    assert submission.explain().next_step == (
        "run the study again: it goes on with the runs that are left"
    )
    assert finish(submission).counts == counts
    (tmp_path / "open").touch()
    again = account.submit(study)
    assert again.differences[-1].startswith("5 runs to be done again (run-00002")
    assert finish(again).counts.succeeded == 6
    assert attempts(tmp_path).count("1") == 1


def test_what_runs_leave_is_brought_while_others_run(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """One of the runs waits for the files of the other."""
    brought = tmp_path / "results/runs/run-00001/stdout.txt"
    submission = account.submit(
        write_study(
            f"""
            model:
              command: |
                while [ $X = 2 ] && [ ! -e "{brought}" ]; do sleep 0.05; done
                echo $X
              time_limit: 1m
            parameters: {{X: {{values: [1, 2]}}}}
            pool: {{tasks_per_node: 2}}
            """
        )
    )
    *_, last = submission.watch(collect_to=tmp_path / "results")
    assert last.counts.succeeded == 2
    assert brought.read_text() == "1\n"


def test_a_time_limit_is_no_cancellation(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """The run has failed, and says why; it is not tried again."""
    command = f'echo x >> "{tmp_path}/attempts"; sleep 1000'
    text = f"model: {{command: '{command}', time_limit: 1s, retries: 2}}"
    submission = account.submit(write_study(text))
    assert finish(submission).counts.failed == 1
    assert attempts(tmp_path) == ["x"]
    assert [group.message for group in submission.failures()] == [
        "the time limit of `1s` was exceeded"
    ]


def test_logs_are_read_from_the_storage(account: Account, write_study: WriteStudy) -> None:
    """Also those of a run that has failed."""
    submission = account.submit(write_study("model: {command: echo out; echo err >&2; exit 1}"))
    finish(submission)
    assert submission.log("run-00001") == b"out\n"
    assert submission.log("run-00001", "stderr") == b"err\n"
    assert b"".join(submission.follow_log("run-00001")) == b"out\n"
    for read in (
        lambda: submission.log("run-00001", "foo"),
        lambda: submission.log_end("run-00001", 10, "foo"),
        lambda: next(submission.follow_log("run-00001", "foo")),
    ):
        with pytest.raises(LaunchError) as caught:
            read()
        assert caught.value.message == "a run does not write to `foo`"
        assert caught.value.hint == (
            "it writes to `stdout` and `stderr`; its other files are what `outputs` lists"
        )


@pytest.mark.parametrize("run", [1, None])
def test_a_run_is_told_by_its_name_alone(
    account: Account, write_study: WriteStudy, run: Any
) -> None:
    submission = account.submit(write_study("model: {command: echo out}"))
    for read in (
        submission.log,
        submission.has_begun,
        submission.outputs,
        submission.was_cancelled,
    ):
        with pytest.raises(LaunchError) as caught:
            read(run)
        assert caught.value.message == f"`{run}` is no name of a run"
        assert caught.value.hint == "`submission.runs()` has the names of all of them"
    finish(submission)


def test_the_end_of_a_log_has_some_bytes_or_none(account: Account, write_study: WriteStudy) -> None:
    submission = account.submit(write_study("model: {command: echo out}"))
    finish(submission)
    ends = [submission.log_end("run-00001", length) for length in (0, 2, 10, 10**12)]
    whole = (b"out\n", 0)
    assert [(end.content, end.left_out) for end in ends] == [(b"", 4), (b"t\n", 2), whole, whole]
    for length in (-1, -5):
        with pytest.raises(LaunchError, match=f"{length} bytes cannot be read"):
            submission.log_end("run-00001", length)


def test_a_log_that_may_not_be_read_is_not_an_empty_one(
    account: Account,
    write_study: WriteStudy,
    wait_for: WaitFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is not there yet is."""

    def refuse(*_: object, **__: object) -> bytes:
        raise AuthenticationError("the account does not let you", status=403)

    submission = account.submit(write_study("model: {command: sleep 60}"))
    wait_for(lambda: submission.counts().running, seconds=60)
    assert submission.log("run-00001") == b""
    with monkeypatch.context() as patched:
        patched.setattr(account.batch, "task_file", refuse)
        for read in (
            lambda: submission.log("run-00001"),
            lambda: submission.log_end("run-00001", 10),
        ):
            with pytest.raises(AuthenticationError):
                read()
    submission.cancel()


def test_a_study_that_was_deleted_is_not_run_again(
    account: Account, write_study: WriteStudy
) -> None:
    """Only what a study has can be deleted; neither its name nor itself is that."""
    study = write_study("model: {command: exit 1}")
    submission = account.submit(study)
    finish(submission)
    for given in (study, study.name):
        with pytest.raises(LaunchError) as caught:
            account.delete(given)  # type: ignore[arg-type]
        assert caught.value.message == f"`{study.name}` is not what a study has on the account"
        assert caught.value.hint == f'find that out first: `account.belongings("{study.name}")`'
    account.delete(account.belongings(study.name))
    with pytest.raises(LaunchError, match="has been deleted"):
        submission.retry()
    assert [one for one in account.studies() if one.name == study.name] == []


def test_an_older_version_of_a_study_is_not_put_back(
    account: Account, write_study: WriteStudy
) -> None:
    """Results of the version that counts would be gone; who edits the study himself goes on."""
    text = "{{model: {{command: 'test $X -ne 3'}}, parameters: {{X: {values}}}}}"
    old = account.submit(write_study(text.format(values=[1, 3])))
    finish(old)
    edited = write_study(text.format(values=[1, 2, 5]))
    finish(account.submit(edited))
    with pytest.raises(StudySupersededError) as caught:
        old.retry()
    assert caught.value.message == (
        f"another version of study `{edited.name}` was submitted since; to run this one again "
        "would undo that"
    )
    assert caught.value.hint == (
        "come back to the other by `account.study(Study.load(FILE))`, or submit this one again by "
        "`account.submit(study)`"
    )
    assert account.study(edited).counts().succeeded == 3
    again = account.study(write_study(text.format(values=[1, 3, 4])))
    for _ in range(2):
        assert finish(again.retry()).counts.failed == 1


def test_an_account_that_is_closed_says_so(shared_home: Path, write_study: WriteStudy) -> None:
    """Also to what was opened before, and it takes being closed twice."""
    study = write_study("model: {command: 'true'}")
    with connect(home=shared_home) as account:
        submission, batch = account.submit(study), account.batch
        finish(submission)
    account.close()
    for asked in (
        lambda: account.studies(),
        lambda: account.submit(study),
        lambda: account.study(study.name),
        lambda: account.batch,
        lambda: account.storage,
        account.__enter__,
    ):
        with pytest.raises(AccountError, match="account `local` has been closed") as caught:
            asked()
        assert caught.value.hint == "open it again with `connect`, or close it later"
    for ask in (submission.counts, lambda: list(batch.list_jobs())):
        with pytest.raises(BatchError, match=r"the Batch service at .* has been closed"):
            ask()


def test_runs_that_go_on_are_explained_without_those_that_are_none(
    account: Account, write_study: WriteStudy, tmp_path: Path, wait_for: WaitFor
) -> None:
    """None waits here, and none has succeeded yet."""
    command = f'while [ ! -e "{tmp_path}/end" ]; do sleep 0.05; done'
    submission = account.submit(write_study(f"model: {{command: '{command}'}}"))
    wait_for(lambda: submission.counts().running == 1, seconds=60)
    assert submission.explain().sentence == f"1 of 1 runs of `{submission.name}` are running"
    (tmp_path / "end").touch()
    finish(submission)


def test_logs_can_be_followed(account: Account, write_study: WriteStudy, tmp_path: Path) -> None:
    """Line by line while the run goes on."""
    submission = account.submit(
        write_study(
            f"""
            model:
              command: echo begun; while [ ! -e "{tmp_path}/end" ]; do sleep 0.05; done; echo end
            """
        )
    )
    lines = submission.follow_log("run-00001")
    assert next(lines) == b"begun\n"
    (tmp_path / "end").touch()
    assert b"".join(lines) == b"end\n"


QUEUE = """
    model: {{command: 'echo $X; sleep 600'}}
    parameters: {{X: {{values: {values}}}}}
    pool: {{id: {pool}, tasks_per_node: 1, nodes: {{max: 1}}}}
"""


@pytest.mark.parametrize(
    ("more", "end"),
    [("", "run `run-00001` is done anew"), ("run_name: 'x-{X}'", "run `run-00001` is left out")],
)
def test_a_log_is_followed_until_the_study_is_submitted_again(
    account: Account, write_study: WriteStudy, more: str, end: str
) -> None:
    """What comes from then on is of another run, if there is one."""
    submission = account.submit(write_study(QUEUE.format(values=[1, 2], pool="superseded")))
    lines = submission.follow_log("run-00001")
    assert next(lines) == b"1\n"
    edited = QUEUE.format(values=[3, 2], pool="superseded")
    again = account.submit(write_study(f"{edited}    {more}\n"))
    with pytest.raises(RunSupersededError, match=f"{end}$"):
        list(lines)
    again.cancel()


def test_the_log_of_a_run_that_waits_is_followed_to_the_end_of_the_study(
    account: Account, write_study: WriteStudy
) -> None:
    """Whether it was cancelled, or submitted again after an edit."""
    submission = account.submit(write_study(QUEUE.format(values=[1, 2], pool="waiting")))
    cancelling = Timer(0.5, submission.cancel)
    cancelling.start()
    assert list(submission.follow_log("run-00002")) == []
    cancelling.join()
    assert submission.was_cancelled("run-00002")
    account.submit(write_study(QUEUE.format(values=[1, 2], pool="waiting")))
    edited = write_study(QUEUE.format(values=[1, 3], pool="waiting"))
    editing = Timer(0.5, account.submit, [edited])
    editing.start()
    with pytest.raises(RunSupersededError, match="run `run-00002` is done anew"):
        list(submission.follow_log("run-00002"))
    editing.join()
    submission.cancel()


class _ClientGoneError(Exception):
    """Ends a submission as a kill does."""


def _die_at_the_pool(step: Step) -> None:
    if step.name is StepName.PROVIDING_POOL:
        raise _ClientGoneError


@pytest.fixture
def interrupted(account: Account, write_study: WriteStudy) -> Submission:
    """A study with a failed run, of which an edit is noted, but has no job yet."""
    text = """
        model: {command: 'test $X != 2 || { echo bad luck >&2; exit 9; }'}
        parameters: {X: {values: VALUES}}
    """
    finish(account.submit(write_study(text.replace("VALUES", "[1, 2, 3]"))))
    edited = write_study(text.replace("VALUES", "[1, 2, 4]"))
    with pytest.raises(_ClientGoneError):
        account.submit(edited, on_step=_die_at_the_pool)
    return account.study(edited)


def states_in(collected: Collected) -> str:
    lines = collected.csv.read_text().splitlines()[1:]
    return " ".join(line.split(",")[1] for line in lines)


def test_a_submission_cut_short_after_failures_is_explained(
    interrupted: Submission, tmp_path: Path
) -> None:
    """What earlier runs have done is told all the same, also once the study is cancelled."""
    watched = next(progress for progress in interrupted.watch() if progress.explanation)
    assert watched.explanation == interrupted.explain()
    assert "submission was interrupted" in watched.explanation.sentence
    assert f"`runfleet run {interrupted.name}` goes on" in watched.explanation.next_step
    assert interrupted.counts() == RunCounts(3, waiting=1, succeeded=1, failed=1)
    assert states_in(interrupted.collect(tmp_path / "results")) == "succeeded failed waiting"
    assert interrupted.cancel() == RunCounts(3, succeeded=1, failed=1, cancelled=1)
    assert states_in(interrupted.collect(tmp_path / "results")) == "succeeded failed cancelled"
    assert [failed.message for failed in interrupted.failed_runs()] == ["bad luck"]
    assert interrupted.log("run-00002", "stderr") == b"bad luck\n"


def test_what_nobody_submits_any_more_is_not_waited_for(interrupted: Submission) -> None:
    *_, last = interrupted.watch()
    assert last.counts == RunCounts(3, waiting=1, succeeded=1, failed=1)
    assert last.explanation == Explanation(
        f"the runs of `{interrupted.name}` are not all there: their submission was interrupted",
        f"`runfleet run {interrupted.name}` goes on where it ended",
        is_stuck=True,
    )


def test_what_somebody_submits_is_waited_for(interrupted: Submission, account: Account) -> None:
    """It is said all the time, and not only where it is looked into anew."""
    watched = interrupted.watch()
    with account.locked(interrupted.name):
        told = [one.explanation for one in takewhile(_is_early, watched)]
    first, *others = dropwhile(lambda explanation: explanation is None, told)
    assert first is not None
    assert "are being submitted" in first.sentence
    assert not first.is_stuck
    assert len(others) > 1
    assert set(others) == {first}


def _is_early(progress: Progress) -> bool:
    return progress.elapsed < timedelta(seconds=2.5)


def test_submitted_runs_are_waited_for_though_others_never_were(
    account: Account, write_study: WriteStudy
) -> None:
    """Here while another study has the only node."""
    text = f"    study: first\n{QUEUE.format(values=[1], pool='cut-short')}"
    first = account.submit(write_study(text))
    next(progress for progress in first.watch() if progress.counts.running)
    study = write_study(QUEUE.format(values=list(range(150)), pool="cut-short"))

    def die(step: Step) -> None:
        if step.name is StepName.ADDING and step.done:
            raise _ClientGoneError

    with pytest.raises(_ClientGoneError):
        account.submit(study, on_step=die)
    second = account.study(study)
    assert "are being submitted" in second.explain().sentence
    assert not second.explain().is_stuck
    second.cancel()
    first.cancel()


def test_a_template_that_fails_while_runs_are_submitted_is_told(
    account: Account, write_study: WriteStudy
) -> None:
    """Of a template that is as large only the first and the last run are tried before."""
    study = write_study(
        """
        model: {command: 'true', overlays: {in.txt: in.j2}}
        parameters: {A: {integers: [1, 300]}}
        """,
        in_j2=f"{{# {'x' * 5_000_000} #}}{{{{ 1 / (A - 250) }}}}\n",
    )
    with pytest.raises(StudyError) as caught:
        account.submit(study)
    assert re.fullmatch(
        ".*in.j2:1: the template fails for run `run-00250`: division by zero; "
        "[12]00 of 300 runs have been submitted, and go on",
        caught.value.message,
    )
    assert caught.value.hint == (
        "change the template, or the values that parameters can take; then run the study again: "
        "all runs are done with an edited template, and those whose values change with edited "
        "values"
    )


def test_results_of_a_submission_cut_short_are_of_one_version(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """What was collected of runs that have yet to be added goes; taken back, it is there again."""
    folder = tmp_path / "results"
    original = write_study(SQUARES)
    submission = account.submit(original)
    finish(submission)
    submission.collect(folder)
    edited = write_study(SQUARES.replace("[1, 2, 3, 4]", "[1, 2, 6]"))
    with pytest.raises(_ClientGoneError):
        account.submit(edited, on_step=_die_at_the_pool)
    account.study(edited).collect(folder)
    assert sorted(path.name for path in (folder / "runs").iterdir()) == [
        "run-00001",
        "run-00002",
    ]
    assert account.submit(original).collect(folder).new_runs == 2


def test_a_run_that_is_noted_but_not_added_is_told_as_that(
    interrupted: Submission, account: Account
) -> None:
    """Its own name is no help; once it is submitted, it has a log."""
    with pytest.raises(RunNotFoundError, match=r"`run-00003` of .* is not submitted yet") as caught:
        interrupted.log("run-00003")
    assert f"`runfleet run {interrupted.name}` goes on" in (caught.value.hint or "")
    assert interrupted.study is not None
    again = account.submit(interrupted.study)
    assert finish(again).counts.succeeded == 2
    assert again.log("run-00003") == b""


def test_unknown_studies_and_runs_are_named(account: Account, write_study: WriteStudy) -> None:
    """With what to do about it."""
    with pytest.raises(StudyNotFoundError, match="account `local` has no study `nowhere`"):
        account.study("nowhere")
    submission = account.submit(write_study(SQUARES))
    with pytest.raises(RunNotFoundError, match="has no run `run-9`"):
        submission.log("run-9")
    finish(submission)


def test_a_name_is_enough_to_come_back(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """But the parameters of the runs stand in the study file."""
    submission = account.submit(write_study(SQUARES))
    finish(submission)
    found = account.study(submission.name)
    assert found.counts().succeeded == 4
    assert submission.name in [study.name for study in account.studies()]
    for purpose, ask in {
        "to make its table": found.table,
        "to collect its results": lambda: found.collect(tmp_path / "results"),
        "to run it again": found.retry,
    }.items():
        with pytest.raises(StudyFileNeededError, match=f"^{purpose}, the study file") as caught:
            ask()
        assert caught.value.hint == "come back to it by `account.study(Study.load(FILE))`"
    with pytest.raises(StudyFileNeededError, match=r"^to collect its results"):
        next(found.watch(collect_to=tmp_path / "results"))


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("sq.yaml", "`sq.yaml` is no study", 'give the study itself: `Study.load("sq.yaml")`'),
        (
            Path("a b", "sq.YML"),
            "`a b/sq.YML` is no study",
            'give the study itself: `Study.load("a b/sq.YML")`',
        ),
        ("sq", "`sq` is no study", "give the study itself: `Study.load(FILE)`"),
        (None, "`NoneType` is no study", "give the study itself: `Study.load(FILE)`"),
    ],
)
def test_what_is_no_study_is_told(account: Account, given: Any, message: str, hint: str) -> None:
    """As the file that it would be read from, which the command line takes."""
    calibrate = partial(Calibration.of, account)
    for ask in (account.plan, account.changes, account.submit, account.plan_pool, calibrate):
        with pytest.raises(NotAStudyError) as caught:
            ask(given)
        assert (caught.value.message, caught.value.hint) == (message, hint)
    if not isinstance(given, str):
        with pytest.raises(NotAStudyError):
            account.study(given)


def test_a_plan_changes_nothing(account: Account, write_study: WriteStudy) -> None:
    """It tells what submitting would do."""
    study = write_study(SQUARES)
    plan = account.plan(study)
    assert plan.to_run == ("run-00001", "run-00002", "run-00003", "run-00004")
    with pytest.raises(StudyNotFoundError):
        account.study(study)
    finish(account.submit(study))
    assert account.plan(study).to_run == ()


def test_inputs_that_are_gone_stop_the_wait(account: Account, write_study: WriteStudy) -> None:
    """A failed preparation ends the watch at once, and says on which node."""
    study = write_study(
        """
        model: {command: cat net.inp, inputs: [net.inp]}
        parameters: {X: {values: [1, 2]}}
        """,
        net_inp="[PIPES]",
    )

    def lose_inputs(step: Step) -> None:
        if step.name is StepName.STAGING:
            account.storage.delete_prefix(container_name(study.name), "inputs/")

    last = finish(account.submit(study, on_step=lose_inputs))
    assert last.explanation is not None
    assert last.explanation.is_stuck
    assert last.explanation.sentence.startswith(
        "the preparation, which stages shared inputs, failed on node"
    )


def test_thousands_of_inputs_are_staged(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """More than a job has room for, file by file; some of them linked."""
    long_name = "d" * 200
    write_inputs(tmp_path, long_name, 3000)
    write_inputs(tmp_path, "linked", 2)
    study = write_study(f"""
        model:
          command: cd d*; ls | wc -l; cat "an input, the last.txt" ../linked/0.txt
          inputs: [{long_name}, {{path: linked, link: true}}]
        """)
    submission = account.submit(study)
    assert finish(submission).counts.succeeded == 1
    assert submission.log("run-00001").split() == [b"3001", b"last", b"0"]


def test_one_of_many_inputs_is_missed(
    account: Account, write_study: WriteStudy, tmp_path: Path
) -> None:
    """It stops the wait as one of few does, and running the study again stages it."""
    write_inputs(tmp_path, "data", 600)
    study = write_study("model: {command: cat data/7.txt, inputs: [data]}")

    def lose_input(step: Step) -> None:
        if step.name is StepName.STAGING and step.done == step.total:
            container = container_name(study.name)
            first = next(iter(account.storage.list_blobs(container, "inputs/")))
            account.storage.delete_blob(container, first.name)

    submission = account.submit(study, on_step=lose_input)
    explanation = finish(submission).explanation
    assert explanation is not None
    assert explanation.is_stuck
    assert explanation.output == "runfleet: 600 of the 601 shared inputs are in the storage"
    submission.cancel()
    assert finish(account.submit(study)).counts.succeeded == 1


def write_inputs(parent: Path, name: str, count: int) -> None:
    """Write input files that hold their numbers, and one with blanks in its name."""
    folder = parent / "a user's folder" / name
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.txt").write_text(f"{number}\n")
    (folder / "an input, the last.txt").write_text("last\n")


def test_a_failed_start_task_stops_the_wait(account: Account, write_study: WriteStudy) -> None:
    """At once, and with what it wrote."""
    account.batch.create_pool(
        PoolSettings(
            "broken",
            account.batch.pick_image("ubuntu-22.04"),
            "standard_f2s_v2",
            dedicated=1,
            start_task=StartTask("/bin/sh -c 'echo no licence server >&2; exit 3'"),
        )
    )
    study = write_study("model: {command: x}\npool: {id: broken}")
    submission = account.submit(study)
    explanation = finish(submission).explanation
    assert explanation is not None
    assert explanation.is_stuck
    assert explanation.sentence.startswith("the start task of pool `broken` failed on node")
    assert explanation.output == "no licence server"
    assert submission.explain() == explanation
    submission.cancel()


def test_a_deleted_pool_is_missed_and_made_again(
    account: Account, write_study: WriteStudy, tmp_path: Path, wait_for: WaitFor
) -> None:
    """The runs wait for it, and `submit` provides it."""
    study = write_study(
        f"""
        model: {{command: '[ -e "{tmp_path}/open" ] || sleep 1000'}}
        pool: {{id: short-lived}}
        """
    )
    submission = account.submit(study)
    wait_for(lambda: submission.counts().running == 1, seconds=60)
    account.batch.delete_pool("short-lived")
    wait_for(lambda: account.batch.get_pool("short-lived") is None, seconds=60)
    explanation = finish(submission).explanation
    assert explanation is not None
    assert explanation.sentence == (
        "pool `short-lived` is not there any more, so the runs have no nodes"
    )
    (tmp_path / "open").touch()
    assert finish(account.submit(study)).counts.succeeded == 1


def test_a_missing_package_is_named(account: Account, write_study: WriteStudy) -> None:
    """And how to add it, before a pool is made that would cost money."""
    study = write_study("""
        model: {command: x, packages: [nothere==1.0]}
        pool: {id: needless}
        """)
    pools = [pool.id for pool in account.batch.list_pools()]
    with pytest.raises(
        StudyError, match=r"lacks the application package `nothere==1\.0`"
    ) as raised:
        account.submit(study)
    assert raised.value.hint == (
        "add it with `runfleet package add nothere 1.0 FOLDER_OR_ZIP`, and run the study again"
    )
    assert [pool.id for pool in account.batch.list_pools()] == pools


def test_runs_that_lost_their_node_are_counted_apart(
    account: Account, write_study: WriteStudy, tmp_path: Path, wait_for: WaitFor
) -> None:
    """They have not failed, and it costs them no retry."""
    study = write_study(
        f"""
        model: {{command: '[ -e "{tmp_path}/open" ] || sleep 1000'}}
        pool: {{id: shrinking}}
        """
    )
    submission = account.submit(study)
    wait_for(lambda: submission.counts().running == 1, seconds=60)
    account.batch.resize_pool("shrinking", dedicated=0)
    wait_for(lambda: submission.counts().running == 0, seconds=60)
    (tmp_path / "open").touch()
    wait_for(lambda: account.batch.get_pool("shrinking").allocation_state == "steady", seconds=60)
    last = finish(account.submit(study))
    assert last.counts.succeeded == 1
    assert submission.collect(tmp_path / "results").requeues == 1
