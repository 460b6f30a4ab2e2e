"""The files of runs are read where they were collected."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.azure import TaskInfo
from runfleet.launch import names
from runfleet.launch.failures import FailedRun, FailureKind
from runfleet.launch.run_files import CollectedFiles, LogEnd, StoredFiles, failure_message
from runfleet.launch.scripts import NOT_STAGED
from runfleet.storage import DirectoryStorage


def test_inputs_that_could_not_be_copied_are_told_with_the_reason() -> None:
    """By what our script says and its exit code; Batch only says that it was unexpected."""
    said = "the inputs could not be put into the run's folder"
    assert failure_message(ended(213), f"cp: not found\n{NOT_STAGED}\n", "") == (
        f"{said}: cp: not found"
    )
    assert failure_message(ended(213), f"{NOT_STAGED}\r\n", "error: no\n") == said


@pytest.mark.parametrize("code", [66, 74, 213])
def test_exit_codes_of_our_own_may_be_those_of_a_model(tmp_path: Path, code: int) -> None:
    """It is told by what it says, and is not taken for one whose files could not be moved."""
    storage = DirectoryStorage(tmp_path)
    storage.create_container("study")
    files = StoredFiles(storage, "study")
    assert failure_message(ended(code), "", "") == f"exit code {code}"
    storage.put_bytes("study", names.run_prefix("job", "r1") + "stderr.txt", b"STOP 74\n")
    failed = FailedRun("r1", FailureKind.MODEL, "STOP 74", code)
    assert files.failed_run("job", ended(code)) == failed
    assert not files.was_lost("job", ended(code))


def test_a_run_without_its_inputs_is_lost(tmp_path: Path) -> None:
    """It is done again, as that of a lost node is."""
    storage = DirectoryStorage(tmp_path)
    storage.create_container("study")
    storage.put_bytes(
        "study", names.run_prefix("job", "r1") + "stderr.txt", f"cp: no\n{NOT_STAGED}\n".encode()
    )
    files = StoredFiles(storage, "study")
    assert files.failed_run("job", ended(213)).kind is FailureKind.DELIVERY
    assert files.was_lost("job", ended(213))


@pytest.mark.parametrize("length", [0, 10])
def test_a_run_without_a_log_has_none_at_its_end_either(tmp_path: Path, length: int) -> None:
    """Of a task that did not begin, or whose log was deleted."""
    storage = DirectoryStorage(tmp_path)
    storage.create_container("study")
    storage.put_bytes("study", names.run_prefix("job", "r1") + "stdout.txt.old", b"x")
    files = StoredFiles(storage, "study")
    assert files.read_end("job", "r1", "stdout.txt", length) == LogEnd(b"")


def ended(code: int) -> TaskInfo:
    info = {"exitCode": code, "result": "failure", "failureInfo": {"code": "FailureExitCode"}}
    return TaskInfo.from_wire({"id": "r1", "state": "completed", "executionInfo": info})


@pytest.mark.parametrize(
    ("stderr", "stdout", "message"),
    [
        ("", "ok\n", ""),
        ("", "*** ERROR: NO CONVERGENCE IN CELL 3\nbye\n", "*** ERROR: NO CONVERGENCE IN CELL 3"),
        ("cannot open net.inp\n", "0 errors\n", "cannot open net.inp"),
    ],
)
def test_a_missing_output_is_told_with_what_the_model_said_before(
    stderr: str, stdout: str, message: str
) -> None:
    """Old programs say that they failed, and exit with 0."""
    task = ended(66)
    missing = "runfleet: the required output `x.txt` is missing"
    whole = f"{missing}; before that: {message}" if message else missing
    assert failure_message(task, f"{stderr}{missing}\n", stdout) == whole
    assert failure_message(task, "fatal: 66\n", "") == "fatal: 66"


@pytest.mark.parametrize(
    ("stderr", "stdout", "message"),
    [
        ("depth 98 is out of range\nAborted\n", "error: 0.1 %\n", "depth 98 is out of range"),
        ("Aborted\n", "*** ERROR: NO CONVERGENCE\n", "*** ERROR: NO CONVERGENCE"),
        ("Aborted\n", "step 1\n", "Aborted"),
        ("step 1\nKilled\n", "ERROR: TANK 5\n", "ERROR: TANK 5"),
        ("", "", "exit code 134"),
    ],
)
def test_a_model_that_aborts_is_told_with_what_it_said(
    stderr: str, stdout: str, message: str
) -> None:
    """Rather than with what the shell says of it, which is the same for all of them."""
    assert failure_message(ended(134), stderr, stdout) == message


def test_a_model_that_was_killed_without_a_word_is_told_as_that() -> None:
    """Nothing else tells that memory ran out."""
    told = "exit code 137: killed, as a machine does that has too little memory"
    assert failure_message(ended(137), "", "") == told


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("deep/out[1].txt", b"x"),
        ("DEEP/Out[1].TXT", b"x"),
        ("deep", None),
        ("out[1].txt", None),
        ("deep/out1.txt", None),
        ("deep/*.txt", None),
    ],
)
def test_files_of_windows_are_found_in_any_case(
    tmp_path: Path, file: str, content: bytes | None
) -> None:
    """And by their whole names only, which are no patterns."""
    (tmp_path / "run-1" / "Deep").mkdir(parents=True)
    (tmp_path / "run-1" / "Deep" / "OUT[1].txt").write_bytes(b"x")
    assert CollectedFiles(tmp_path, ignores_case=True).read("job", "run-1", file) == content
    assert CollectedFiles(tmp_path).read("job", "run-1", file) is None
