"""`runfleet pool autoscale`; the commands that need an emulator are in test_emulator.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

MISTAKEN = '$TargetDedicatedNodes = $PendingTask.GetSample(1);\n$days = "3" * 2;\n'


@pytest.mark.parametrize(
    "target",
    [
        "$TargetDedicatedNodes",
        "$TargetDedicated",
        "$TargetLowPriorityNodes",
        "$TargetLowPriority",
    ],
)
def test_a_formula_without_mistakes(runfleet, target: str):
    """A target also by the name that it once had."""
    ended = runfleet("pool", "autoscale", "check", f"{target} = 2;")
    assert (ended.code, ended.out, ended.err) == (0, "", "The formula is fine.\n")


def test_a_formula_that_sets_no_target_is_told(runfleet):
    """A mistyped name is a variable of the user's own, for all that the language knows."""
    ended = runfleet("pool", "autoscale", "check", "$TargetDedicatdNodes = 2;")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == (
        "warning: the formula sets neither `$TargetDedicatedNodes` nor `$TargetLowPriorityNodes`, "
        "so that pools keep their size\n"
    )


def test_every_mistake_is_shown_at_its_place(runfleet, folder: Path):
    """Of a formula in a file as of one that is typed; some editors mark how they write letters."""
    (folder / "formula.txt").write_text(MISTAKEN)
    (folder / "marked.txt").write_text(MISTAKEN, encoding="utf-8-sig")
    for formula in ("formula.txt", "marked.txt", MISTAKEN):
        ended = runfleet("pool", "autoscale", "check", formula)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == (
            "error: unknown variable `$PendingTask` (line 1, column 25)\n"
            "    $TargetDedicatedNodes = $PendingTask.GetSample(1);\n"
            "                            ~~~~~~~~~~~~\n"
            "hint: did you mean `$PendingTasks`?\n"
            "error: `*` does not go between string and double (line 2, column 13)\n"
            '    $days = "3" * 2;\n'
            "                ~\n"
        )


def test_what_is_no_formula_at_all(runfleet):
    ended = runfleet("pool", "autoscale", "check", "$TargetDedicatedNodes = (1;")
    assert ended.code == 1
    assert ended.err.startswith("error: unexpected `;` (line 1, column 27)\n")


def test_mistakes_for_programs(runfleet):
    fine = runfleet("pool", "autoscale", "check", "--json", "$TargetDedicatedNodes = 2;")
    assert (fine.code, json.loads(fine.out)) == (0, {"errors": [], "warnings": []})
    idle = runfleet("pool", "autoscale", "check", "--json", "$tasks = 2;")
    (warning,) = json.loads(idle.out)["warnings"]
    assert warning.startswith("the formula sets neither `$TargetDedicatedNodes`")
    ended = runfleet("pool", "autoscale", "check", "--json", MISTAKEN)
    assert ended.code == 1
    assert json.loads(ended.out)["errors"][0] == {
        "what": "unknown variable `$PendingTask`",
        "line": 1,
        "column": 25,
        "hint": "did you mean `$PendingTasks`?",
    }


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        ("formula.txt", "error: `formula.txt` is neither a file nor a formula\n"),
        (" = 2;", "error: ` = 2;` begins without a name\n"),
    ],
)
def test_what_cannot_have_been_meant(runfleet, argument, error):
    """A file that is not there; a formula whose first name the shell has replaced."""
    ended = runfleet("pool", "autoscale", "check", argument)
    assert (ended.code, ended.err.splitlines(keepends=True)[0]) == (2, error)


def test_a_long_formula_is_no_file_name(runfleet):
    ended = runfleet("pool", "autoscale", "check", "$TargetDedicatedNodes = 1" + " + 1" * 90)
    assert ended.code == 0
