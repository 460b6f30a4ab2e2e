"""Which edits of a control file make another calibration of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.control_files.edits import edits_of_question

Change = Callable[[str, str, str], Path]


@pytest.fixture
def edit(case: Path, change: Change, tmp_path: Path) -> Callable[[str, str, str], list[str]]:
    """Replace a text in a file of the calibration, and tell what that makes another."""
    earlier = shutil.copytree(case.parent, tmp_path / "earlier") / case.name

    def edited(name: str, old: str, new: str) -> list[str]:
        change(name, old, new)
        return list(edits_of_question(read_control(earlier), read_control(case)))

    return edited


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "y1 2.336402349 1.0",
            "y1 2.3 1.0",
            "`* observation data` had `y1 2.336402349 1.0 heads` where `y1 2.3 1.0 heads` is now",
        ),
        (
            "heads\nprior\n",
            "heads\nprior\nlow\n",
            "`* observation groups` has `low`, which was not there",
        ),
        (
            "* prior information\npi1 1.0 * log(start) = 0.5 1.0 prior\n",
            "",
            "`* prior information` had `pi1 1.0 * log(start) = 0.5 1.0 prior`, which is gone",
        ),
    ],
)
def test_another_question(
    edit: Callable[[str, str, str], list[str]], old: str, new: str, told: str
) -> None:
    assert edit("case.pst", old, new) == [told]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("8 0.005", "20 0.005"),
        ("model.exe", "other.exe"),
        ("Model.tpl model.in", "model.tpl model.in"),
        ("y1 2.336402349 1.0 heads", "Y1   2.336402349\t1.0 heads # as measured"),
        ("ies_num_reals(12)", "ies_num_reals(6)"),
    ],
)
def test_the_same_question(edit: Callable[[str, str, str], list[str]], old: str, new: str) -> None:
    assert edit("case.pst", old, new) == []


def test_another_table(case: Path, tmp_path: Path) -> None:
    """The tables that a control file names belong to it."""
    text = case.read_text()
    begin, end = text.index("* observation data"), text.index("* model command line")
    named = "* observation data external\nheads.csv\n"
    case.write_text(f"{text[:begin]}{named}{text[end:]}")
    table = case.with_name("heads.csv")
    table.write_text("obsnme,obsval,weight,obgnme\ny0,3.0,1.0,heads\n")
    earlier = shutil.copytree(case.parent, tmp_path / "earlier") / case.name
    table.write_text("obsnme,obsval,weight,obgnme\ny0,3.0,2.0,heads\n")
    assert list(edits_of_question(read_control(earlier), read_control(case))) == [
        "`* observation data` had `y0 3.0 1.0 heads` where `y0 3.0 2.0 heads` is now"
    ]
