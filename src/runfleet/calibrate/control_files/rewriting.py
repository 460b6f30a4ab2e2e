"""Control files with other options, fewer iterations or other values than the user's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.control_data import NOPTMAX_LINE
from runfleet.calibrate.control_files.sections import Section

_INITIAL = re.compile(r"(\s*(?:\S+\s+){3})\S+")
"""A line about a parameter as far as its fourth word, the value that it begins with."""

_ALIASES = {
    "ies_parameter_ensemble": "ies_par(ameter)?_en(semble)?",
    "ies_observation_ensemble": "ies_obs(ervation)?_en(semble)?",
    "ies_restart_observation_ensemble": "ies_restart_obs(ervation)?_en(semble)?",
    "base_jacobian": "base_jacobian(_filename)?",
}


def can_take_values(control: Control) -> bool:
    """Tell whether a control file has its parameters itself, not in tables of their own."""
    return all(parameter.place.file == control.file for parameter in control.parameters)


def rewritten(
    control: Control,
    options: Mapping[str, str],
    *,
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
        kept = _with_keywords(lines, section, {"noptmax": str(noptmax), **options})
    else:
        number = section.rows[NOPTMAX_LINE].place.line - 1
        lines[number] = re.sub(r"\S+", str(noptmax), lines[number], count=1)
        kept = _with_options(lines, options)
    return ("\r\n".join(kept) + "\r\n").encode("utf-8", errors="surrogateescape")


def _lines_of(control: Control) -> list[str]:
    """Read the lines as they are counted; Windows reads nothing behind an old end of file."""
    text = control.file.read_bytes().decode("utf-8", errors="surrogateescape")
    return [line.removesuffix("\r") for line in text.rstrip("\r\n\x1a").split("\n")]


def _with_keywords(
    lines: Sequence[str], section: Section, wanted: Mapping[str, str]
) -> Iterator[str]:
    """Replace values in the second version, where PEST++ refuses lines that begin with `++`."""
    names = re.compile(_any_of(wanted), re.IGNORECASE)
    old = {row.place.line for row in section.rows if names.fullmatch(row.text.split()[0])}
    for number, line in enumerate(lines, start=1):
        if number not in old:
            yield line
        if number == section.place.line:
            yield from (f"{name} {value}" for name, value in wanted.items())


def _with_options(lines: Sequence[str], wanted: Mapping[str, str]) -> Iterator[str]:
    """Replace options of PEST++ in the first version, which may share a line with others."""
    option = re.compile(rf"\b({_any_of(wanted)})\s*\([^)]*\)", re.IGNORECASE)
    for line in lines:
        is_about_options = line.lstrip().startswith("++")
        rest = option.sub("", line) if is_about_options else line
        if rest.strip(" \t+") or not is_about_options:
            yield rest
    yield from (f"++{name}({value})" for name, value in wanted.items())


def _any_of(names: Mapping[str, str]) -> str:
    """Give an expression for names in all their spellings."""
    return "|".join(_ALIASES.get(name, name) for name in names)
