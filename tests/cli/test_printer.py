"""How tables are printed."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from runfleet.cli.printer import Printer, number_column

ROWS = [
    ("flood-of-the-thur", "ended", "1,200", "3", "1,200", "2026-11-23 10:00"),
    ("net1", "ended", "1", "0", "1", "2026-11-23 11:00"),
]
COLUMNS = ("study", "state", *map(number_column, ("runs", "failed", "ended")), "submitted")


def on_terminal(width: int) -> tuple[Printer, io.StringIO]:
    shown = io.StringIO()
    printer = Printer(io.StringIO(), io.StringIO())
    printer.out = Console(file=shown, width=width, color_system=None, force_terminal=True)
    return printer, shown


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
    printer, shown = on_terminal(width)
    left_out = printer.named_table(COLUMNS, ROWS)
    head, first, *_ = (line.split() for line in shown.getvalue().splitlines())
    assert head == columns
    assert left_out == len(COLUMNS) - len(columns)
    assert " ".join(first) == " ".join(ROWS[0][: len(columns)])


def test_a_name_that_is_longer_than_a_line_is_broken() -> None:
    printer, shown = on_terminal(10)
    printer.named_table(("study", "state"), [row[:2] for row in ROWS])
    assert shown.getvalue().split() == ["study", "flood-of-t", "he-thur", "net1"]


def test_without_a_terminal_tables_have_all_columns() -> None:
    out = io.StringIO()
    printer = Printer(out, io.StringIO())
    columns = [f"parameter-{number}" for number in range(2000)]
    assert printer.named_table(columns, [["0.123456"] * len(columns)]) == 0
    head, row = out.getvalue().splitlines()
    assert head.split() == columns
    assert row.split() == ["0.123456"] * len(columns)


def test_without_a_terminal_numbers_end_below_each_other() -> None:
    """Wide letters have room for two, and no line ends in blanks."""
    out = io.StringIO()
    printer = Printer(out, io.StringIO())
    rows = [("河", 12, "a\nb"), ("Thur", 1200, "")]
    printer.table(("river", number_column("runs"), "notes"), rows)
    assert out.getvalue() == ("river  runs  notes\n河       12  a\n             b\nThur   1200\n")


def test_data_is_printed_as_it_is() -> None:
    """Programs get the tabs and control characters of a text, and so the command of a study."""
    out = io.StringIO()
    printer = Printer(out, io.StringIO())
    printer.data("a\tb\x07d\re [bold]")
    printer.facts([("Command", "printf 'a\tb'\nls"), ("Retries", "2")])
    assert out.getvalue() == (
        "a\tb\x07d\re [bold]\nCommand  printf 'a\tb'\n         ls\nRetries  2\n"
    )


def test_what_an_encoding_cannot_write_becomes_a_question_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, "ascii"))
    Printer.standard().data("Größe")
    assert written.getvalue() == b"Gr??e\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_json_loses_no_letter_whatever_the_locale(encoding: str) -> None:
    """What reads it takes it for UTF-8, of which ASCII is a part."""
    written = io.BytesIO()
    out = io.TextIOWrapper(written, encoding=encoding, errors="replace")
    Printer(out, io.StringIO()).json({"ä": "€ 𝄞"})
    out.flush()
    assert json.loads(written.getvalue().decode()) == {"ä": "€ 𝄞"}
