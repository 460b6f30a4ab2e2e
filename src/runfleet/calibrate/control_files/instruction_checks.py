"""Whether instruction files agree with the observations of a control file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import as_posix, find_file
from runfleet.calibrate.control_files.instructions import Reading, read_instructions
from runfleet.calibrate.control_files.problems import Place, Problem
from runfleet.calibrate.control_files.suggestions import Suggestions
from runfleet.study.errors import StudyError
from runfleet.study.text_files import read_text

_NO_TEXT = "save the instruction file as text"
_UNKNOWN_HINT = "add it to `* observation data`, or read it as `dum`"


def check_instructions(control: Control, *, is_pestpp: bool) -> Iterator[Problem]:
    """Find instructions that PEST cannot follow, and observations not read exactly once."""
    known = {observation.name: None for observation in control.observations}
    suggestions = Suggestions(known, "the control file has", _UNKNOWN_HINT)
    read: dict[str, Place] = {}
    all_read = True
    for pair in control.instructions:
        path = find_file(control.folder, pair.pest_file)
        if path is None:  # which is said elsewhere
            all_read = False
            continue
        try:
            for reading in _read(
                path, control.folder / as_posix(pair.pest_file), is_pestpp=is_pestpp
            ):
                yield from _check_reading(reading, known, read, suggestions)
        except StudyError as error:
            yield Problem(error.file, error.line, error.what, error.hint or _NO_TEXT)
            all_read = False
    if all_read:
        yield from _unread(control, read)


def _read(path: Path, shown: Path, *, is_pestpp: bool) -> Iterator[Reading]:
    text, _ = read_text(path, shown=shown, what="the instruction file", otherwise=_NO_TEXT)
    return read_instructions(shown, text, is_pestpp=is_pestpp)


def _check_reading(
    reading: Reading, known: Collection[str], read: dict[str, Place], suggestions: Suggestions
) -> Iterator[Problem]:
    if reading.name not in known:
        what = f"`{reading.name}` is no observation of the control file"
        yield Problem.at(reading.place, what, suggestions.hint(reading.name))
    elif earlier := read.get(reading.name):
        what = f"`{reading.name}` is read twice, first in {earlier.file.name}:{earlier.line}"
        yield Problem.at(reading.place, what, "read each observation once")
    read.setdefault(reading.name, reading.place)


def _unread(control: Control, read: dict[str, Place]) -> Iterator[Problem]:
    for observation in control.observations:
        if observation.name not in read:
            what = f"observation `{observation.name}` is read by no instruction"
            hint = "add it to an instruction file, or remove it"
            yield Problem.at(observation.place, what, hint)
