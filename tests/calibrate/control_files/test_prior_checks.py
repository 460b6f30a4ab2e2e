"""Prior information is looked at word by word, as BeoPEST 16.1 and PEST++ 5.2 read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control

Change = Callable[[str, str, str], Path]

PRIOR = "1.0 * log(start) = 0.5 1.0 prior"
FORM = "write it as in `pi1 1.0 * log(a) + 2.0 * b = 0.5 1.0 prior`, with blanks between"


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        ("1.0*log(start)=0.5 1.0 prior", "`1.0*log(start)=0.5` .. the factor of a parameter"),
        ("1.0* log(start) = 0.5 1.0 prior", "`1.0*` .. the factor of a parameter"),
        ("log(start) * 1.0 = 0.5 1.0 prior", "`log(start)` .. the factor of a parameter"),
        ("- 1.0 * log(start) = 0.5 1.0 prior", "`-` .. the factor of a parameter"),
        ("1.0 log(start) = 0.5 1.0 prior", "`log(start)` .. `*`"),
        ("1.0 *log(start) = 0.5 1.0 prior", "`*log(start)` .. `*`"),
        ("1.0 * log(start)=0.5 1.0 prior =", "`1.0` .. `+`, `-` or `=`"),
        ("1.0 * log (start) = 0.5 1.0 prior", "`(start)` .. `+`, `-` or `=`"),
        ("1.0 * log(start) =0.5 1.0 prior", "`=0.5` .. `+`, `-` or `=`"),
        ("1.0 * log(start) = x 1.0 prior", "`x` .. its value"),
        ("1.0 * log(start) = 0.5 prior", "`prior` .. its weight"),
        ("1.0 * log(start)\n& +2.0 * decay = 0.5 1.0 prior", "`+2.0` .. `+`, `-` or `=`"),
        ("1.0 * log(start)\n&+ 2.0 * decay = 0.5 1.0 prior", "`&+` .. `+`, `-` or `=`"),
        ("1.0 * log(start) + = 0.5 1.0 prior", "`=` .. the factor of a parameter"),
        ("1.0 * log(a)=3 + prior", "`prior` .. the factor of a parameter"),
        ("1.0 * log(a)=3", "`log(a)=3` .. `=`, its value and its weight"),
    ],
)
def test_words_that_are_not_where_pest_reads_them(change: Change, new: str, wanted: str) -> None:
    problem = check(read_control(change("case.pst", PRIOR, new)))[-1]
    word, what = wanted.split(" .. ")
    assert problem.what == f"{word} stands where prior information `pi1` should have {what}"
    assert (problem.line, problem.hint, problem.is_error) == (29, FORM, True)


@pytest.mark.parametrize(
    "new",
    [
        "-1.0d0 * LOG(Start) + -2 * log(decay) - .5 * log(decay) = 5d-1 1e0 prior",
        "1.0\t*\tlog(start)\t=\t0.5\t1.0\tprior",
        "1.0 *\n& log(start) = 0.5\n& 1.0 prior",
        "1.0 * log(start) = 0.5 1.0",
    ],
)
def test_equations_that_pest_reads(change: Change, new: str) -> None:
    assert check(read_control(change("case.pst", PRIOR, new))) == ()


def test_logarithms_in_prior_information(change: Change) -> None:
    """They have to be those of the parameters; PEST++ does not look at that."""
    change("case.pst", "decay log", "decay none")
    case = change("case.pst", "log(start) =", "start + 2.0 * log(decay) =")
    problems = check(read_control(case))
    assert [(problem.what, problem.hint) for problem in problems] == [
        (
            "`start` in the prior information `pi1` is log-transformed",
            "write `log(start)` for `start`",
        ),
        (
            "`decay` in the prior information `pi1` is not log-transformed",
            "write `decay` for `log(decay)`",
        ),
    ]
    assert check(read_control(case), is_pestpp=True) == ()


def test_pestpp_forgives_some_blanks(change: Change) -> None:
    case = change("case.pst", PRIOR, "1.0 *log(start)= 0.5 1.0 prior")
    assert check(read_control(case), is_pestpp=True) == ()
    change("case.pst", "log(start)= 0.5", "log(start)=0.5")
    (problem,) = check(read_control(case), is_pestpp=True)
    assert problem.what == (
        "`*log(start)=0.5` stands where prior information `pi1` should have its value"
    )
    change("case.pst", "1.0 *log(start)=0.5", "1.0*log(start) = 0.5")
    (problem,) = check(read_control(case), is_pestpp=True)
    assert problem.what.endswith("should have the factor of a parameter")
