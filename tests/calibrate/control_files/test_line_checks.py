"""Lines of control files are looked at as BeoPEST 16.1 reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control

Change = Callable[[str, str, str], Path]

GROUP = "rates relative 0.01 0.0 switch 2.0 parabolic"
NUMBER = "write a number there; are the columns and the lines in order?"
WHOLE = "write a whole number there; are the columns and the lines in order?"


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "hint"),
    [
        ("restart", "rest", 3, "`rest` .. `RSTFLE`", "write one of `restart` and `norestart`"),
        ("double", "doubel", 5, "`doubel` .. `PRECIS`", "write one of `single` and `double`"),
        ("point", "nodot", 5, "`nodot` .. `DPOINT`", "write one of `point` and `nopoint`"),
        ("-2.0 0.3", "-2.0 x", 6, "`x` .. `PHIRATSUF`", NUMBER),
        ("0.03 10", "0.03 10.0", 6, "`10.0` .. `NUMLAM`", WHOLE),
        ("0.1\n8", "0.1 0.5\n8", 8, "`0.5` .. `NOPTSWITCH`", WHOLE),
        ("8 0.005 4 4", "8 0.005 4.5 4", 9, "`4.5` .. `NPHISTP`", WHOLE),
        ("1 1 1\n*", "x 1 1\n*", 10, "`x` .. `ICOV`", WHOLE),
        (
            "rates relative",
            "rates relatve",
            12,
            "`relatve` .. `INCTYP`",
            "write one of `relative`, `absolute` and `rel_to_max`",
        ),
        ("0.01 0.0 switch", "0.x1 0.0 switch", 12, "`0.x1` .. `DERINC`", NUMBER),
        (
            "0.0 switch",
            "0.0 always_4",
            12,
            "`always_4` .. `FORCEN`",
            "write one of `switch`, `always_2`, `always_3`, `switch_5` and `always_5`",
        ),
        (
            "parabolic",
            "parabola",
            12,
            "`parabola` .. `DERMTHD`",
            "write one of `parabolic`, `best_fit`, `outside_pts`, `minvar` and `maxprec`",
        ),
        (
            "start log factor",
            "start log fctor",
            14,
            "`fctor` .. `PARCHGLIM`",
            "write one of `relative`, `factor` and `absolute(1)`",
        ),
        (
            "double point 1 0 0",
            "double",
            5,
            "NTPLFLE NINSFLE PRECIS DPOINT, 3",
            "complete the line",
        ),
        ("1 1 1\n*", "1 1\n*", 10, "ICOV ICOR IEIG, 2", "complete the line"),
        (
            " switch 2.0 parabolic",
            "",
            12,
            "PARGPNME INCTYP DERINC DERINCLB FORCEN DERINCMUL DERMTHD, 4",
            "complete the line",
        ),
    ],
)
def test_words_and_numbers_that_pest_does_not_take(
    change: Change, old: str, new: str, line: int, what: str, hint: str
) -> None:
    case = change("case.pst", old, new)
    problem = check(read_control(case))[0]
    word, _, wanted = what.partition(" .. ")
    names, _, count = what.partition(", ")
    assert problem.what == (
        f"{word} stands where {wanted} should be"
        if wanted
        else f"here should be {names}, and there are only {count} values"
    )
    assert (problem.line, problem.hint, problem.is_error) == (line, hint, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("restart", "NoRestart"),
        ("double point 1 0 0", "SINGLE NOPOINT"),
        ("10.0 10.0 0.001", "1.0+1, 1d1, .001"),
        ("10.0 10.0 0.001", "10.0 10.0 0.001 absparmax(1)=2.0"),
        ("0.1\n8", "0.1 1 noaui\n8"),
        ("0.1\n8", "0.1 noaui\n8"),
        ("1 1 1\n*", "1 1 1 1 norecunc\n*"),
        (GROUP, "rates Rel_To_Max 1-2 0.0 always_5 2.0 MINVAR"),
        (GROUP, f"{GROUP} 1e-5 0.5 smaller"),
        ("10.0 -2.0 0.3 0.03 10", "0 -2.0 0.3 0.03 1"),
        ("rates 1.0 0.0 1", "rates 1.0 0.0"),
    ],
)
def test_words_and_numbers_that_pest_takes(change: Change, old: str, new: str) -> None:
    assert check(read_control(change("case.pst", old, new))) == ()


@pytest.mark.parametrize(
    ("old", "new", "what", "hint"),
    [
        (
            "10.0 -2.0 0.3",
            "10.0 -1 0.3",
            "`RLAMFAC`, by which lambda changes, is -1, and PEST wants more than 1",
            "write a number such as 2, or one below -1",
        ),
        (
            "10.0 -2.0 0.3",
            "0 -2.0 0.3",
            "`RLAMBDA1` is 0, and PEST takes that only if `NUMLAM` is 1",
            "write 1 for `NUMLAM`, or a positive `RLAMBDA1`",
        ),
        (
            "\n8 0.005",
            "\n0 0.005",
            "`NOPTMAX` is 0, where BeoPEST asks `Are you sure?`, which nobody can answer",
            (
                "write -1 for sensitivities without an iteration, or take `program: pestpp-glm`, "
                "which runs the model once"
            ),
        ),
        (
            "switch 2.0 parabolic",
            "switch 2.0 minvar",
            "`DERMTHD` is `minvar`, which does not go with `FORCEN` `switch`",
            "write one of `parabolic`, `best_fit` and `outside_pts`",
        ),
        (
            "switch 2.0 parabolic",
            "switch_5 2.0 parabolic",
            "`DERMTHD` is `parabolic`, which does not go with `FORCEN` `switch_5`",
            "write one of `minvar` and `maxprec`",
        ),
        (
            "\n0.1\n8",
            "\n8",
            "`* control data` has 7 lines, and PEST reads 8",
            "write the line with PHIREDSWH here",
        ),
        (
            "\n1 1 1\n",
            "\n",
            "`* control data` has 7 lines, and PEST reads 8",
            "write the line with ICOV ICOR IEIG here",
        ),
        (
            "1 1 2\n1 1",
            "1 1 1\n1 1",
            "`NOBSGP` announces 1 groups of observations, and there are 2",
            "write 2 there, if nothing is missing below",
        ),
        (
            "start log factor",
            "start log absolute(1)",
            "`start` may change by `absolute(1)`, and nothing says how much that is",
            (
                "write `absparmax(1)=` and the most it may change behind `RELPARMAX` and "
                "`FACPARMAX`, in the fifth line of `* control data`"
            ),
        ),
        (
            "rates 1.0 0.0 1",
            "rates 1.0 0.0 2",
            "`2` stands where `DERCOM`, the number of a command, should be",
            "write 1, for the first command of the model",
        ),
        (
            "rates 1.0 0.0",
            "rates 0 0.0",
            "the scale of `start` is 0",
            "write 1.0, or what the model's value is to be multiplied by",
        ),
    ],
)
def test_what_pest_refuses(change: Change, old: str, new: str, what: str, hint: str) -> None:
    case = change("case.pst", old, new)
    (problem,) = check(read_control(case))
    assert (problem.what, problem.hint, problem.is_error) == (what, hint, True)


def test_absolute_limits_of_change(change: Change) -> None:
    """PEST takes them of parameters that are not log-transformed."""
    change("case.pst", "10.0 10.0 0.001", "10.0 10.0 0.001, AbsParMax( 2 ) = 0.5 absparmax(1)=2")
    change("case.pst", "start log factor", "start none ABSOLUTE(2)")
    case = change("case.pst", "log(start)", "start")
    assert check(read_control(case)) == ()
    case = change("case.pst", "decay log factor", "decay log absolute(1)")
    (problem,) = check(read_control(case))
    assert problem.what == (
        "`decay` is log-transformed, and PEST takes `absolute(1)` only of what is not"
    )
    assert problem.hint == "write `factor` for it, or `none` for `log`"


def test_words_that_pestpp_does_not_look_at(change: Change) -> None:
    change("case.pst", "restart", "rest")
    change("case.pst", "1 1 double point 1 0 0", "1 1")
    change("case.pst", "1 1 1\n*", "*")
    change("case.pst", "switch 2.0 parabolic", "often 2.0 parabola")
    case = change("case.pst", "start log factor", "start log fctor")
    assert check(read_control(case), is_pestpp=True) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("10.0 10.0 0.001", "10.0 x 0.001", 7, "`x` stands where `FACPARMAX` should be"),
        (
            "10.0 10.0 0.001",
            "10.0 10.0",
            7,
            "here should be RELPARMAX FACPARMAX FACORIG, and there are only 2 values",
        ),
        ("0.1\n8 0.005", "x\n8 0.005", 8, "`x` stands where `PHIREDSWH` should be"),
        ("\n0.1\n8 0.005", "\n8 0.005", 8, "`0.005` stands where `NOPTSWITCH` should be"),
        ("8 0.005 4 4", "8 0.005 4.0 4", 9, "`4.0` stands where `NPHISTP` should be"),
        ("0.01 0.0 switch", "0.01 o switch", 12, "`o` stands where `DERINCLB` should be"),
    ],
)
def test_numbers_that_pestpp_does_not_take(
    change: Change, old: str, new: str, line: int, what: str
) -> None:
    case = change("case.pst", old, new)
    problem = check(read_control(case), is_pestpp=True)[0]
    assert (problem.what, problem.line, problem.is_error) == (what, line, True)
