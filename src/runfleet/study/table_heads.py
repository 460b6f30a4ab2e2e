"""Where in the file of a table the names of its columns stand: titles may be above them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runfleet.study.table_columns import is_date, names_above, whole_cells
from runfleet.study.table_rows import COMMENT, has_decimal_comma, is_comment, names_in, rows_of
from runfleet.study.unit_lines import is_about_columns, is_number

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")

# What programs write in place of a number; `Na` is sodium.
_NO_NUMBER = re.compile(
    r"""
      \(? [+-]? (?i: nan | inf | infinity ) (?: \(\w*\) )? \)?
    | [+-]? \d\.\#\w+
    | \*+
    | NA | (?i: n/a | none | null )
    """,
    re.VERBOSE,
)


def find_names(column: str, head: Sequence[str]) -> tuple[int, str] | None:
    """
    Find the line of names that has a column.

    Parameters
    ----------
    column
        Its name.
    head
        The first lines of the file.

    Returns
    -------
    number, names
        The number of the line, from 0, and the names in it, without the `#` of a comment. None if
        no line above the numbers has it.
    """
    found = None
    for number, line in enumerate(head):
        names = _names_with(column, head, number)
        if names is not None:
            # A title may have the word that the names below it have, too.
            found = number, names
        elif found and not _may_stand_above_names(line, names_in(found[1])):
            return found
        elif not found and _are_numbers(head[number : number + 2]):
            return None
    return found


def guess_names(head: Sequence[str]) -> int:
    """Tell the number of the line above the numbers; of the first that is no comment if unsure."""
    first = _first_of_table(head)
    rows = [names_in(line) for line in head]
    top = next((number for number, row in enumerate(rows) if _is_of_numbers(row)), 0)
    above = top - 1
    while above > first and is_about_columns(rows[above], rows[top]):
        above -= 1
    are_names = above > first and len(rows[above]) == len(rows[top]) and _is_text(rows[above])
    return above if are_names else first


def is_heading(row: Sequence[str], below: Sequence[str], *, has_blanks: bool) -> bool:
    """
    Tell whether the first row of a table is the names of its columns.

    A row with a number, or with what stands in place of one, is data whichever column is asked
    for: its numbers would be missed, and nobody told.

    Parameters
    ----------
    row
        Its cells.
    below
        The next row that has a number.
    has_blanks
        Whether blanks separate the cells: then a name such as `Zone 1` is two of them.
    """
    cells = whole_cells(row)
    if not cells or is_date(cells[0]) or any(map(_NO_NUMBER.fullmatch, cells)):
        return False
    if any(map(_is_numeric, cells)):
        return has_blanks and _are_parts_of_names(cells, whole_cells(below))
    return any(map(_LETTER.search, cells))


def _is_numeric(cell: str) -> bool:
    return is_number(cell) or has_decimal_comma(cell)


def _are_parts_of_names(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Tell whether there are not as many cells as below, and words stand above numbers there."""
    return len(cells) != len(below) and any(
        _LETTER.search(cell) and not is_number(cell) and _is_numeric(number)
        for cell, number in zip(cells, below, strict=False)
    )


def _names_with(column: str, head: Sequence[str], number: int) -> str | None:
    """Read a line as names, of which one is the column; numpy writes them behind a `#`."""
    line = head[number]
    if is_comment(line):
        below = _next_row(head[number + 1 :])
        readings = (line.strip(f"{COMMENT} "), line)
        return next((one for one in readings if _has(column, one, below)), None)
    names = names_in(line)
    # Else a row of data might have a text that is called as the column.
    is_of_names = number <= _first_of_table(head) or _is_text(names)
    return line if column in names and is_of_names else None


def _has(column: str, names: str, below: str | None) -> bool:
    """Tell whether names that are a comment have the column, and the row below them, too."""
    cells = names_in(names)
    if column not in cells or below is None:
        return column in cells
    *_, row = rows_of([names, below])
    names_there = names_above(row, cells)
    return column in names_there and len(row) > names_there.index(column)


def _next_row(lines: Iterable[str]) -> str | None:
    return next((line for line in lines if not is_about_columns(names_in(line))), None)


def _first_of_table(head: Sequence[str]) -> int:
    return next((number for number, line in enumerate(head) if not is_comment(line)), len(head))


def _may_stand_above_names(line: str, names: Sequence[str]) -> bool:
    """Whether a line below names is no row of theirs, so that they may be those of a title."""
    cells = names_in(line)
    return is_about_columns(cells) or (len(cells) != len(names) and _is_text(cells))


def _are_numbers(lines: Sequence[str]) -> bool:
    """Whether two lines are rows of a table's numbers; a title has one line with a number."""
    rows = [names_in(line) for line in lines]
    return len(rows) > 1 and len(rows[0]) == len(rows[1]) and all(map(_is_of_numbers, rows))


def _is_text(row: Sequence[str]) -> bool:
    return not any(map(is_number, row))


def _is_of_numbers(row: Sequence[str]) -> bool:
    """Whether all cells are numbers, but for one, as a date, that has digits; `area` has none."""
    others = [cell for cell in row if not is_number(cell)]
    return len(others) < min(2, len(row)) and all(map(_DIGIT.search, others))
