"""Every error becomes a message and an exit code."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from runfleet.cli.failures import WrongUsageError, exit_code_of
from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError


def outcome(command: Callable[[], object], account: str = "local") -> tuple[int, str]:
    err = io.StringIO()
    code = exit_code_of(command, Printer(io.StringIO(), err), account=account)
    return code, err.getvalue()


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def command() -> NoReturn:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RunfleetError("no nodes", hint="wait"), (1, "error: no nodes\nhint: wait\n")),
        (RunfleetError("no [bold] `nodes`"), (1, "error: no [bold] `nodes`\n")),
        (WrongUsageError("a or b", hint="take a"), (2, "error: a or b\nhint: take a\n")),
        (KeyboardInterrupt(), (130, "")),
        (
            PermissionError(13, "Permission denied", "results/runs.csv"),
            (1, "error: `results/runs.csv`: Permission denied\n"),
        ),
    ],
)
def test_errors_become_messages_and_codes(error: BaseException, expected: tuple[int, str]):
    assert outcome(raising(error)) == expected


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1)])
def test_a_command_may_return_its_exit_code(result: int | None, code: int):
    assert outcome(lambda: result) == (code, "")


def test_what_nobody_foresaw_leaves_its_traceback_in_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The user sees a short message; the traceback is where it says."""
    monkeypatch.setenv("RUNFLEET_HOME", str(tmp_path))
    code, shown = outcome(raising(ZeroDivisionError("division by zero")))
    assert (code, shown) == (
        1,
        (
            "error: runfleet itself failed: ZeroDivisionError: division by zero\n"
            "hint: this is a fault of runfleet; please report it with the traceback in "
            f"`{tmp_path}/errors.txt`\n"
        ),
    )
    assert "Traceback (most recent call last)" in (tmp_path / "errors.txt").read_text()


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("`runfleet job list` lists the jobs", "`runfleet job list --on azure` lists the jobs"),
        ("`runfleet package add a 1 a.zip`", "`runfleet package add a 1 a.zip --on azure`"),
        ("`runfleet account login azure`", "`runfleet account login azure`"),
    ],
)
def test_what_is_advised_goes_to_the_same_account(hint: str, shown: str):
    """A program that an account on Azure lacks is no use on this machine."""
    error = RunfleetError("no", hint=hint)
    assert outcome(raising(error), "azure") == (1, f"error: no\nhint: {shown}\n")
    assert outcome(raising(error)) == (1, f"error: no\nhint: {hint}\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            ["logs", "s.yaml", "--lines", "x"],
            (
                "error: invalid value for `--lines` / `-n`: it should be a whole number\n"
                "hint: `runfleet logs --help` shows how it is used\n"
            ),
        ),
        (
            ["plan", "s.yaml", "--on"],
            "error: the option `--on` has no value\nhint: write one behind it\n",
        ),
        (["run", ""], "error: the name of the study is empty\nhint: name a study file\n"),
    ],
)
def test_wrong_usage_is_told_in_our_words(runfleet, line: list[str], told: str):
    assert runfleet(*line).err == told


def test_a_full_disk_is_no_fault_of_runfleet(runfleet):
    """Here that of what the shell writes to, which has no name."""
    (runfleet.folder / "s.yaml").write_text("study: s\nmodel: {command: 'true'}\n")
    ended = runfleet.line("runfleet plan s.yaml > /dev/full")
    assert ended.code == 1
    assert ended.err == (
        "error: there is no space left to write to\nhint: make room on the disk, and try again\n"
    )
