"""The rows of tables: commas, semicolons, tabs or blanks separate their cells."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

COMMENT = "#"
"""What comments begin with."""

_DELIMITERS = ",;\t"


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
    """Tell what separates the cells of a line; None for blanks."""
    delimiter = max(_DELIMITERS, key=line.count)
    return delimiter if delimiter in line else None


def names_in(line: str) -> list[str]:
    """Split a line of names."""
    return plain_names(next(rows_of([line]), []))


def plain_names(cells: Iterable[str]) -> list[str]:
    """Leave out what stands around names."""
    return [cell.strip().strip('"') for cell in cells]


def is_comment(line: str) -> bool:
    """Tell whether a line is a comment."""
    return line.lstrip().startswith(COMMENT)
