"""
Which cell of a row stands below which name.

What separates cells may also stand in one, or one may be empty where blanks separate them. Rather
than take a number of another column, a row is refused that does not go with the names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from runfleet.study.errors import ResultError
from runfleet.study.table_rows import COMMENT
from runfleet.study.unit_lines import without_units

_BY_NUMBER = "; where every row has as many, give the column by its number"
_SHOWN_CHARACTERS = 40
_DATE = re.compile(r"\d{1,4}([-/.])(\d{1,2}|[A-Za-z]{3,9})\1\d{1,4}|\d{8}")
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d*)?)?(Z|[-+]\d{2}:?\d{2})?")


def is_date(cell: str) -> bool:
    """Tell whether a cell is a date, or begins with one."""
    return _DATE.match(cell) is not None


def names_above(row: Sequence[str], names: list[str]) -> list[str]:
    """Choose what of a line are names by the first row below it: units may stand beside them."""
    plain = without_units(names)
    cells = whole_cells(row)
    return plain if len(plain) == len(cells) != len(names) else names


def cells_below(
    names: Sequence[str], row: list[str], *, may_be_short: bool, taken: int | None = None
) -> list[str]:
    """
    Find the cells of a row that stand below the names.

    Parameters
    ----------
    names, row
        The names, and the cells of the row.
    may_be_short
        Whether cells that a row lacks are its last ones.
    taken
        The position of the cell that is asked for, if rows above this one go with the names.

    Raises
    ------
    ResultError
        If nobody can tell.
    """
    if len(row) == len(names):
        return row
    cells = whole_cells(row)
    if not cells:
        raise ResultError(
            f"a row below the names is a comment, `{_shown(row)}`; give a `pattern` in place of "
            "`column`"
        )
    is_short = len(cells) < len(names)
    if (is_short and not may_be_short) or any(cells[len(names) :]):
        counted = "1 cell" if len(row) == 1 else f"{len(row)} cells"
        way_on = _BY_NUMBER if taken is None or may_be_short else _by_pattern(names, row, taken)
        raise ResultError(f"a row has {counted} below {len(names)} names{way_on}")
    return cells


def whole_cells(row: Sequence[str]) -> list[str]:
    """Leave out a comment at the end of a row, and put together its dates and times."""
    cells: list[str] = []
    for cell in takewhile(lambda cell: not cell.startswith(COMMENT), map(str.strip, row)):
        if cells and _DATE.fullmatch(cells[-1]) and _TIME.fullmatch(cell):
            cells[-1] += f" {cell}"
        else:
            cells.append(cell)
    return cells


def _by_pattern(names: Sequence[str], row: Sequence[str], taken: int) -> str:
    """Say how to take the cells of rows that begin with a number, and of no others."""
    cells = [r"\d\S*", *[r"\S+"] * (len(names) - 1)]
    cells[taken] = r"([-+]?\.?\d\S*)"
    return (
        f": `{_shown(row)}`; if the table ends above it, give "
        f"`pattern: '^ *{' +'.join(cells)} *$'` in place of `column`"
    )


def _shown(row: Sequence[str]) -> str:
    return " ".join(row)[:_SHOWN_CHARACTERS]
