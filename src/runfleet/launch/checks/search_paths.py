"""Programs that the shell of whoever looks at a study finds, and its runs do not."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine
from runfleet.study.model import Model

_SETS_PATH = re.compile(r"\bPATH=")


def find_lost_programs(
    model: Model, system: OperatingSystem, search_path: str | None
) -> Iterator[str]:
    """
    Name the programs of a command that this shell finds, and runs elsewhere or not at all.

    Nothing is known of what packages bring, nor of a PATH that the study sets.

    Parameters
    ----------
    model
        Its command, its packages and its environment.
    system
        That of the nodes; Windows programs have a PATH of their own.
    search_path
        Where runs look for programs; None where nobody knows, as on other machines.
    """
    is_set = "PATH" in model.environment or _SETS_PATH.search(model.command)
    if search_path is None or system is OperatingSystem.WINDOWS or model.packages or is_set:
        return
    for word in dict.fromkeys(_bare_names(CommandLine(model.command, system))):
        here, there = shutil.which(word), shutil.which(word, path=search_path)
        if here is not None and (there is None or _place(here) != _place(there)):
            what = f"is `{there}` in runs" if there else "is not found by runs"
            yield (
                f"`{word}` is `{here}` here, and {what}: the emulator was started with another PATH"
            )


def way_to_own_path(study: str) -> str:
    """
    Advise how the runs of a study get the PATH of the shell.

    Parameters
    ----------
    study
        Its name. Runs that have failed have to be asked for: to `run`, nothing has changed.
    """
    return (
        "end it by `runfleet emulator stop`: the next one has the PATH of your shell, where "
        f"`runfleet retry {study} --failed` runs again what has failed"
    )


def _bare_names(line: CommandLine) -> Iterator[str]:
    """Take the programs that are looked for on the PATH, also those of lines for other shells."""
    yield from (word for word in line.programs if word and "/" not in word)
    for inner in line.inner_lines:
        yield from _bare_names(inner)


def _place(program: str) -> str:
    """Name a file in its real folder: `/bin` may be `/usr/bin`, but a venv's Python is its own."""
    folder, name = os.path.split(program)
    return os.path.join(os.path.realpath(folder), name)
