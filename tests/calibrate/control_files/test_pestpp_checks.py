"""PEST++ 5.2 reads numbers of C++; PEST reads those of Fortran."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control

Change = Callable[[str, str, str], Path]


@pytest.mark.parametrize(
    ("old", "new", "line", "number", "plain"),
    [
        ("10.0 10.0 0.001", "10.0 10.0 1d-3", 7, "1d-3", "1e-3"),
        ("\n0.1\n", "\n1.D-1\n", 8, "1.D-1", "1.e-1"),
        ("8 0.005", "8 5-3", 9, "5-3", "5e-3"),
        ("relative 0.01", "relative .01d+0", 12, ".01d+0", ".01e+0"),
        ("switch 2.0", "switch 2d0", 12, "2d0", "2e0"),
        ("parabolic", "parabolic 1d-5 0.5 smaller", 12, "1d-5", "1e-5"),
        ("rates 1.0 0.0 1", "rates 1.0+0 0.0 1", 14, "1.0+0", "1.0e+0"),
        ("y0 3.0", "y0 -.3d1", 20, "-.3d1", "-.3e1"),
        ("1.0 heads", "1d0 heads", 20, "1d0", "1e0"),
        ("pi1 1.0", "pi1 1d0", 29, "1d0", "1e0"),
        ("0.5 1.0 prior", "0.5 1d0 prior", 29, "1d0", "1e0"),
    ],
)
def test_numbers_of_fortran(
    change: Change, old: str, new: str, line: int, number: str, plain: str
) -> None:
    case = change("case.pst", old, new)
    (problem,) = check(read_control(case), is_pestpp=True)
    assert problem.what == f"`{number}` is a number of Fortran, at which PEST++ stops"
    assert (problem.hint, problem.is_error) == (f"write `{plain}`", True)
    assert problem.line == line
    assert check(read_control(case)) == ()


def test_numbers_where_pestpp_does_not_look(change: Change) -> None:
    """Names may look like numbers; nobody reads the lambdas."""
    change("case.pst", "1.0e-2", "1.0E-02")
    change("case.pst", "10.0 -2.0 0.3", "1d1 -2.0 0.3")
    change("case.pst", "10.0 10.0 0.001", "10.0 10.0 0.001 0 1d0")
    change("case.pst", "4 0.005 4\n", "4 0.005 4 0d0\n")
    change("case.pst", "y0 3.0", "1d0 3.0")
    case = change("model.ins", "[y0]", "[1d0]")
    assert check(read_control(case), is_pestpp=True) == ()


@pytest.mark.parametrize("more", ["heads.cov", "0.1"])
def test_groups_of_observations_stand_alone(change: Change, more: str) -> None:
    case = change("case.pst", "heads\n", f"heads {more}\n")
    (problem,) = check(read_control(case), is_pestpp=True)
    assert problem.what == f"PEST++ takes no covariance matrix of a group, and stops at `{more}`"
    assert problem.hint == "leave `heads` alone on the line, or take `program: beopest64`"
    assert problem.line == 17
