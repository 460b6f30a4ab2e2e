"""Whether the model's command will find its program."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import (
    as_posix,
    find_program,
    leaves_folder,
    program_endings,
)
from runfleet.calibrate.control_files.problems import Problem
from runfleet.calibrate.control_files.sections import Row

_OF_THE_SYSTEM = {
    *("bash", "call", "cd", "cmd", "copy", "cp", "del", "echo", "env", "java", "julia", "mv"),
    *("powershell", "python", "python3", "ren", "rm", "rscript", "sh", "start", "type", "wine"),
}
"""Programs that a node has, or that its start task brings."""


def check_commands(
    control: Control,
    *,
    is_windows: bool,
    is_pestpp: bool,
    inputs: Collection[str],
    has_packages: bool,
) -> Iterator[Problem]:
    """Find commands that are never carried out, or whose program is not there."""
    if not is_pestpp:
        yield from _check_count(control)
    for row in control.commands:
        program = row.words[0]
        if leaves_folder(program):
            what = f"the program `{program}` lies outside of the folder of the control file"
            hint = "put it into the folder, or bring it by a package and write its name alone"
            yield Problem.at(row.place, what, hint)
        elif not (
            _is_system(program) or _is_there(control, program, inputs, is_windows=is_windows)
        ):
            yield from _missing(row, program, has_packages=has_packages)


def _check_count(control: Control) -> Iterator[Problem]:
    """PEST carries out one command; further ones are for derivatives, and NUMCOM counts them."""
    told, place = control.counts.get("numcom", (1, None))
    found = len(control.commands)
    if place and told > found:
        there = f"there is {found}" if found == 1 else f"there are {found}"
        what = f"`NUMCOM` announces {told} commands of the model, and {there}"
        hint = f"write {found} there, or the missing commands below `* model command line`"
        yield Problem.at(place, what, hint)
    for row in control.commands[max(1, told) :][:1]:
        what = f"PEST carries out the first command, and this one never: `{row.text[:40]}`"
        yield Problem.at(row.place, what, "write the commands into a batch file, and name that")


def _is_system(program: str) -> bool:
    return program.lower().removesuffix(".exe") in _OF_THE_SYSTEM


def _is_there(control: Control, program: str, inputs: Collection[str], *, is_windows: bool) -> bool:
    if find_program(control.folder, program, is_windows=is_windows):
        return True
    wanted = as_posix(program).as_posix().lower()
    names = {name.lower() for name in inputs}
    return any(wanted + ending in names for ending in program_endings(is_windows=is_windows))


def _missing(row: Row, program: str, *, has_packages: bool) -> Iterator[Problem]:
    is_plain = len(as_posix(program).parts) == 1
    if is_plain and has_packages:
        return
    what = f"the program `{program}` of the model is not beside the control file"
    hint = "put it there, add it to `inputs`, or name the package that brings it in `packages`"
    yield Problem.at(row.place, what, hint)
