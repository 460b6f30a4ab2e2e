"""Files that a command names, and that do not come to the runs."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from runfleet.launch.programs import shell_words
from runfleet.study.model import Model


def find_left_behind(model: Model, folder: Path) -> Iterator[str]:
    """
    Name files of a command that lie beside the study file, and that no run gets.

    Parameters
    ----------
    model
        Its inputs are brought to the runs, and its overlays are made there.
    folder
        The folder of the study file.
    """
    brought = {str(shared.path) for shared in model.inputs}
    brought |= {str(overlay.target) for overlay in model.overlays}
    for word in dict.fromkeys(_read_words(model.command)):
        path = str(PurePosixPath(word))
        is_made = any(fnmatchcase(path, output.pattern) for output in model.outputs)
        if path not in brought and not is_made and _is_file(folder, path):
            yield (
                f"the command names `{word}`, a file beside the study file that runs do not get: "
                "add it to `inputs`, if they need it"
            )


def _read_words(command: str) -> Iterator[str]:
    """Take the words of a line but the files that it writes to."""
    before = ""
    for word in shell_words(command):
        if not before.endswith(">"):
            yield word
        before = word


def _is_file(folder: Path, path: str) -> bool:
    try:
        return not PurePosixPath(path).is_absolute() and (folder / path).is_file()
    except (OSError, ValueError):  # it is no path at all, but a long text, for example
        return False
