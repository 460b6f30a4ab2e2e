"""Whether files, and the sections of a control file, begin in a way that programs recognise."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.control_files.problems import Problem

_LOOKED_FOR = (
    *("control data", "parameter groups", "parameter data", "observation groups", "observation"),
    *("model command", "model input", "prior information"),
)
"""The beginnings of headings by which PEST finds sections, to the blank."""

_NEEDED = {
    *("control data", "parameter data", "observation data", "model command line"),
    "model input/output",
}
"""Without these PEST++ stops; others it leaves out."""


def check_version(control: Control) -> Iterator[Problem]:
    """Find the first section of the second version, at which PEST stops with a strange reason."""
    for section in control.sections.values():
        if section.is_external or section.is_keyword:
            what = (
                f"`{section.heading}` is of the second version of control files, which BeoPEST "
                "does not read"
            )
            hint = (
                "take a program of PEST++, such as `program: pestpp-glm`, or write the file in "
                "the first version; pyemu does so with `Pst(FILE).write(FILE, version=1)`"
            )
            yield Problem.at(section.place, what, hint)
            return


def check_headings(control: Control, *, is_pestpp: bool) -> Iterator[Problem]:
    """Find headings of sections with more or fewer blanks than the program expects."""
    for section in control.sections.values():
        if section.is_external or section.is_keyword:
            continue
        words = section.heading[1:].split()
        right = " ".join(words)
        if is_pestpp and right != section.heading[1:].strip():
            what = f"PEST++ does not see the section `{section.heading}` for its blanks"
            is_error = section.name in _NEEDED
            yield Problem.at(section.place, what, f"write `* {right}`", is_error=is_error)
        if not is_pestpp and not section.heading.lower().startswith(f"* {_looked_for(right)}"):
            what = f"PEST does not find the section `{section.heading}` for its blanks"
            yield Problem.at(section.place, what, f"write `* {right}`")


def _looked_for(heading: str) -> str:
    lower = heading.lower()
    found = (beginning for beginning in _LOOKED_FOR if lower.startswith(beginning))
    return next(found, lower.split()[0])


def check_first_line(control: Control) -> Iterator[Problem]:
    """Find what stands above `pcf`: PEST++ stops at a comment, and crashes at a blank line."""
    with control.file.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline()
    if first.lower().split()[:1] != ["pcf"]:
        what = "PEST++ looks for `pcf` in the first line alone"
        yield Problem(control.file, 1, what, "move `pcf` up to the first line")


def check_marks(control: Control) -> Iterator[Problem]:
    """Find files that begin with what some editors put before UTF-8, a byte order mark."""
    spelled = dict.fromkeys(pair.pest_file for pair in (*control.templates, *control.instructions))
    for name in (control.file.name, *spelled):
        path = find_file(control.folder, name)
        if path is not None and _has_mark(path):
            what = "the file begins with a byte order mark, at which PEST stops"
            hint = "save it without one: as `UTF-8`, not `UTF-8 with BOM`, or as `ANSI`"
            yield Problem(control.folder / name, 1, what, hint)


def _has_mark(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(BOM_UTF8)) == BOM_UTF8
    except OSError:  # which is said elsewhere
        return False
