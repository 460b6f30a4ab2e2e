"""Modes and ways to solve are looked at as BeoPEST 16.1 reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control

Change = Callable[[str, str, str], Path]

SVD = "* singular value decomposition\n1\n3 5.0d-7\n1\n"
LSQR = "* lsqr\n1\n1e-4 1e-4 28 12\n1\n"
REGULARISATION = "* regularization\n1e-3 1.1e-3 0.1\n1.0 1e-10 1e10\n1.3 1e-2 1\n"
PREDICTION = "* predictive analysis\n1\n10.0 11.0 20.0\n1.0 2.0 8\n0.0 0.005 4 4\n"
GROUPS = "* observation groups\nheads\nprior\n"


@pytest.fixture
def solve(change: Change) -> Callable[[str], Path]:
    """Add sections to the control file."""
    return lambda text: change("case.pst", "* parameter groups", f"{text}* parameter groups")


@pytest.fixture
def regularise(change: Change) -> Callable[[str, str], Path]:
    """Call a group so, and put the prior information into a group."""

    def regularised(group: str, of_prior: str) -> Path:
        change("case.pst", "restart estimation", "restart regularisation")
        change("case.pst", GROUPS, f"* observation groups\nheads\n{group}\n{REGULARISATION}")
        return change("case.pst", "0.5 1.0 prior", f"0.5 1.0 {of_prior}")

    return regularised


@pytest.mark.parametrize(
    ("mode", "section"),
    [("regularisation", "regularisation"), ("prediction", "predictive analysis")],
)
def test_a_mode_without_its_section(change: Change, mode: str, section: str) -> None:
    case = change("case.pst", "restart estimation", f"restart {mode}")
    problem = check(read_control(case))[0]
    assert problem.line == 3
    assert problem.what == f"the mode is `{mode}`, and there is no section `* {section}`"
    assert problem.hint == "add the section, or write `estimation` for the mode"
    assert check(read_control(case), is_pestpp=True) == ()


@pytest.mark.parametrize("group", ["regul", "Regul_k"])
def test_regularisation(regularise: Callable[[str, str], Path], group: str) -> None:
    assert check(read_control(regularise(group, group))) == ()


@pytest.mark.parametrize(
    ("group", "of_prior", "what", "hint"),
    [
        (
            "tikhonov",
            "tikhonov",
            "no group has a name that begins with `regul`, as regularisation needs one",
            "call one so, such as `regul`, and put the prior information into it",
        ),
        (
            "regul",
            "heads",
            "nothing is of a group whose name begins with `regul`",
            "put the prior information, or observations, into such a group",
        ),
    ],
)
def test_regularisation_without_its_group(
    regularise: Callable[[str, str], Path], group: str, of_prior: str, what: str, hint: str
) -> None:
    (problem,) = check(read_control(regularise(group, of_prior)))
    assert (problem.line, problem.what, problem.hint) == (16, what, hint)


def test_a_prediction_is_the_last_observation(change: Change) -> None:
    change("case.pst", "restart estimation", "restart prediction")
    change("case.pst", GROUPS, f"* observation groups\nheads\nprior\npredict\n{PREDICTION}")
    change("case.pst", "1 1 2\n", "1 1 3\n")
    case = change("case.pst", "1.0 heads\ny1", "1.0 predict\ny1")
    (problem,) = check(read_control(case))
    assert problem.what == (
        "the last observation, `y2`, is of group `heads`, where BeoPEST looks for the prediction"
    )
    assert problem.hint == "put the prediction there, and into a group `predict`"
    change("case.pst", "1.0 predict\ny1", "1.0 heads\ny1")
    case = change("case.pst", "0.5 heads", "0.5 Predict")
    assert check(read_control(case)) == ()


@pytest.mark.parametrize(
    "sections",
    [
        SVD,
        SVD.replace("5.0d-7", "1.0"),
        SVD.replace("3 5", "3, 5"),
        LSQR,
        SVD.replace("\n1\n3", "\n0\n3") + LSQR,
        SVD + LSQR.replace("\n1\n1e", "\n0\n1e"),
    ],
)
def test_ways_to_solve(solve: Callable[[str], Path], sections: str) -> None:
    assert check(read_control(solve(sections))) == ()


@pytest.mark.parametrize(
    ("sections", "line", "what", "hint"),
    [
        (
            SVD.replace("5.0d-7", "5"),
            13,
            "`EIGTHRESH` is 5, and PEST wants less than 1",
            "write a small number, such as 5.0e-7",
        ),
        (
            SVD + LSQR,
            16,
            "`* lsqr` and `* singular value decomposition` are both active",
            "write 0 in the first line of one of them",
        ),
    ],
)
def test_ways_to_solve_that_pest_refuses(
    solve: Callable[[str], Path], sections: str, line: int, what: str, hint: str
) -> None:
    case = solve(sections)
    (problem,) = check(read_control(case))
    assert (problem.line, problem.what, problem.hint) == (line, what, hint)
    assert check(read_control(case), is_pestpp=True) == ()
