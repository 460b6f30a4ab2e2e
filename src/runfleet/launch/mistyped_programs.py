"""Programs that a command starts by nearly the name of an input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath

from runfleet.azure import OperatingSystem
from runfleet.launch.programs import find_program, program_words, system_of
from runfleet.study.model import Model, SharedInput

_CLOSE = 0.8
_KNOWN_ON_NODES_ONLY = re.compile(r"[/\\~]|\w:|.*[$%*?]")


def find_mistyped_programs(model: Model, system: OperatingSystem) -> Iterator[str]:
    """
    Name the programs that nodes will hardly find, and the inputs that were probably meant.

    Parameters
    ----------
    model
        Its command and its inputs.
    system
        That of the nodes.
    """
    overlaid = {overlay.target for overlay in model.overlays}
    for word in dict.fromkeys(program_words(model.command, system)):
        path = PurePosixPath(word.replace("\\", "/"))
        if _KNOWN_ON_NODES_ONLY.match(word) or path in overlaid:
            continue
        on_windows = system is OperatingSystem.WINDOWS
        meant = _on_windows(model, path) if on_windows else _on_linux(model, word)
        if meant is not None:
            yield f"the command starts `{word}`, and no input is that; did you mean `{meant}`?"


def _on_windows(model: Model, path: PurePosixPath) -> str | None:
    if find_program(model, str(path), OperatingSystem.WINDOWS) is not None:
        return None
    meant = _nearest(model, path, OperatingSystem.WINDOWS, shorten=not path.suffix)
    return meant and meant.replace("/", "\\")


def _on_linux(model: Model, word: str) -> str | None:
    """Without a slash, a name is looked for on the PATH alone, where packages bring programs."""
    path = PurePosixPath(word)
    in_folder = "/" in word
    if not in_folder and (model.packages or not path.suffix):
        return None
    if in_folder and find_program(model, word, OperatingSystem.LINUX) is not None:
        return None
    shorten = in_folder and not path.suffix
    meant = _nearest(model, path, OperatingSystem.LINUX, shorten=shorten)
    return meant and f"./{meant}"


def _nearest(
    model: Model, path: PurePosixPath, system: OperatingSystem, *, shorten: bool
) -> str | None:
    """Find the program among the inputs whose name, with or without its ending, is nearest."""
    names: dict[str, list[SharedInput]] = {}
    for one in model.inputs:
        name = one.path.with_suffix("") if shorten else one.path
        names.setdefault(str(name).lower(), []).append(one)
    close = get_close_matches(str(path).lower(), names, n=3, cutoff=_CLOSE)
    meant = (one for name in close for one in names[name])
    return next((str(one.path) for one in meant if system_of(one.path.name, one) is system), None)
