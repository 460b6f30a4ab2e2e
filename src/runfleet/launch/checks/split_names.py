"""Names of files with blanks, which a command takes for several words."""

from __future__ import annotations

from collections.abc import Iterator

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine
from runfleet.study.model import Model


def find_split_names(model: Model, system: OperatingSystem) -> Iterator[str]:
    """
    Name the files with a blank in their names that a command names without quotes.

    Parameters
    ----------
    model
        Its command, its inputs and its overlays.
    system
        That of the nodes, whose shell splits the command.
    """
    line = CommandLine(model.command, system)
    text = f" {' '.join(line.words)} "
    paths = [one.path for one in model.inputs] + [one.target for one in model.overlays]
    for path in (str(path) for path in paths if " " in str(path)):
        named = next((name for name in (path, f"./{path}") if f" {name} " in text), None)
        if named and not any(path in word for word in line.words):
            yield (
                f"the command names `{named}` without quotes, so that its blanks end words: "
                f'write `"{named}"`'
            )
