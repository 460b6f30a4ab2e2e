"""
Tables in the output files of models.

Models write more than names and numbers: titles and comments above them, units and dashes between
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, dropwhile, islice

from runfleet.documents.errors import listed
from runfleet.nearest_word import nearest
from runfleet.study.errors import ResultError
from runfleet.study.table_columns import cells_below, names_above
from runfleet.study.table_heads import find_names, guess_names, is_heading
from runfleet.study.table_rows import delimiter_of, is_comment, plain_names, rows_of
from runfleet.study.unit_lines import is_about_columns, is_number

_MOST_NAMES = 20
_MOST_UNIT_LINES = 3
_MOST_HEAD_LINES = 100


# Programs of DOS mark the end of a file with Ctrl-Z, and some fill its last record up.
_END_MARKS = "\x1a\0"


def column_cells(text: str, column: str | int) -> Iterator[str]:
    """
    Find the cells of a column, given by its name or its number from 1, that hold its numbers.

    Raises
    ------
    ResultError
        If there is no such column, or a row that lacks it or does not go with the names.
    """
    plain = (line.rstrip(_END_MARKS) for line in text.splitlines())
    lines = (line for line in plain if line.strip())
    if isinstance(column, str):
        return _cells(*_below_names(column, lines))
    position = column - 1
    return _cells(position, _without_units(_without_names(dropwhile(is_comment, lines))))


def _below_names(column: str, lines: Iterator[str]) -> tuple[int, Iterator[list[str]]]:
    """Find a column by its name: its position, and in each row the cells below the names."""
    head = list(islice(lines, _MOST_HEAD_LINES))
    found = find_names(column, head)
    number = found[0] if found else guess_names(head)
    line = [found[1]] if found else head[number : number + 1]
    every = rows_of(chain(line, dropwhile(is_comment, chain(head[number + 1 :], lines))))
    names = plain_names(next(every, []))
    rows = _without_units(every)
    first = list(islice(rows, 1))
    if first:
        names = names_above(first[0], names)
    has_delimiter = delimiter_of("".join(line)) is not None
    position = _position(column, names)
    top = (cells_below(names, row, may_be_short=has_delimiter) for row in first)
    # Where a date and its time are one cell, no pattern is as simple as the names.
    taken = position if first and len(first[0]) == len(names) else None
    rest = (cells_below(names, row, may_be_short=has_delimiter, taken=taken) for row in rows)
    return position, chain(top, rest)


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


def _without_names(lines: Iterator[str]) -> Iterator[list[str]]:
    first = list(islice(lines, 1))
    has_blanks = delimiter_of("".join(first)) is None
    rows = rows_of(chain(first, lines))
    top = list(islice(rows, _MOST_UNIT_LINES + 2))
    if top and is_heading(top[0], _first_with_number(top[1:]), has_blanks=has_blanks):
        del top[0]
    return chain(top, rows)


def _without_units(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Pass over what stands below the names and is no data, unless nothing follows it."""
    top = list(islice(rows, _MOST_UNIT_LINES + 1))
    while len(top) > 1 and is_about_columns(top[0], _first_with_number(top[1:])):
        del top[0]
    return chain(top, rows)


def _first_with_number(rows: list[list[str]]) -> list[str]:
    return next((row for row in rows if any(map(is_number, row))), [])


def _cells(position: int, rows: Iterator[list[str]]) -> Iterator[str]:
    for row in rows:
        if position >= len(row):
            cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
            comment = f", a comment: `{row[0]}`" if row and is_comment(row[0]) else ""
            raise ResultError(f"a row has {cells} only{comment}")
        yield row[position]
