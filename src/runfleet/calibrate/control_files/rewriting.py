"""Control files with other options, fewer iterations or other values than the user's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.control_data import NOPTMAX_LINE
from runfleet.calibrate.control_files.pestpp_options import spellings
from runfleet.calibrate.control_files.sections import BLANKS, Section

_INITIAL = re.compile(r"(\s*(?:\S+\s+){3})\S+")
"""A line about a parameter as far as its fourth word, the value that it begins with."""

_OPTION = re.compile(r"\b(\w+)\s*\([^)]*\)")


def can_take_values(control: Control) -> bool:
    """Tell whether a control file has its parameters itself, not in tables of their own."""
    return all(parameter.place.file == control.file for parameter in control.parameters)


def rewritten(
    control: Control,
    options: Mapping[str, str],
    *,
    without: Collection[str] = (),
    noptmax: int,
    values: Mapping[str, str] | None = None,
) -> bytes:
    """
    Write a control file anew.

    Parameters
    ----------
    control
        The control file; what is not about the rest stays as it is.
    options
        Options of PEST++ that win over those it has.
    without
        Options of PEST++ that it shall not have.
    noptmax
        How many iterations there shall be.
    values
        What parameters begin with, by their names in small letters; see `can_take_values`.
    """
    lines = _lines_of(control)
    for parameter in control.parameters if values else ():
        if values and parameter.name in values:
            number = parameter.place.line - 1
            lines[number] = _INITIAL.sub(rf"\g<1>{values[parameter.name]}", lines[number], count=1)
    section = control.sections["control data"]
    if section.is_keyword:
        keywords = {"noptmax": str(noptmax), **options}
        kept = _with_keywords(lines, section, keywords, spellings([*keywords, *without]))
    else:
        number = section.rows[NOPTMAX_LINE].place.line - 1
        lines[number] = re.sub(r"\S+", str(noptmax), lines[number], count=1)
        kept = _with_options(lines, options, spellings([*options, *without]))
    return ("\r\n".join(kept) + "\r\n").encode("utf-8", errors="surrogateescape")


def _lines_of(control: Control) -> list[str]:
    """Read the lines as they are counted; Windows reads nothing behind an old end of file."""
    text = control.file.read_bytes().decode("utf-8", errors="surrogateescape")
    return [line.removesuffix("\r") for line in text.rstrip(f"\n{BLANKS}").split("\n")]


def _with_keywords(
    lines: Sequence[str], section: Section, wanted: Mapping[str, str], unwanted: Collection[str]
) -> Iterator[str]:
    """Replace values in the second version, where PEST++ refuses lines that begin with `++`."""
    old = {row.place.line for row in section.rows if row.text.split()[0].lower() in unwanted}
    for number, line in enumerate(lines, start=1):
        if number not in old:
            yield line
        if number == section.place.line:
            yield from (f"{name} {value}" for name, value in wanted.items())


def _with_options(
    lines: Sequence[str], wanted: Mapping[str, str], unwanted: Collection[str]
) -> Iterator[str]:
    """Replace options of PEST++ in the first version, which may share a line with others."""
    for line in lines:
        is_about_options = line.lstrip().startswith("++")
        rest = _OPTION.sub(partial(_unless_among, unwanted), line) if is_about_options else line
        if rest.strip(f"{BLANKS}+") or not is_about_options:
            yield rest
    yield from (f"++{name}({value})" for name, value in wanted.items())


def _unless_among(names: Collection[str], option: re.Match[str]) -> str:
    return "" if option[1].lower() in names else option[0]
