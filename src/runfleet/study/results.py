"""A number taken from an output file of a run."""

from __future__ import annotations

import csv
import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

from runfleet.documents.errors import InvalidValueError, suggest
from runfleet.study.errors import ResultError
from runfleet.study.expressions import remedy
from runfleet.study.numerals import as_number
from runfleet.study.tables import column_cells

LARGEST_TEXT = 500_000_000
"""Characters of an output file beyond which no result is looked for in it."""

_BYTE_ORDER_MARK = "\ufeff"
_MOST_NAMES = 20
_SHOWN_CHARACTERS = 40
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+)\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")


class Take(StrEnum):
    """Which number counts where a file holds several."""

    FIRST = "first"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"
    SUM = "sum"


@dataclass(frozen=True)
class PatternSource:
    """
    What the one group of a regular expression matches; `^` and `$` match at each line.

    Lines may end as on Windows: a pattern that fits a model on Linux fits it there, too.

    Parameters
    ----------
    pattern
        The expression, with one group.
    """

    pattern: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PatternSource:
        """
        Compile a regular expression.

        Raises
        ------
        InvalidValueError
            If it is none, or has not exactly one group.
        """
        try:
            pattern = re.compile(text, re.MULTILINE)
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidValueError(
                f"`{text}` is not a regular expression: {error}",
                hint=remedy(str(error)),
            ) from error
        if pattern.groups != 1:
            raise InvalidValueError(
                f"the regular expression has {pattern.groups or 'no'} groups, it needs one",
                hint="put the number in brackets, as in `pressure (\\S+)`, and write other "
                "groups as `(?:...)`",
            )
        return cls(pattern)

    def values(self, text: str) -> Iterator[str]:
        """Find what should be numbers in a text."""
        for match in self.pattern.finditer(text.replace("\r\n", "\n")):
            # Where a pattern matches nothing, as `(.*)` does behind the last line, there is none.
            if match.group(1) or (match.group(1) is not None and match.group()):
                yield match.group(1)

    def number(self, value: object) -> float:
        """Read one of its values."""
        return as_number(str(value))

    @property
    def absence(self) -> str:
        """What to say if there is no number."""
        return f"nothing matches `{self.pattern.pattern}`"


@dataclass(frozen=True)
class ColumnSource:
    """
    A column of a table whose cells are separated by commas, semicolons, tabs or blanks.

    Parameters
    ----------
    column
        Its name in the line of names, or its number from 1.
    """

    column: str | int

    def values(self, text: str) -> Iterator[str]:
        """Find what should be numbers in a text."""
        return column_cells(text, self.column)

    def number(self, value: object) -> float:
        """Read one of its values."""
        return as_number(str(value))

    @property
    def absence(self) -> str:
        """What to say if there is no number."""
        return f"column `{self.column}` is empty"


@dataclass(frozen=True)
class JsonSource:
    """
    The number, or the list of numbers, that a path such as `a.b[0]` leads to in a JSON file.

    Parameters
    ----------
    path
        As the user wrote it.
    steps
        The names and positions on it.
    """

    path: str
    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, path: str) -> JsonSource:
        """
        Read a path.

        Raises
        ------
        InvalidValueError
            If it is none.
        """
        steps: list[str | int] = []
        rest = path.removeprefix("$")
        while rest:
            match = _STEP.match(rest)
            if match is None:
                raise InvalidValueError(
                    f"`{path}` is not a JSON path", hint="write one like `summary.flow[0]`"
                )
            name, index, *quoted = match.groups()
            steps.append(int(index) if index else name or quoted[0] or quoted[1] or "")
            rest = rest[match.end() :]
        return cls(path, tuple(steps))

    def values(self, text: str) -> Iterator[object]:
        """Find what should be numbers in a text."""
        try:
            found: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ResultError(f"the file is not JSON: {error}") from error
        for step in self.steps:
            found = self._follow(found, step)
        return iter(found if isinstance(found, list) else [found])

    def number(self, value: object) -> float:
        """Read one of its values."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            shown = json.dumps(value)[:_SHOWN_CHARACTERS]
            raise ResultError(f"`{self.path}` is `{shown}`, which is not a number")
        return as_number(value)

    def _follow(self, found: object, step: str | int) -> object:
        if isinstance(found, dict) and str(step) in found:
            return found[str(step)]
        if isinstance(found, list) and isinstance(step, int) and -len(found) <= step < len(found):
            return found[step]
        raise ResultError(f"the file has no `{self.path}`: {_absence(found, step)}")

    @property
    def absence(self) -> str:
        """What to say if there is no number."""
        return f"`{self.path}` is an empty list"


Source: TypeAlias = PatternSource | ColumnSource | JsonSource


@dataclass(frozen=True)
class Result:
    """
    A number that each run is asked for.

    Parameters
    ----------
    name
        Its column in the table of results.
    file
        The output file, relative to the run's folder.
    source
        Where in the file it stands.
    take
        Which number counts where there are several.
    unit
        For people; nothing is converted.
    """

    name: str
    file: str
    source: Source
    take: Take = Take.LAST
    unit: str = ""

    def extract(self, text: str) -> float:
        """
        Take the number from the text of the output file.

        Raises
        ------
        ResultError
            If it is not there or not a finite number; the message is the reason.
        """
        if len(text) > LARGEST_TEXT:
            raise ResultError(f"the file has more than {LARGEST_TEXT:,} characters")
        try:
            number = _REDUCTIONS[self.take](self._numbers(text.removeprefix(_BYTE_ORDER_MARK)))
        except csv.Error as error:
            raise ResultError(f"the file is not a table: {error}") from error
        if number is None:
            raise ResultError(self.source.absence)
        if not math.isfinite(number):
            raise ResultError(f"the result is {number}, not a finite number")
        return number

    def _numbers(self, text: str) -> Iterator[float]:
        """Read what counts: above the last number there may be what is none."""
        values: Iterator[object] = self.source.values(text)
        if self.take is Take.LAST:
            values = iter(deque(values, maxlen=1))
        return map(self.source.number, values)


def _first(numbers: Iterator[float]) -> float | None:
    return next(numbers, None)


def _mean(numbers: Iterator[float]) -> float | None:
    total, how_many = _added(numbers)
    return total / how_many if how_many else None


def _sum(numbers: Iterator[float]) -> float | None:
    total, how_many = _added(numbers)
    return total if how_many else None


def _added(numbers: Iterator[float]) -> tuple[float, int]:
    """Add without errors of rounding, which `sum` makes, and others in each version of Python."""
    values = list(numbers)
    try:
        return math.fsum(values), len(values)
    except OverflowError as error:
        raise ResultError("the numbers are too large to be added") from error


_REDUCTIONS: dict[Take, Callable[[Iterator[float]], float | None]] = {
    Take.FIRST: _first,
    Take.LAST: _first,
    Take.MIN: lambda numbers: min(numbers, default=None),
    Take.MAX: lambda numbers: max(numbers, default=None),
    Take.MEAN: _mean,
    Take.SUM: _sum,
}


def _absence(found: object, step: str | int) -> str:
    """Say what a part of a JSON document has in place of a step that leads nowhere."""
    if isinstance(found, dict):
        names = list(islice(found, _MOST_NAMES))
        if dotted := next((name for name in found if name.startswith(f"{step}.")), None):
            return f'`{step}` is not there; write `["{dotted}"]` for a name with dots'
        return f"`{step}` is not there; {suggest(str(step), names, 'there is')}"
    if isinstance(found, list):
        within = any(isinstance(item, dict) and step in item for item in found[:_MOST_NAMES])
        hint = f"; write `[0].{step}`" if within else ""
        return f"`{step}` is not there, in a list of {len(found)}{hint}"
    return f"`{step}` is not there"
