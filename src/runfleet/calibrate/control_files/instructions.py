"""
PEST instruction files: how observations are read from a model's output.

References
----------
Doherty (2018), PEST Model-Independent Parameter Estimation, User Manual Part I, section 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runfleet.calibrate.control_files.problems import ControlError, Place

DUMMY = "dum"
"""The name under which a number is read and forgotten."""

_BLANKS = " \t\r\f\v\x1a"
"""What old editors of DOS end a file with counts as a blank, too."""

_HEADER = re.compile(r"[pj]if\s+(\S+)\s*", re.IGNORECASE)
_HEADER_HINT = "begin the file with `pif` and one marker, as in `pif @`"
_INSTRUCTION = re.compile(
    r"""
      [lL]\d+ | [tT]\d+ | [wW]
    | ! \s* (?P<free> [^!\s]+ ) \s* !
    | \[ \s* (?P<fixed> [^\]\s]+ ) \s* \] (?P<fixed_columns> \d+:\d+ )
    | \( \s* (?P<near> [^)\s]+ ) \s* \) (?P<near_columns> \d+:\d+ )
    """,
    re.VERBOSE,
)
_FORMS = "write `l1`, `w`, `t10`, `!name!`, `[name]1:10`, `(name)1:10` or a text between markers"


@dataclass(frozen=True, slots=True)
class Reading:
    """
    An instruction to read an observation.

    Parameters
    ----------
    name
        The observation, in small letters.
    place
        Where the instruction stands.
    """

    name: str
    place: Place


def read_instructions(file: Path, text: str) -> Iterator[Reading]:
    """
    Find the observations that an instruction file reads, in its order.

    Raises
    ------
    ControlError
        If the first line is not `pif` and a marker, or a line holds no instructions.
    """
    header, *lines = text.split("\n")
    marker = _marker(Place(file, 1), header)
    may_continue = False
    for number, line in enumerate(lines, start=2):
        if kept := line.strip(_BLANKS):
            yield from _readings(kept, marker, Place(file, number), may_continue=may_continue)
            may_continue = True


def _marker(place: Place, header: str) -> str:
    match = _HEADER.fullmatch(header)
    if match is None:
        what = "the first line is not `pif` and one marker"
        raise ControlError.at(place, what, _HEADER_HINT)
    marker = match.group(1)
    if len(marker) != 1 or marker.isalnum() or marker in "![]():&":
        hint = f"{_HEADER_HINT}; a marker is no letter, no digit and none of `! [ ] ( ) : &`"
        raise ControlError.at(place, f"`{marker[:40]}` cannot be a marker", hint)
    return marker


def _readings(line: str, marker: str, place: Place, *, may_continue: bool) -> Iterator[Reading]:
    if line[0] == "&" and may_continue:
        line = line[1:].lstrip()
    elif line[0] not in ("l", "L", marker):
        what = f"the line begins with `{line[:20]}`, so it is not told which line to read"
        hint = f"begin it with `l1` for the next line, or with `{marker}text to look for{marker}`"
        raise ControlError.at(place, what, hint)
    while line:
        name, line = _next(line, marker, place)
        if name is not None and name != DUMMY:
            yield Reading(name, place)


def _next(line: str, marker: str, place: Place) -> tuple[str | None, str]:
    """Take the first instruction off a line: the name that it reads, if any, and the rest."""
    if line[0] == marker:
        _, closed, rest = line[1:].partition(marker)
        if not closed:
            what = f"a text to look for is not closed by a second `{marker}`"
            raise ControlError.at(
                place, what, "close it, or choose another marker in the first line"
            )
        return None, rest.lstrip()
    match = _INSTRUCTION.match(line)
    if match is None:
        raise ControlError.at(place, f"`{line[:20]}` is no instruction", _FORMS)
    _check_columns(match["fixed_columns"] or match["near_columns"], place)
    name = match["free"] or match["fixed"] or match["near"]
    return name.lower() if name else None, line[match.end() :].lstrip()


def _check_columns(columns: str | None, place: Place) -> None:
    first, last = (int(number) for number in (columns or "1:1").split(":"))
    if not 1 <= first <= last:
        what = f"there are no columns `{columns}`"
        raise ControlError.at(place, what, "write the first and the last column, counted from 1")
