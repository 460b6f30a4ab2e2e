"""Scripts for Linux that an editor of Windows has saved."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine
from runfleet.launch.checks.programs import find_program
from runfleet.study.model import Model

_FOR_A_SHELL = re.compile(rb"#!.*\b(ba|da|k|z)?sh\b")
_SHELL_ENDINGS = (".sh", ".bash")
_LONGEST_LINE = 4096


def find_windows_line_ends(model: Model, system: OperatingSystem) -> Iterator[str]:
    """
    Name the scripts that Linux will not run, as their lines end as on Windows.

    It takes the end for a part of the interpreter's name, and a shell for a part of each command;
    all that either says is that something was not found.

    Parameters
    ----------
    model
        Its command starts the scripts, and its inputs have them.
    system
        That of the nodes.
    """
    if system is not OperatingSystem.LINUX:
        return
    line = CommandLine(model.command, system)
    programs = dict.fromkeys(line.programs, False)
    scripts = dict.fromkeys(line.scripts, True)
    for word, is_read in (programs | scripts).items():
        shared = find_program(model, word, system)
        if shared is not None and _is_spoilt(shared.source, is_read=is_read):
            path = shlex.quote(str(shared.path))
            yield (
                f"the lines of `{word}` end as on Windows, and Linux cannot run it so: convert it "
                f"with `sed -i 's/\\r$//' {path}`"
            )


def _is_spoilt(source: Path, *, is_read: bool) -> bool:
    """Tell whether a file is a script, or one for a shell if some program is told to read it."""
    with source.open("rb") as file:
        line = file.readline(_LONGEST_LINE)
    if not line.endswith(b"\r\n"):
        return False
    if not is_read:
        return line.startswith(b"#!")
    return source.suffix in _SHELL_ENDINGS or _FOR_A_SHELL.match(line) is not None
