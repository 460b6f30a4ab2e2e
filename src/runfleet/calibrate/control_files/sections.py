"""
The text of a PEST control file: sections of numbered rows.

References
----------
Doherty (2018), PEST Model-Independent Parameter Estimation, User Manual Part I, chapter 4; White et
al. (2020), PEST++ Version 5, USGS Techniques and Methods 7C26, sections 4.6 and 4.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runfleet.calibrate.control_files.found_files import words
from runfleet.calibrate.control_files.problems import ControlError, Place
from runfleet.nearest_word import nearest

_REQUIRED = ("control data", "parameter data", "observation data", "model command line")
_FILES = "model input/output"
_KNOWN = {
    *_REQUIRED,
    _FILES,
    "automatic user intervention",
    "derivatives command line",
    "lsqr",
    "model input",
    "model output",
    "observation groups",
    "parameter groups",
    "pareto",
    "predictive analysis",
    "prior information",
    "regularisation",
    "sensitivity reuse",
    "singular value decomposition",
    "svd assist",
    "tied parameters data",
}
_COMMENT = re.compile(r"(^|\s|(?<=\+\+))#.*")
BLANKS = " \t\r\f\v\x1a"
"""What old editors of DOS end a file with counts as a blank, too."""

_OPTION = re.compile(r"\s*([A-Za-z_]\w*)\s*\(([^()]*)\)")
_OPTION_HINT = "write each option as `++name(value)`"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of a section, without its comment.

    Parameters
    ----------
    text
        The line.
    place
        Where it stands.
    """

    text: str
    place: Place

    @property
    def words(self) -> list[str]:
        """What stands between its blanks."""
        return words(self.text)

    @property
    def values(self) -> list[str]:
        """The words and numbers that PEST reads; it takes a comma for a blank."""
        return self.text.replace(",", " ").split()


@dataclass(slots=True)
class Section:
    """
    A part of a control file, from one line with a star to the next.

    Parameters
    ----------
    name
        What follows the star, in small letters, without `external` and `keyword`.
    place
        Where the star stands.
    is_external
        Whether its rows name tables in files of their own.
    is_keyword
        Whether its rows are names with values.
    rows
        What it holds.
    heading
        The line with the star, as it is written.
    """

    name: str
    place: Place
    is_external: bool = False
    is_keyword: bool = False
    rows: list[Row] = field(default_factory=list)
    heading: str = ""


@dataclass(frozen=True, slots=True)
class ControlText:
    """
    A control file, cut into its parts.

    Parameters
    ----------
    sections
        By name.
    options
        What PEST++ is told in lines that begin with `++`; names in small letters.
    option_places
        Where each of them stands.
    """

    sections: dict[str, Section]
    options: dict[str, str]
    option_places: dict[str, Place]

    def rows(self, name: str) -> list[Row]:
        """List the rows of a section; none if there is no such section."""
        section = self.sections.get(name)
        return section.rows if section else []


def split_control(file: Path, text: str) -> ControlText:
    """
    Cut the text of a control file into its sections.

    Raises
    ------
    ControlError
        If it does not begin with `pcf`, if a section is unknown, there twice or missing, or if an
        option of PEST++ is not closed.
    """
    rows = _rows(file, text)
    _check_beginning(next(rows, None), file)
    parts = ControlText({}, {}, {})
    section: Section | None = None
    for row in rows:
        if row.text.startswith("++"):
            _add_options(parts, row)
        elif row.text.startswith("*"):
            section = _begin_section(parts, row)
        elif section is None:
            what = f"`{row.text[:40]}` stands before the first section"
            raise ControlError.at(row.place, what, "begin the first section: `* control data`")
        else:
            section.rows.append(row)
    _check_complete(parts, file)
    return parts


def _rows(file: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        kept = _COMMENT.sub("", line).strip(BLANKS)
        if kept and kept != "++":
            yield Row(kept, Place(file, number))


def _check_beginning(first: Row | None, file: Path) -> None:
    if first is None:
        raise ControlError("the file is empty", file=file, hint="name PEST's control file")
    if first.text.split()[0].lower() != "pcf":
        what = f"a control file begins with `pcf`, and this one with `{first.text[:20]}`"
        raise ControlError.at(first.place, what, "name PEST's control file, CASE.pst")


def _add_options(parts: ControlText, row: Row) -> None:
    rest = row.text.replace("++", "").strip()
    while rest:
        match = _OPTION.match(rest)
        if match is None:
            raise ControlError.at(row.place, f"`{rest[:40]}` is not an option", _OPTION_HINT)
        name = match.group(1).lower()
        parts.options[name] = match.group(2).strip()
        parts.option_places[name] = row.place
        rest = rest[match.end() :].strip()


def _begin_section(parts: ControlText, row: Row) -> Section:
    name, *marks = re.split(r"\s+(?=(?:external|keyword)\b)", row.text[1:].strip().lower())
    name = " ".join(name.split()).replace("regularization", "regularisation")
    if name not in _KNOWN:
        meant = nearest(name, _KNOWN)
        hint = f"write `* {meant}`" if meant else "remove it, or mend its name"
        raise ControlError.at(row.place, f"`* {name}` is no section that PEST knows", hint)
    if earlier := parts.sections.get(name):
        what = f"the section `* {name}` is there twice, first in line {earlier.place.line}"
        raise ControlError.at(row.place, what, "leave one of them out")
    section = Section(name, row.place, "external" in marks, "keyword" in marks, heading=row.text)
    parts.sections[name] = section
    return section


def _check_complete(parts: ControlText, file: Path) -> None:
    wanted = [*_REQUIRED]
    if _FILES not in parts.sections:
        new_style = {"model input", "model output"} & parts.sections.keys()
        wanted += ["model input", "model output"] if new_style else [_FILES]
    for name in wanted:
        if name not in parts.sections:
            what = f"the section `* {name}` is missing"
            raise ControlError(what, file=file, hint="add it; perhaps the file is cut off")
