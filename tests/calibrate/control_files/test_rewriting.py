"""Control files that a calibration goes on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.calibrate.control_files.control import Control, read_control
from runfleet.calibrate.control_files.rewriting import rewritten

Change = Callable[[str, str, str], Path]

KEYWORDS = """\
pcf version=2
* control data keyword
{keywords}
* parameter data external
parameters.csv
* observation data
y0 3.0 1.0 heads
* model command line
model.exe
* model input
model.tpl model.in
* model output
model.ins model.out
"""


def with_keywords(case: Path, *keywords: str) -> Path:
    """Write a control file of the second version."""
    (case.parent / "parameters.csv").write_text(
        "parnme,partrans,parchglim,parval1,parlbnd,parubnd,pargp\nstart,log,factor,1,0.1,10,rates\n"
    )
    case.write_text(KEYWORDS.format(keywords="\n".join(keywords)))
    return case


def read_again(control: Control, content: bytes) -> Control:
    """Read what a control file was rewritten to, in its place."""
    control.file.write_bytes(content)
    return read_control(control.file)


@pytest.mark.parametrize(
    "keywords",
    [
        ("noptmax 8", "ies_num_reals 30"),
        ("NOPTMAX 8", "ies_num_reals 30", "IES_PAR_EN prior.csv"),
        ("# noptmax 9", "noptmax\t8", "Ies_Parameter_Ensemble\tprior.csv", "ies_num_reals 30"),
        ("pestmode estimation", *"abcde", "ies_num_reals 30", "noptmax 8"),
        ("ies_num_reals 30",),
    ],
)
def test_keywords_are_replaced_wherever_they_stand(case: Path, keywords: tuple[str, ...]) -> None:
    """In any case and spelling, and by keywords: PEST++ takes no `++` beside them."""
    given = (f"{keyword} 1" if len(keyword) == 1 else keyword for keyword in keywords)
    control = read_control(with_keywords(case, *given))
    content = rewritten(control, {"ies_parameter_ensemble": "x.csv"}, noptmax=5)
    assert b"++" not in content
    again = read_again(control, content)
    assert again.noptmax == 5
    assert again.options == {
        **{name: text for name, text in control.options.items() if not name.startswith("ies_par")},
        "ies_parameter_ensemble": "x.csv",
    }
    assert again.tables == control.tables


def test_options_share_a_line_with_others(case: Path) -> None:
    control = read_control(case)
    again = read_again(control, rewritten(control, {"ies_parameter_ensemble": "x.csv"}, noptmax=5))
    assert again.noptmax == 5
    assert again.options == {"ies_num_reals": "12", "ies_parameter_ensemble": "x.csv"}


@pytest.mark.parametrize("strange", ["\f", "\v", "\x1c", "\u2028", "\r", "\x85"])
def test_values_come_to_their_own_parameters(change: Change, strange: str) -> None:
    """Also below what is an end of a line to some programs, but not to PEST."""
    control = read_control(change("case.pst", "pcf\n", f"pcf\n# old{strange}new\n"))
    values = {"start": "2.5", "decay": "0.3"}
    content = rewritten(control, {"base_jacobian": "x.jcb"}, noptmax=5, values=values)
    again = read_again(control, content)
    assert [parameter.initial for parameter in again.parameters] == [2.5, 0.3]
    assert again.parameters[0].place == control.parameters[0].place


def test_a_form_feed_begins_a_page_and_no_line(change: Change) -> None:
    control = read_control(change("case.pst", "* parameter groups", "\f* parameter groups"))
    values = {"start": "2.5", "decay": "0.3"}
    content = rewritten(control, {"base_jacobian": "x.jcb"}, noptmax=5, values=values)
    again = read_again(control, content)
    assert [parameter.initial for parameter in again.parameters] == [2.5, 0.3]
    assert again.noptmax == 5


def test_options_stand_before_the_end_of_the_file(case: Path) -> None:
    """Old editors of DOS mark it, and programs on Windows read nothing behind it."""
    case.write_bytes(case.read_bytes() + b"\x1a\r\n")
    assert b"\x1a" not in rewritten(read_control(case), {"base_jacobian": "x.jcb"}, noptmax=5)
