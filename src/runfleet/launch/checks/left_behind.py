"""Files that a command names, and that do not come to the runs."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine
from runfleet.launch.checks.programs import find_program
from runfleet.study.model import Model


def find_left_behind(model: Model, system: OperatingSystem, folder: Path) -> Iterator[str]:
    """
    Name files of a command that lie beside the study file, and that no run gets.

    Parameters
    ----------
    model
        Its inputs are brought to the runs, its overlays are made there, and packages bring the
        programs that it starts.
    system
        That of the nodes.
    folder
        The folder of the study file.
    """
    spelled = str.lower if system is OperatingSystem.WINDOWS else str
    brought = {spelled(str(shared.path)) for shared in model.inputs}
    brought |= {spelled(str(overlay.target)) for overlay in model.overlays}
    made = [spelled(output.pattern) for output in model.outputs]
    line = CommandLine(model.command, system)
    for word in dict.fromkeys(_read_words(line)):
        path = str(PurePosixPath(word.replace("\\", "/")))
        is_made = any(fnmatchcase(spelled(path), pattern) for pattern in made)
        is_known = is_made or spelled(path) in brought or _is_known_program(word, line, model)
        if not is_known and is_beside(folder, path):
            yield (
                f"the command names `{word}`, a file beside the study file that runs do not get: "
                "add it to `inputs`, if they need it"
            )


def is_beside(folder: Path, path: str) -> bool:
    """Tell whether a path of a command is that of a file in the folder of the study file."""
    try:
        return not PurePosixPath(path).is_absolute() and (folder / path).is_file()
    except (OSError, ValueError):  # it is no path at all, but a long text, for example
        return False


def _is_known_program(word: str, line: CommandLine, model: Model) -> bool:
    """Tell whether a word names a program that an input or, as far as one knows, a package is."""
    is_there = bool(model.packages) or find_program(model, word, line.system) is not None
    return is_there and word in line.programs


def _read_words(line: CommandLine) -> Iterator[str]:
    """Take the words of a line but the files that it writes to."""
    before = ""
    for word in line.words:
        if not before.endswith(">"):
            yield word
        before = word
