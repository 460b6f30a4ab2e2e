"""How tables are printed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from runfleet.cli.printer import Printer, number_column

ROWS = [
    ("flood-of-the-thur", "ended", "1,200", "3", "1,200", "2026-11-23 10:00"),
    ("net1", "ended", "1", "0", "1", "2026-11-23 11:00"),
]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (80, ["study", "state", "runs", "failed", "ended", "submitted"]),
        (46, ["study", "state", "runs", "failed", "ended"]),
        (34, ["study", "state", "runs"]),
        (20, ["study"]),
    ],
)
def test_the_name_of_a_row_is_the_last_to_go(width: int, columns: list[str]) -> None:
    """No other number or name is cut, either: there are fewer columns."""
    shown = io.StringIO()
    printer = Printer(io.StringIO(), io.StringIO())
    printer.out = Console(file=shown, width=width, color_system=None)
    numbers = map(number_column, ("runs", "failed", "ended"))
    printer.named_table(("study", "state", *numbers, "submitted"), ROWS)
    head, first, *_ = (line.split() for line in shown.getvalue().splitlines())
    assert head == columns
    assert " ".join(first) == " ".join(ROWS[0][: len(columns)])


def test_a_name_that_is_longer_than_a_line_is_broken() -> None:
    shown = io.StringIO()
    printer = Printer(io.StringIO(), io.StringIO())
    printer.out = Console(file=shown, width=10, color_system=None)
    printer.named_table(("study", "state"), [row[:2] for row in ROWS])
    assert shown.getvalue().split() == ["study", "flood-of-t", "he-thur", "net1"]
