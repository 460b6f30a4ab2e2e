"""Instructions are looked at as BeoPEST 16.1 and PEST++ 5.2 follow them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.control_files.problems import Problem

Change = Callable[[str, str, str], Path]


def problems_of(case: Path, *, is_pestpp: bool = False) -> list[Problem]:
    return list(check(read_control(case), is_pestpp=is_pestpp))


@pytest.mark.parametrize(
    ("old", "new", "what", "hint"),
    [
        ("l1 w", "l1w", "there is no blank behind `l1`", "set instructions off by blanks"),
        ("w !y1!", "w!y1!", "there is no blank behind `w`", "set instructions off by blanks"),
        ("w !y1!", "t5!y1!", "there is no blank behind `t5`", "set instructions off by blanks"),
        (
            "w !y1!",
            "w !y1!@ @",
            "there is no blank behind `!y1!`",
            "set instructions off by blanks",
        ),
        (
            "w !y1!",
            "\n&!y1!",
            "there is no blank between `&` and `!y1!`",
            "write a blank behind `&`",
        ),
        (
            "w !y1!",
            "t14 w t5 !y1!",
            "`t5` goes back, as `t14` stands before it",
            "write tabs in rising order",
        ),
        (
            "w !y1!",
            "[dum]1:4 !y1!",
            "`[dum]1:4` reads nothing: `dum` stands between `!` only",
            "remove it, or write `!dum!`",
        ),
        (
            "pif @",
            "pif  @",
            "PEST takes the second blank of the first line for the marker",
            "write `pif @`, with one blank",
        ),
    ],
)
def test_what_pest_refuses(change: Change, old: str, new: str, what: str, hint: str) -> None:
    problem = problems_of(change("model.ins", old, new))[0]
    assert (problem.what, problem.hint, problem.is_error) == (what, hint, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("w !y1!", "W ! y1 !"),
        ("l1 [y0]5:21", "l1 [ y0 ]5:21"),
        ("l1 (y2)5:21", "l1 ( y2)5:21"),
    ],
)
@pytest.mark.parametrize("is_pestpp", [False, True])
def test_blanks_inside_of_instructions(
    change: Change, old: str, new: str, *, is_pestpp: bool
) -> None:
    """Neither program forgives them."""
    problem = problems_of(change("model.ins", old, new), is_pestpp=is_pestpp)[0]
    assert problem.what.endswith("is no instruction")
    assert problem.hint.endswith(", without blanks inside")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pif @", "pif\t@"),
        ("w !y1!", "@ @!y1!"),
        ("l1 w !y1!", "@a b@@c@ W !DUM! !Y1!  "),
        ("l1 w !y1!", "l1 t5 t5 t14 l1 t3 !y1!"),
        ("l1 w !y1!", "l1 ww\n  & !y1!"),
    ],
)
def test_what_pest_takes(change: Change, old: str, new: str) -> None:
    assert problems_of(change("model.ins", old, new)) == []


def test_what_pestpp_takes(change: Change) -> None:
    """It sees where most instructions end without a blank, and reads `dum` by columns."""
    change("model.ins", "pif @", "pif  @")
    change("model.ins", "l1 w !y1!", "l1w@ @!y1!@,@")
    case = change("model.ins", "(y2)5:21", "[dum]1:4 (y2)5:21")
    assert problems_of(case, is_pestpp=True) == []


@pytest.mark.parametrize(
    ("new", "glued"),
    [
        ("l1 w!y1!", "w"),
        ("l1(y1)1:4", "l1"),
        ("l1 [dum]1:2[y1]3:4", "[dum]1:2"),
        ("l1 !dum!!y1!", "!dum!"),
        ("l1 !dum!w !y1!", "!dum!"),
    ],
)
def test_readings_that_pestpp_overlooks(change: Change, new: str, glued: str) -> None:
    case = change("model.ins", "l1 w !y1!", new)
    (problem,) = problems_of(case, is_pestpp=True)
    assert problem.what == f"there is no blank behind `{glued}`"
    assert problem.hint == "set instructions off by blanks"


@pytest.mark.parametrize(
    ("new", "what", "hint"),
    [
        (
            "l1 t5 !y1!",
            "PEST++ does not know `t5`, the way to a column",
            "read by columns, as in `[name]1:10`, or go on by `w` or a text to look for",
        ),
        (
            "l1 w\n& !y1!",
            "PEST++ does not know `&`, by which a line goes on with the one before",
            "write the instructions into one line",
        ),
    ],
)
def test_instructions_that_pestpp_does_not_know(
    change: Change, new: str, what: str, hint: str
) -> None:
    case = change("model.ins", "l1 w !y1!", new)
    (problem,) = problems_of(case, is_pestpp=True)
    assert (problem.what, problem.hint) == (what, hint)
    assert problems_of(case) == []


def test_two_blanks_before_the_marker_of_a_template(change: Change) -> None:
    case = change("model.tpl", "ptf ~", "PTF  ~")
    (problem,) = problems_of(case)
    assert problem.what == "PEST takes the second blank of the first line for the marker"
    assert (problem.line, problem.hint) == (1, "write `PTF ~`, with one blank")
    assert problems_of(case, is_pestpp=True) == []
