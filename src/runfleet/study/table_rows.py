"""The rows of tables: commas, semicolons, tabs or blanks separate their cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

COMMENT = "#"
"""What comments begin with."""

_DELIMITERS = ",;\t"
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_NUMBER = re.compile(r"[+-]?\d+(,\d+([eEdD][+-]?\d+)?)?")


def rows_of(lines: Iterable[str]) -> Iterator[list[str]]:
    """Split lines into cells; the first of them tells what separates these."""
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        return
    every = chain([first], rest)
    delimiter = delimiter_of(first)
    if delimiter:
        yield from csv.reader(every, delimiter=delimiter, skipinitialspace=True)
    else:
        yield from (line.split() for line in every)


def delimiter_of(line: str) -> str | None:
    """
    Tell what separates the cells of a line; None for blanks.

    Where something else does, commas between digits are decimal ones: a part of a number must not
    be taken for the whole.
    """
    has_others = any(mark in line.strip() for mark in ";\t") or _has_blanks(line)
    plain = _DECIMAL_COMMA.sub(".", line) if has_others else line
    delimiter = max(_DELIMITERS, key=plain.count)
    return delimiter if delimiter in plain else None


def _has_blanks(line: str) -> bool:
    """Tell whether a line has several numbers, and blanks separate them."""
    words = line.split()
    return len(words) > 1 and all(map(_NUMBER.fullmatch, words))


def has_decimal_comma(cell: str) -> bool:
    """Tell whether a cell would be a number if it had a point."""
    return "," in cell and _NUMBER.fullmatch(cell) is not None


def names_in(line: str) -> list[str]:
    """Split a line of names."""
    return plain_names(next(rows_of([line]), []))


def plain_names(cells: Iterable[str]) -> list[str]:
    """Leave out what stands around names."""
    return [cell.strip().strip('"') for cell in cells]


def is_comment(line: str) -> bool:
    """Tell whether a line is a comment."""
    return line.lstrip().startswith(COMMENT)
