"""Programs and scripts that a command starts by nearly the name of an input, or by none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path, PurePosixPath, PureWindowsPath

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine, is_operator
from runfleet.launch.checks.interpreters import script_words
from runfleet.launch.checks.left_behind import is_beside
from runfleet.launch.checks.programs import find_program, system_of
from runfleet.nearest_word import nearest
from runfleet.study.model import Model, SharedInput

_CLOSE = 0.8
_KNOWN_ON_NODES_ONLY = re.compile(r"[/\\~]|\w:|.*[$%*?]")
_CHANGES_FOLDER = frozenset({"cd", "chdir", "pushd"})
_SHELL_SCRIPTS = ("", ".sh", ".bat", ".cmd")
"""How scripts end that a shell looks for on the PATH, too."""
_SCRIPT_ENDINGS = frozenset({".bat", ".cmd", ".jar", ".jl", ".m", ".pl", ".py", ".r", ".rb", ".sh"})
_ENDINGS_OF_WINDOWS = ("", ".exe", ".com", ".bat", ".cmd")


def find_mistyped_programs(model: Model, system: OperatingSystem, folder: Path) -> Iterator[str]:
    """
    Name the programs and scripts that nodes will hardly find, and the inputs probably meant.

    What a command names without starting it, too, it may make; and who names an input rightly does
    not mistype it elsewhere.

    Parameters
    ----------
    model
        Its command, its inputs and its overlays.
    system
        That of the nodes.
    folder
        The folder of the study file: who names a file of it has typed that rightly.
    """
    yield from _mistyped_in(CommandLine(model.command, system), model, folder)


def find_missing_programs(model: Model, system: OperatingSystem, folder: Path) -> Iterator[str]:
    """
    Name what the command begins with, if no run will find it.

    Nothing has been made before its first program, so this has to come along; what packages bring
    is known on the nodes only.

    Parameters
    ----------
    model, system, folder
        As `find_mistyped_programs` has them.
    """
    if model.packages:
        return
    for word in _started_first(CommandLine(model.command, system)):
        if not (_KNOWN_ON_NODES_ONLY.match(word) or _is_somewhere(model, word, system, folder)):
            yield (
                f"the command starts `{word}`, and there is no such file: put it beside the study "
                "file and add it to `inputs`, or correct its path"
            )


def _is_somewhere(model: Model, word: str, system: OperatingSystem, folder: Path) -> bool:
    """Tell whether a file is brought or made for the runs, or lies beside the study file."""
    path = str(_path_of(word))
    if find_program(model, path, system) is not None or _is_made(model, path):
        return True
    endings = _ENDINGS_OF_WINDOWS if system is OperatingSystem.WINDOWS else ("",)
    return any(is_beside(folder, f"{path}{ending}") for ending in endings)


def _started_first(line: CommandLine) -> Iterator[str]:
    """Take the program of the first command, if it is given by a path, and its script."""
    yield from (word for word in line.programs[:1] if "/" in word or "\\" in word)
    words = takewhile(lambda word: not is_operator(word), line.words)
    scripts = (
        word for word in script_words(words) if _path_of(word).suffix.lower() in _SCRIPT_ENDINGS
    )
    yield from list(scripts)[:1]


def _mistyped_in(line: CommandLine, model: Model, folder: Path) -> Iterator[str]:
    if not _CHANGES_FOLDER.isdisjoint(line.programs):  # inputs are not where their names say
        return
    started = [(word, _meant_program) for word in line.programs]
    started += [(word, _meant_script) for word in line.scripts]
    named = Counter(map(_path_of, line.words))
    named.subtract(_path_of(word) for word, _ in started)
    for word, find_meant in dict.fromkeys(started):
        path = _path_of(word)
        if named[path] > 0 or _KNOWN_ON_NODES_ONLY.match(word) or _is_there(model, path, folder):
            continue
        meant = find_meant(model, word, line.system)
        if meant is not None and _path_of(meant) not in named.keys() - {path}:
            yield _told(word, meant)
    for inner in line.inner_lines:
        yield from _mistyped_in(inner, model, folder)


def _told(word: str, meant: str) -> str:
    lack = "which only the PATH may have" if meant == f"./{word}" else "and no input is that"
    return f"the command starts `{word}`, {lack}; did you mean `{meant}`?"


def _path_of(word: str) -> PurePosixPath:
    return PurePosixPath(word.replace("\\", "/"))


def _is_there(model: Model, path: PurePosixPath, folder: Path) -> bool:
    """Tell whether a file is made for the runs, or lies beside the study file and is no input."""
    if _is_made(model, str(path)):
        return True
    return is_beside(folder, str(path)) and all(path != one.path for one in model.inputs)


def _is_made(model: Model, word: str) -> bool:
    return any(_path_of(word) == overlay.target for overlay in model.overlays)


def _meant_program(model: Model, word: str, system: OperatingSystem) -> str | None:
    if system is OperatingSystem.WINDOWS:
        return _on_windows(model, _path_of(word))
    return _on_linux(model, word)


def _on_windows(model: Model, path: PurePosixPath) -> str | None:
    if find_program(model, str(path), OperatingSystem.WINDOWS) is not None:
        return None
    meant = _nearest(model, path, OperatingSystem.WINDOWS, shorten=not path.suffix)
    return meant and str(PureWindowsPath(meant))


def _on_linux(model: Model, word: str) -> str | None:
    """Without a slash, a name is looked for on the PATH alone, where packages bring programs."""
    path = PurePosixPath(word)
    in_folder = "/" in word
    is_found = in_folder and find_program(model, word, OperatingSystem.LINUX) is not None
    if is_found or (model.packages and not in_folder):
        return None
    shorten = in_folder and not path.suffix
    # The system has programs of many short names.
    cutoff = _CLOSE if in_folder or path.suffix else 1.0
    meant = _nearest(model, path, OperatingSystem.LINUX, shorten=shorten, cutoff=cutoff)
    return meant and f"./{meant}"


def _nearest(
    model: Model,
    path: PurePosixPath,
    system: OperatingSystem,
    *,
    shorten: bool,
    cutoff: float = _CLOSE,
) -> str | None:
    """Find the program among the inputs whose name, with or without its ending, is nearest."""
    names: dict[str, list[SharedInput]] = {}
    for one in model.inputs:
        name = one.path.with_suffix("") if shorten else one.path
        names.setdefault(str(name).lower(), []).append(one)
    close = get_close_matches(str(path).lower(), names, n=3, cutoff=cutoff)
    meant = (one for name in close for one in names[name])
    return next((str(one.path) for one in meant if system_of(one.path.name, one) is system), None)


def _meant_script(model: Model, word: str, system: OperatingSystem) -> str | None:
    """Find the file whose name is nearest among those that end alike."""
    path = _path_of(word)
    ending = path.suffix.lower()
    may_be_packed = bool(model.packages) and len(path.parts) == 1 and ending in _SHELL_SCRIPTS
    if may_be_packed or find_program(model, str(path), system) is not None:
        return None
    brought = [one.path for one in model.inputs] + [one.target for one in model.overlays]
    alike = (str(one) for one in brought if one.suffix.lower() == ending)
    meant = nearest(str(path), alike, _CLOSE)
    return str(PureWindowsPath(meant)) if meant and system is OperatingSystem.WINDOWS else meant
