"""
Tables in the output files of models: commas, semicolons, tabs or blanks separate their cells.

Models write more than names and numbers: comments above them, which begin with `#`, and units and
dashes between them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice

from runfleet.documents.errors import listed, nearest
from runfleet.study.errors import ResultError
from runfleet.study.numerals import as_number

_COMMENT = "#"
_MOST_NAMES = 20
_MOST_UNIT_LINES = 2
_RULE = re.compile(r"[-=_+|\s]*[-=_]{2}[-=_+|\s]*")
# In brackets, of several parts, or one that is often met; or a format of gauges' files, as `15n`.
# What else is no number may stand for a missing one, and is told.
_UNIT = re.compile(
    r"""
      \(.*\) | \[.*\] | -{2,} | ={2,} | \d{1,3}[snd]
    | (?!n/a|N/A) [A-Za-zµ]{1,4}[-\d]{0,2} (?:[/*·^][A-Za-z\d]{1,4}[-\d]{0,2})+
    | [smhd] | min | hr | hours? | days? | yr | years? | Hz
    | [kcmµu]?m[23]? | km2 | ha | ft[23]? | in | t | l | ml | [mkµ]?g | ppm | m?mol
    | cfs | gpm | psi | [kMh]?Pa | m?bar | [kM]?[WJ] | % | °[CF]? | deg[CFK]? | [CFK]
    """,
    re.VERBOSE,
)


def column_numbers(text: str, column: str | int) -> Iterator[float]:
    """
    Find the numbers of a column, given by its name or its number from 1.

    Raises
    ------
    ResultError
        If there is no such column, or something else than a number in it.
    """
    lines = (line for line in text.splitlines() if line.strip())
    comment, first = "", next(lines, "")
    while first.lstrip().startswith(_COMMENT):
        comment, first = first, next(lines, "")
    rows = _rows(first, lines)
    if isinstance(column, int):
        position = column - 1
        rows = _without_names(rows, position)
    else:
        names, rows = _part_names(column, rows, comment)
        position = _position(column, names)
    return _numbers(_without_units(rows), position)


def _rows(first: str, rest: Iterator[str]) -> Iterator[list[str]]:
    if not first:
        return
    every = chain([first], rest)
    delimiter = max(",;\t", key=first.count)
    if first.count(delimiter):
        yield from csv.reader(every, delimiter=delimiter, skipinitialspace=True)
    else:
        yield from (line.split() for line in every)


def _part_names(
    column: str, rows: Iterator[list[str]], comment: str
) -> tuple[list[str], Iterator[list[str]]]:
    """Part the names from the rows; they may stand in the comment above, as numpy writes them."""
    first = next(rows, [])
    names = _names(first)
    for line in (comment.strip(f"{_COMMENT} "), comment):
        commented = _names(next(_rows(line, iter(())), []))
        if column in commented and column not in names:
            return commented, chain([first] if first else [], rows)
    return names, rows


def _names(cells: list[str]) -> list[str]:
    return [name.strip().strip('"') for name in cells]


def _position(column: str, names: list[str]) -> int:
    if not names:
        raise ResultError("the file is empty")
    if names.count(column) > 1:
        places = listed(str(place) for place, name in enumerate(names, 1) if name == column)
        raise ResultError(f"the file has several columns `{column}`: give the number, {places}")
    if column in names:
        return names.index(column)
    meant = nearest(column, names)
    known = (
        f"did you mean `{meant}`?" if meant else f"the columns are {listed(names[:_MOST_NAMES])}"
    )
    raise ResultError(f"the file has no column `{column}`; {known}")


def _without_names(rows: Iterator[list[str]], position: int) -> Iterator[list[str]]:
    first = next(rows, None)
    if first is None:
        return
    if len(first) > position and _is_number(first[position]):
        yield first
    yield from rows


def _without_units(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Pass over what stands below the names and is no data, unless nothing follows it."""
    top = list(islice(rows, _MOST_UNIT_LINES + 1))
    while len(top) > 1 and _is_about_columns(top[0]):
        del top[0]
    return chain(top, rows)


def _is_about_columns(row: list[str]) -> bool:
    """Whether a row is a comment, a rule, or has a unit in each of its cells that are not empty."""
    if row[0].startswith(_COMMENT) or _RULE.fullmatch(" ".join(row)):
        return True
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(map(_UNIT.fullmatch, cells))


def _is_number(cell: str) -> bool:
    try:
        as_number(cell)
    except ResultError:
        return False
    return True


def _numbers(rows: Iterator[list[str]], position: int) -> Iterator[float]:
    for row in rows:
        if position >= len(row):
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            raise ResultError(f"a row has {cells} only")
        yield as_number(row[position])
