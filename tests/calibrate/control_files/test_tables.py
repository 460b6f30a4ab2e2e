"""Tables in files of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.control_files.problems import ControlError

HEADER = "obsnme,obsval,weight,obgnme"


def with_table(case: Path, table: bytes, options: str = "") -> Path:
    """Give the control file its observations by a table."""
    text = case.read_text()
    head, _, rest = text.partition("* observation data\n")
    rest = rest[rest.index("* model command line") :]
    case.write_text(f"{head}* observation data external\nheads.csv {options}\n{rest}")
    (case.parent / "heads.csv").write_bytes(table)
    return case


def test_what_editors_of_dos_end_a_table_with(case: Path) -> None:
    control = read_control(with_table(case, f"{HEADER}\r\ny0,3,1,heads\r\n\x1a\r\n".encode()))
    assert [observation.name for observation in control.observations] == ["y0"]


@pytest.mark.parametrize(
    ("table", "options", "place", "what"),
    [
        (
            f"{HEADER}\ny0,3,1,heads\n",
            "sep ''",
            "case.pst:20",
            "the separator of the table is empty",
        ),
        (f"{HEADER}\ry0,3,1,heads\r", "", "heads.csv:1", "the line has no columns: new-line"),
        (f"{HEADER}\n{'y' * 200_000},3,1,heads", "", "heads.csv:2", "the line has no columns: "),
    ],
)
def test_what_is_no_table(case: Path, table: str, options: str, place: str, what: str) -> None:
    with pytest.raises(ControlError) as caught:
        read_control(with_table(case, table.encode(), options))
    assert str(caught.value).startswith(f"{case.with_name(place)}: {what}")
    assert caught.value.hint
