"""Whether the programs that a command starts are for the operating system of its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine
from runfleet.launch.errors import LaunchError
from runfleet.launch.pool import PoolPlan
from runfleet.study.model import Model, SharedInput
from runfleet.study.pool import LINUX_IMAGE, WINDOWS_IMAGE

_LINUX, _WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
_MARKS = {b"MZ": _WINDOWS, b"\x7fELF": _LINUX, b"#!": _LINUX}
"""How files begin that only one of the systems can start."""

_BATCH_FILES = (".bat", ".cmd")
_ENDINGS = ("", ".com", ".exe", *_BATCH_FILES)
"""Windows looks for a program by these, one after the other."""

_POWERSHELLS = ("powershell", "pwsh")
_OF_LINUX = frozenset(["awk", "bash", "cat", "chmod", "cp", "grep", "ls", "mv", "rm", "sed", "sh"])
_OF_WINDOWS = frozenset(["cmd", "copy", "del", "findstr", "md", "move", "ren", "xcopy"])
_ONLY_ELSEWHERE = {
    _WINDOWS: ("Windows", "Linux", _OF_LINUX),
    _LINUX: ("Linux", "Windows", _OF_WINDOWS),
}
"""Of nodes: what they are, what others are, and programs that only those have."""

_IMAGES = {_LINUX: LINUX_IMAGE, _WINDOWS: WINDOWS_IMAGE}


def check_programs(model: Model, pool: PoolPlan) -> None:
    """
    Refuse a command that starts programs of the other operating system.

    What a program is for is read from its file, if that is one of the inputs; what packages bring
    is known on the nodes only.

    Raises
    ------
    LaunchError
        About the first of them.
    """
    system = pool.operating_system
    for word in CommandLine(model.command, system).programs:
        found = system_of(word, find_program(model, word, system))
        if found is not None and found is not system:
            raise _for_other_system(word, found, pool)


def find_doubtful_programs(model: Model, pool: PoolPlan) -> Iterator[str]:
    """
    Name the programs that the nodes may not have, as their names tell.

    They are of the other operating system, or of Windows and not of Wine.  Programs of Windows
    that are inputs are looked at: what keeps them from running, as a DLL that does not come along.
    """
    yield from _only_elsewhere(model, pool.operating_system)
    if pool.operating_system is _WINDOWS:
        yield from _not_of_wine(model)
        yield from _problems(model)
        return
    for word in CommandLine(model.command, _LINUX).programs:
        if word.lower().endswith(".exe") and find_program(model, word, _LINUX) is None:
            yield (
                f"`{word}` is a program of Windows by its name, and the nodes of `{pool.image}` "
                f"run Linux: if it is one, write `pool: {{image: {_IMAGES[_WINDOWS]}}}`"
            )


def _only_elsewhere(model: Model, system: OperatingSystem) -> Iterator[str]:
    """Name programs that every machine of the other system has, and nobody has brought."""
    nodes, theirs, names = _ONLY_ELSEWHERE[system]
    for word in CommandLine(model.command, system).programs:
        if word in names and not (model.packages or find_program(model, word, system)):
            yield (
                f"`{word}` is a program of {theirs}, which {nodes} nodes have not: write what "
                f"{nodes} has for it, or bring it in a package"
            )


def _not_of_wine(model: Model) -> Iterator[str]:
    for word in CommandLine(model.command, _WINDOWS).programs:
        if PureWindowsPath(word).stem.lower() in _POWERSHELLS:
            yield (
                f"`{word}`: nodes of Azure have PowerShell, and Wine on this machine has not; "
                "write a batch file, to run the study here, too"
            )


def _problems(model: Model) -> Iterator[str]:
    found = {
        word: find_program(model, word, _WINDOWS)
        for word in CommandLine(model.command, _WINDOWS).programs
    }
    for word, shared in found.items():
        if shared is not None and system_of(word, shared) is _WINDOWS:
            yield from _problems_of(model, word, shared)


def _problems_of(model: Model, word: str, shared: SharedInput) -> Iterator[str]:
    # Imported late: most studies need none of it, and begin the sooner.
    from runfleet.inspection import InspectionError, Whereabouts, inspect

    try:
        program = inspect(shared.source)
    except InspectionError as error:
        yield f"{error.message}; {error.hint}"
        return
    if not (model.packages and program.found(Whereabouts.MISSING)):  # they may bring what lacks
        yield from (f"`{word}`: {one.message}: {one.remedy}" for one in program.problems)
    staged = {one.source.resolve() for one in model.inputs}
    for library in program.found(Whereabouts.BESIDE):
        if library.path is not None and library.path.resolve() not in staged:
            yield (
                f"`{library.name}`, which `{word}` needs, lies beside it and does not come along: "
                "add it to the `inputs`"
            )


def find_program(model: Model, word: str, system: OperatingSystem) -> SharedInput | None:
    """Find the input that a command starts, if it is one."""
    if system is _LINUX:
        path = PurePosixPath(word)
        return next((shared for shared in model.inputs if shared.path == path), None)
    start = str(PurePosixPath(word.replace("\\", "/").lower()))
    inputs = {str(shared.path).lower(): shared for shared in model.inputs}
    return next((inputs[start + end] for end in _ENDINGS if start + end in inputs), None)


def system_of(word: str, shared: SharedInput | None) -> OperatingSystem | None:
    """Tell which system alone can start a program; None where either may, or nobody knows."""
    if shared is not None:
        with shared.source.open("rb") as file:
            head = file.read(4)
        for mark, system in _MARKS.items():
            if head.startswith(mark):
                return system
    return _WINDOWS if word.lower().endswith(_BATCH_FILES) else None


def _for_other_system(word: str, found: OperatingSystem, pool: PoolPlan) -> LaunchError:
    theirs, nodes = found.name.capitalize(), pool.operating_system.name.capitalize()
    return LaunchError(
        f"`{word}` is a program of {theirs}, and the nodes of `{pool.image}` run {nodes}",
        hint=f"write `pool: {{image: {_IMAGES[found]}}}`, or name the program for {nodes}",
    )
