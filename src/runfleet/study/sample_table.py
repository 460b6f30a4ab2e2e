"""Samples in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from runfleet.documents.errors import InvalidValueError, suggest
from runfleet.study.errors import StudyError
from runfleet.study.values import Value, parse_cell

_Line: TypeAlias = tuple[int, list[str]]


@dataclass(frozen=True)
class SampleTable:
    """
    A CSV file with a row for each run and a column for each parameter.

    Parameters
    ----------
    file
        Where it is.
    shown
        The same as the user spelled it, for messages.
    header
        The names of its columns.
    """

    file: Path
    shown: Path
    header: tuple[str, ...]

    @classmethod
    def open(cls, file: Path, *, shown: Path) -> SampleTable:
        """
        Read the names of the columns.

        Raises
        ------
        StudyError
            If the file has no header, or the same column twice.
        """
        for _, cells in _lines(file, shown):
            header = tuple(cell.strip() for cell in cells)
            _check_header(shown, header)
            return cls(file, shown, header)
        raise StudyError("the file is empty", file=shown, hint="begin with a line of column names")

    def rows(
        self, columns: Sequence[str], indices: Iterable[int] | None = None
    ) -> Iterator[tuple[int, tuple[Value, ...]]]:
        """
        Read the rows one by one.

        Parameters
        ----------
        columns
            The columns to read, in this order.
        indices
            Which rows: their indices count from 0 and rise; all if None.

        Yields
        ------
        tuple
            The row's line in the file, and its values.

        Raises
        ------
        StudyError
            If a column is not there, or a row has too few or too many cells or an empty one.
        """
        positions = [self._position(column) for column in columns]
        lines = _lines(self.file, self.shown)
        next(lines)
        for line, cells in lines if indices is None else _at(indices, lines):
            if len(cells) != len(self.header):
                raise self._wrong_length(line, cells)
            yield line, tuple([self._value(line, cells, position) for position in positions])

    def _position(self, column: str) -> int:
        if column in self.header:
            return self.header.index(column)
        raise StudyError(
            f"there is no column `{column}`",
            file=self.shown,
            line=1,
            hint=suggest(column, self.header, "the columns are"),
        )

    def _value(self, line: int, cells: list[str], position: int) -> Value:
        try:
            return parse_cell(cells[position])
        except InvalidValueError as invalid:
            what = f"column `{self.header[position]}`: {invalid.message}"
            raise StudyError(what, file=self.shown, line=line, hint=invalid.hint) from invalid

    def _wrong_length(self, line: int, cells: list[str]) -> StudyError:
        return StudyError(
            f"the header has {len(self.header)} cells, and the row {len(cells)}",
            file=self.shown,
            line=line,
            hint="separate cells by commas, and put a text that holds one in double quotes",
        )


def _at(indices: Iterable[int], lines: Iterator[_Line]) -> Iterator[_Line]:
    passed = 0
    for index in indices:
        yield from islice(lines, index - passed, index - passed + 1)
        passed = index + 1


def _lines(file: Path, shown: Path) -> Iterator[_Line]:
    """Read rows with the line each begins on, leaving out blank ones."""
    line = 1
    try:
        # utf-8-sig, as spreadsheets write a byte order mark.
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield line, cells
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise _unreadable("it is not UTF-8", shown, _line_that_is_not_utf8(file)) from error
    except csv.Error as error:
        raise _unreadable(str(error), shown, line) from error
    except OSError as error:
        raise _unreadable(error.strerror or "", shown, None) from error


def _line_that_is_not_utf8(file: Path) -> int | None:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _unreadable(reason: str, shown: Path, line: int | None) -> StudyError:
    return StudyError(
        f"this cannot be read as a CSV file: {reason}",
        file=shown,
        line=line,
        hint="save it as CSV, separated by commas, in UTF-8",
    )


def _check_header(file: Path, header: tuple[str, ...]) -> None:
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise StudyError(
            f"the column `{twice}` stands there twice",
            file=file,
            line=1,
            hint="rename or remove one of them",
        )
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise StudyError(
            "the cells are not separated by commas", file=file, line=1, hint="save with commas"
        )
