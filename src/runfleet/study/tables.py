"""
Tables in the output files of models.

Models write more than names and numbers: titles and comments above them, units and dashes between
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, dropwhile, islice

from runfleet.documents.errors import listed, nearest
from runfleet.study.errors import ResultError
from runfleet.study.numerals import as_number
from runfleet.study.table_heads import find_names, guess_names
from runfleet.study.table_rows import is_comment, plain_names, rows_of
from runfleet.study.unit_lines import is_about_columns, is_number

_MOST_NAMES = 20
_MOST_UNIT_LINES = 3
_MOST_HEAD_LINES = 100


def column_numbers(text: str, column: str | int) -> Iterator[float]:
    """
    Find the numbers of a column, given by its name or its number from 1.

    Raises
    ------
    ResultError
        If there is no such column, or something else than a number in it.
    """
    lines = (line for line in text.splitlines() if line.strip())
    if isinstance(column, int):
        position = column - 1
        rows = _without_names(rows_of(dropwhile(is_comment, lines)), position)
    else:
        position, rows = _below_names(column, lines)
    return _numbers(_without_units(rows), position)


def _below_names(column: str, lines: Iterator[str]) -> tuple[int, Iterator[list[str]]]:
    """Find a column by its name: its position, and the rows below the names."""
    head = list(islice(lines, _MOST_HEAD_LINES))
    found = find_names(column, head)
    number = found[0] if found else guess_names(head)
    names = [found[1]] if found else head[number : number + 1]
    rows = rows_of(chain(names, dropwhile(is_comment, chain(head[number + 1 :], lines))))
    return _position(column, plain_names(next(rows, []))), rows


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
    if len(first) > position and is_number(first[position]):
        yield first
    yield from rows


def _without_units(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Pass over what stands below the names and is no data, unless nothing follows it."""
    top = list(islice(rows, _MOST_UNIT_LINES + 1))
    while len(top) > 1 and is_about_columns(top[0], _first_with_number(top[1:])):
        del top[0]
    return chain(top, rows)


def _first_with_number(rows: list[list[str]]) -> list[str]:
    return next((row for row in rows if any(map(is_number, row))), [])


def _numbers(rows: Iterator[list[str]], position: int) -> Iterator[float]:
    for row in rows:
        if position >= len(row):
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            raise ResultError(f"a row has {cells} only")
        yield as_number(row[position])
