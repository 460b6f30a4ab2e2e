"""
PEST instruction files: how observations are read from a model's output.

References
----------
Doherty (2018), PEST Model-Independent Parameter Estimation, User Manual Part I, section 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from runfleet.calibrate.control_files.problems import ControlError, Place
from runfleet.calibrate.control_files.sections import BLANKS

DUMMY = "dum"
"""The name under which a number is read and forgotten."""

_HEADER = re.compile(r"[pj]if\s+(\S+)\s*", re.IGNORECASE)
_HEADER_HINT = "begin the file with `pif` and one marker, as in `pif @`"
_INSTRUCTION = re.compile(
    r"""
      [lL]\d+ | [tT](?P<tab>\d+) | [wW]+
    | ! (?P<free> [^!\s]+ ) !
    | \[ (?P<fixed> [^\]\s]+ ) \] (?P<fixed_columns> \d+:\d+ )
    | \( (?P<near> [^)\s]+ ) \) (?P<near_columns> \d+:\d+ )
    """,
    re.VERBOSE,
)
_BLANKS_INSIDE = re.compile(r"([!\[(])\s*([^!\])\s]+)\s*([!\])])")
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


def read_instructions(file: Path, text: str, *, is_pestpp: bool = False) -> Iterator[Reading]:
    """
    Find the observations that an instruction file reads, in its order.

    Parameters
    ----------
    file
        The instruction file, for messages.
    text
        What it holds.
    is_pestpp
        Whether PEST++ shall follow it, which knows fewer instructions and wants fewer blanks.

    Raises
    ------
    ControlError
        If the first line is not `pif` and a marker, or a line holds no instructions.
    """
    header, *lines = text.split("\n")
    marker = _marker(Place(file, 1), header, is_pestpp=is_pestpp)
    may_continue = False
    for number, line in enumerate(lines, start=2):
        if kept := line.strip(BLANKS):
            place = Place(file, number)
            kept = _begun(kept, marker, place, may_continue=may_continue, is_pestpp=is_pestpp)
            found = [*_instructions(kept, marker, place)]
            (_check_for_pestpp if is_pestpp else _check_for_pest)(found, place)
            names = (match["free"] or match["fixed"] or match["near"] for match in found)
            yield from (Reading(name.lower(), place) for name in names if not _is_dummy(name))
            may_continue = True


def _is_dummy(name: str | None) -> bool:
    return name is None or name.lower() == DUMMY


def _marker(place: Place, header: str, *, is_pestpp: bool) -> str:
    match = _HEADER.fullmatch(header)
    if match is None:
        what = "the first line is not `pif` and one marker"
        raise ControlError.at(place, what, _HEADER_HINT)
    marker = match.group(1)
    if len(marker) != 1 or marker.isalnum() or marker in "![]():&":
        hint = f"{_HEADER_HINT}; a marker is no letter, no digit and none of `! [ ] ( ) : &`"
        raise ControlError.at(place, f"`{marker[:40]}` cannot be a marker", hint)
    if header[3:5] == "  " and not is_pestpp:
        what = "PEST takes the second blank of the first line for the marker"
        raise ControlError.at(place, what, f"write `{header[:3]} {marker}`, with one blank")
    return marker


def _begun(line: str, marker: str, place: Place, *, may_continue: bool, is_pestpp: bool) -> str:
    """Take off what makes a line go on with the one before, if it may."""
    if line[0] in ("l", "L", marker):
        return line
    if line[0] != "&" or not may_continue:
        what = f"the line begins with `{line[:20]}`, so it is not told which line to read"
        hint = f"begin it with `l1` for the next line, or with `{marker}text to look for{marker}`"
        raise ControlError.at(place, what, hint)
    if is_pestpp:
        what = "PEST++ does not know `&`, by which a line goes on with the one before"
        raise ControlError.at(place, what, "write the instructions into one line")
    if line[1:2].strip():
        what = f"there is no blank between `&` and `{line[1:21]}`"
        raise ControlError.at(place, what, "write a blank behind `&`")
    return line[1:].lstrip()


def _instructions(line: str, marker: str, place: Place) -> Iterator[re.Match[str]]:
    """Find the instructions of a line but for the texts between markers."""
    position = 0
    while position < len(line):
        if line[position] == marker:
            position = line.find(marker, position + 1) + 1
            if not position:
                what = f"a text to look for is not closed by a second `{marker}`"
                hint = "close it, or choose another marker in the first line"
                raise ControlError.at(place, what, hint)
        elif line[position].isspace():
            position += 1
        else:
            match = _INSTRUCTION.match(line, position)
            if match is None:
                raise _no_instruction(line[position:], place)
            _check_columns(match["fixed_columns"] or match["near_columns"], place)
            yield match
            position = match.end()


def _no_instruction(rest: str, place: Place) -> ControlError:
    match = _BLANKS_INSIDE.match(rest)
    joined = "".join(match.groups()) if match else rest
    has_blanks = match is not None and joined != match.group()
    hint = f"write `{joined}`, without blanks inside" if has_blanks else _FORMS
    return ControlError.at(place, f"`{rest[:20]}` is no instruction", hint)


def _check_for_pest(found: Sequence[re.Match[str]], place: Place) -> None:
    """PEST wants blanks between instructions, and never goes back in a line."""
    reached = 0
    for match in found:
        line, text = match.string, match.group()
        if line[match.end() : match.end() + 1].strip():
            raise _no_blank_behind(match, place)
        name = match["fixed"] or match["near"]
        if name and _is_dummy(name):
            what = f"`{text}` reads nothing: `{DUMMY}` stands between `!` only"
            raise ControlError.at(place, what, f"remove it, or write `!{DUMMY}!`")
        tab = int(match["tab"] or reached)
        if tab < reached:
            what = f"`{text}` goes back, as `t{reached}` stands before it"
            raise ControlError.at(place, what, "write tabs in rising order")
        reached = 0 if text[0] in "lL" else tab


def _check_for_pestpp(found: Sequence[re.Match[str]], place: Place) -> None:
    """PEST++ has no tabs, and overlooks what is read where that is glued to something else."""
    for match in found:
        if match["tab"]:
            what = f"PEST++ does not know `{match.group()}`, the way to a column"
            hint = "read by columns, as in `[name]1:10`, or go on by `w` or a text to look for"
            raise ControlError.at(place, what, hint)
    for before, after in pairwise(found):
        reads = before["free"] or after["free"] or after["fixed"] or after["near"]
        if reads and before.end() == after.start():
            raise _no_blank_behind(before, place)


def _no_blank_behind(match: re.Match[str], place: Place) -> ControlError:
    what = f"there is no blank behind `{match.group()}`"
    return ControlError.at(place, what, "set instructions off by blanks")


def _check_columns(columns: str | None, place: Place) -> None:
    first, last = (int(number) for number in (columns or "1:1").split(":"))
    if not 1 <= first <= last:
        what = f"there are no columns `{columns}`"
        raise ControlError.at(place, what, "write the first and the last column, counted from 1")
