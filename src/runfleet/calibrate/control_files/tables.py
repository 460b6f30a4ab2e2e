"""The tables of a control file: rows of columns, in its sections or in files of their own."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runfleet.calibrate.control_files.found_files import as_posix, find_file
from runfleet.calibrate.control_files.problems import ControlError, Place
from runfleet.calibrate.control_files.sections import Row, Section
from runfleet.calibrate.fortran_numbers import as_number
from runfleet.documents.errors import listed
from runfleet.study.text_files import read_text


@dataclass(frozen=True, slots=True)
class TableShape:
    """
    What a table should look like.

    Parameters
    ----------
    noun
        What one row is about, with its article.
    columns
        The names of its columns, in the order in which they stand in a section.
    needed
        How many of them, from the left, have to be there.
    aliases
        Other names that columns may have in a file of their own.
    needed_in_section
        How many have to be there in a section, if that is more.
    """

    noun: str
    columns: tuple[str, ...]
    needed: int
    aliases: Mapping[str, str]
    needed_in_section: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """
    One row of a table.

    Parameters
    ----------
    cells
        Its values by column.
    place
        Where it stands.
    """

    cells: Mapping[str, str]
    place: Place

    def name(self, column: str) -> str:
        """Read a name, which counts in any case and so is in small letters."""
        return self.cells[column].lower()

    def number(self, column: str, otherwise: float | None = None) -> float:
        """
        Read a number, as Fortran may have written it.

        Raises
        ------
        ControlError
            If it is none.
        """
        text = self.cells.get(column, "")
        if not text and otherwise is not None:
            return otherwise
        return read_number(text, column, self.place)


def read_number(text: str, column: str, place: Place) -> float:
    """
    Read a number, as Fortran may have written it.

    Raises
    ------
    ControlError
        If it is none.
    """
    number = as_number(text)
    if number is None:
        what = f"`{text[:40]}` is no number, but should be `{column.upper()}`"
        raise ControlError.at(place, what, "write a number there; are the columns in order?")
    if not math.isfinite(number):
        what = f"`{text[:40]}`, the `{column.upper()}`, is too large for a number of a computer"
        raise ControlError.at(place, what, "write a smaller number")
    return number


def read_whole_number(text: str, column: str, place: Place) -> int:
    """
    Read a whole number.

    Raises
    ------
    ControlError
        If it is none.
    """
    if not re.fullmatch(r"[+-]?\d{1,9}", text):
        what = f"`{text[:40]}` is no whole number, but should be `{column.upper()}`"
        raise ControlError.at(place, what, "write a whole number there; are the lines in order?")
    return int(text)


def read_records(section: Section | None, shape: TableShape, folder: Path) -> Iterator[Record]:
    """
    Read the rows of a table, wherever they are.

    Parameters
    ----------
    section
        The section of the control file; None if there is none.
    shape
        What the table should look like.
    folder
        Where files that the section names are.

    Raises
    ------
    ControlError
        If a row or a file does not look like that.
    """
    if section is None:
        return
    for row in section.rows:
        if section.is_external:
            yield from _read_file(row, shape, folder)
        else:
            yield _record(row, shape)


def external_files(sections: Iterable[Section], folder: Path) -> Iterator[Path]:
    """Find the files that sections have their tables in, as absolute paths."""
    rows = (row for section in sections if section.is_external for row in section.rows)
    for row in rows:
        if path := find_file(folder, row.words[0]):
            yield path.absolute()


def _record(row: Row, shape: TableShape) -> Record:
    cells = row.words
    needed = max(shape.needed, shape.needed_in_section)
    if len(cells) < needed:
        wanted = " ".join(shape.columns[:needed]).upper()
        what = f"{shape.noun} has {needed} columns, and here are {len(cells)}"
        raise ControlError.at(row.place, what, f"write {wanted}")
    return Record(dict(zip(shape.columns, cells, strict=False)), row.place)


def _read_file(row: Row, shape: TableShape, folder: Path) -> Iterator[Record]:
    spelled, *rest = row.words
    if len(rest) % 2:
        what = "the name of the table is not followed by pairs of an option and its value"
        raise ControlError.at(row.place, what, "write it as in `parameters.csv sep ,`")
    path = find_file(folder, spelled)
    if path is None:
        what = f"there is no table `{spelled}` beside the control file"
        raise ControlError.at(row.place, what, "make it, or mend its name")
    pairs = zip(rest[::2], rest[1::2], strict=True)
    options = {name.lower(): value for name, value in pairs}
    if not options.get("sep", ","):
        what = "the separator of the table is empty"
        raise ControlError.at(row.place, what, "write `sep w` where columns are set off by blanks")
    shown = row.place.file.parent / as_posix(spelled)
    yield from _read_rows(path, shown, shape, options)


def _read_rows(
    path: Path, shown: Path, shape: TableShape, options: Mapping[str, str]
) -> Iterator[Record]:
    hint = "save it as text, with a line of column names and columns set off by commas"
    text, _ = read_text(path, shown=shown, what="the table", otherwise=hint)
    missing = options.get("missing_values", "")
    columns: Sequence[str] | None = None
    for place, cells in _split(text, options.get("sep", ",").lower(), shown):
        if columns is None:
            columns = _columns(cells, shape, place)
        elif len(cells) != len(columns):
            what = f"the table has {len(columns)} columns, and this line {len(cells)}"
            raise ControlError.at(place, what, "mend the line; is the separator the right one?")
        else:
            kept = {k: "" if v == missing else v for k, v in zip(columns, cells, strict=True)}
            yield Record(kept, place)


def _split(text: str, separator: str, shown: Path) -> Iterator[tuple[Place, list[str]]]:
    lines = text.rstrip("\r\n\x1a").split("\n")  # what old editors of DOS end a file with, too
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = Place(shown, number)
            cells = line.split() if separator == "w" else _cells(line, separator[0], place)
            yield place, [cell.strip() for cell in cells]


def _cells(line: str, separator: str, place: Place) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error as error:
        what = f"the line has no columns: {error}"
        hint = "save the table with an end of each line, and columns set off by commas"
        raise ControlError.at(place, what, hint) from error


def _columns(cells: Sequence[str], shape: TableShape, place: Place) -> list[str]:
    names = [shape.aliases.get(cell.lower(), cell.lower()) for cell in cells]
    missing = [name for name in shape.columns[: shape.needed] if name not in names]
    if missing:
        what = f"the table has no column {listed(missing)}"
        raise ControlError.at(place, what, "the first line of a table has the names of its columns")
    return names
