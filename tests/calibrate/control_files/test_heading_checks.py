"""Beginnings of files and sections are looked at as BeoPEST 16.1 and PEST++ 5.2 look for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.checking import check
from runfleet.calibrate.control_files.control import read_control

Change = Callable[[str, str, str], Path]

OBSERVATIONS = "y0 3.0 1.0 heads\ny1 2.336402349 1.0 heads\ny2 1.819591979 0.5 heads\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* control data", "*control data"),
        ("* parameter data", "*  parameter data"),
        ("* parameter groups", "*\tparameter groups"),
        ("* observation groups", "* observation  groups"),
        ("* observation data", "*observation data"),
        ("* model command line", "* model  command line"),
        ("* model input/output", "*  model input/output"),
        ("* prior information", "* prior\tinformation"),
    ],
)
def test_headings_that_pest_does_not_find(change: Change, old: str, new: str) -> None:
    (problem,) = check(read_control(change("case.pst", old, new)))
    assert problem.what == f"PEST does not find the section `{new}` for its blanks"
    assert (problem.hint, problem.is_error) == (f"write `{old}`", True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("* observation data", "  * Observation  Data  "),
        ("* model command line", "* model command  line"),
        ("* parameter groups", "* PARAMETER GROUPS # of rates"),
    ],
)
def test_headings_that_pest_finds(change: Change, old: str, new: str) -> None:
    assert check(read_control(change("case.pst", old, new))) == ()


def test_headings_that_pestpp_does_not_see(change: Change) -> None:
    """It does not look behind the star, but at the blanks inside; what it does not need is lost."""
    change("case.pst", "* control data", "*control data")
    change("case.pst", "* parameter data", "*\tparameter data")
    change("case.pst", "* observation data", "*  observation  data")
    case = change("case.pst", "* prior information", "* Prior  information")
    problems = check(read_control(case), is_pestpp=True)
    assert [(problem.what, problem.hint, problem.is_error) for problem in problems] == [
        (
            "PEST++ does not see the section `*  observation  data` for its blanks",
            "write `* observation data`",
            True,
        ),
        (
            "PEST++ does not see the section `* Prior  information` for its blanks",
            "write `* Prior information`",
            False,
        ),
    ]


def test_what_stands_above_the_first_word(change: Change) -> None:
    """PEST leaves out comments and blank lines there, PEST++ does not."""
    case = change("case.pst", "pcf", "# by hand\n\n  PCF")
    assert check(read_control(case)) == ()
    (problem,) = check(read_control(case), is_pestpp=True)
    assert problem.what == "PEST++ looks for `pcf` in the first line alone"
    assert (problem.line, problem.hint) == (1, "move `pcf` up to the first line")


@pytest.mark.parametrize("name", ["case.pst", "model.tpl", "model.ins"])
@pytest.mark.parametrize("is_pestpp", [False, True])
def test_byte_order_marks(case: Path, name: str, *, is_pestpp: bool) -> None:
    file = case.parent / name
    file.write_text(file.read_text(), encoding="utf-8-sig")
    (problem,) = check(read_control(case), is_pestpp=is_pestpp)
    assert problem.what == "the file begins with a byte order mark, at which PEST stops"
    assert problem.hint == "save it without one: as `UTF-8`, not `UTF-8 with BOM`, or as `ANSI`"
    assert (problem.file.name.lower(), problem.line, problem.is_error) == (name, 1, True)


def test_the_second_version_is_for_pestpp(change: Change) -> None:
    """What BeoPEST would make of the rest is not told: it does not read it."""
    folder = change("case.pst", "* observation data", "* observation data external").parent
    case = change("case.pst", OBSERVATIONS, "observations.csv\n")
    table = "obsnme,obsval,weight,obgnme\ny0,3.0,1.0,a\ny1,2.3,1.0,a\ny2,1.8,0.5,a\n"
    (folder / "observations.csv").write_text(table)
    assert check(read_control(case), is_pestpp=True) == ()
    (problem,) = check(read_control(case))
    assert str(problem) == (
        f"{case}:19: `* observation data external` is of the second version of control files, "
        "which BeoPEST does not read"
    )
    assert problem.hint == (
        "take a program of PEST++, such as `program: pestpp-glm`, or write the file in the first "
        "version; pyemu does so with `Pst(FILE).write(FILE, version=1)`"
    )
