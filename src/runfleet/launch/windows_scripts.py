"""
The batch file of a run on Windows nodes: inputs, the command, a look at its outputs.

Nodes fetch it once, with their preparation task, for `cmd` takes no more than 8,191 characters on
its command line.  It keeps to what `cmd` has always had: no PowerShell, no delayed expansion, and
nothing that turns on whether one of `cmd`'s own commands succeeded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import PurePosixPath

from runfleet.azure import OperatingSystem, package_folders
from runfleet.launch.errors import LaunchError
from runfleet.launch.mpi import COMMON_FOLDER
from runfleet.launch.packages import references_to
from runfleet.launch.scripts import (
    COPIED,
    EXIT_NOT_STAGED,
    EXIT_OUTPUT_MISSING,
    LINKED,
    NOT_STAGED,
    OVERLAYS,
    RETRY_FOLDER,
    is_kept_as_folder,
    required_outputs,
)
from runfleet.launch.windows_commands import (
    COMMAND,
    escaped,
    is_below,
    lines_below,
    start_lines,
)
from runfleet.study.model import Model, SharedInput
from runfleet.study.pool import LINUX_IMAGE

RUN_FILE = "run.cmd"
"""What the preparation task calls the batch file of all runs."""

RUN_LINE = rf'cmd /s /c ""%AZ_BATCH_JOB_PREP_WORKING_DIR%\{RUN_FILE}""'
"""The command line of the task of a run."""

_COMMON_FOLDER = rf'"%AZ_BATCH_TASK_SHARED_DIR%\{COMMON_FOLDER}"'

ENTER_COMMON_FOLDER = f"""\
if not exist {_COMMON_FOLDER} mkdir {_COMMON_FOLDER}
cd /d {_COMMON_FOLDER}"""
"""The lines that make, on each of several nodes, the folder that the processes run in."""

_SHARED = "%AZ_BATCH_JOB_PREP_WORKING_DIR%"
_ATTEMPTED = f"{RETRY_FOLDER}-attempted"
_ONLY_IN_NAME = (
    "on Windows nodes, let wildcards stand in the name of the file, and `**` once before it; or "
    "add `required: false`"
)

# Batch runs a second attempt in the folder that the first one left, without fetching files again.
_CLEAN_AGAIN = f"""\
if exist {_ATTEMPTED} (
for /f "delims=" %%d in ('dir /b /ad 2^>nul') do if /i not "%%d"=="{RETRY_FOLDER}" rmdir /s /q "%%d"
del /f /q /a *
)
type nul > {_ATTEMPTED}"""

_NOT_STAGED = f"""\
:not_staged
>&2 echo {NOT_STAGED}
exit {EXIT_NOT_STAGED}"""

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}|%(\w+)%|%")
_WILDCARD = re.compile(r"[*?]")
_NOT_IN_NAMES = re.compile(r'[<>:"|\[\]]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def run_script(model: Model) -> str:
    """
    Write the batch file that all runs of a model share, for `cmd` in the run's folder.

    It ends with the exit codes that `scripts.run_script` has.

    Parameters
    ----------
    model
        The command and what has to be there before and after it.

    Raises
    ------
    LaunchError
        If the model needs what cannot be said in a batch file, or has not been built.
    """
    _refuse_mpi(model)
    _refuse_twins(model)
    required = required_outputs(model)
    below = lines_below(model) if is_below(model.command) else []
    lines = ["@echo off", *([f'if "%1"=="{COMMAND}" goto {COMMAND}'] if below else [])]
    lines += [*_preparations(model), *_paths(model), *start_lines(model.command)]
    lines += ["if %ERRORLEVEL% neq 0 exit %ERRORLEVEL%"]
    looks = chain.from_iterable(
        _look_for(one, number, model) for number, one in enumerate(required, 1)
    )
    complaints = chain.from_iterable(map(_complain, required, count(1)))
    lines += [*looks, "exit 0", _NOT_STAGED, *complaints, *below]
    script = "\n".join(lines) + "\n"
    _refuse_other_letters(script)
    return script


def unbundle_script(bundle: str, inputs: Iterable[SharedInput]) -> str:
    """
    Write the lines of a preparation task that has fetched many shared inputs at once.

    Batch keeps the names of blobs as paths: the folders are brought to where the runs look.

    Parameters
    ----------
    bundle
        How the names of their blobs begin.
    inputs
        What they are.
    """
    folders = sorted({LINKED if shared.link else COPIED for shared in inputs})
    place = bundle.replace("/", "\\")
    return "\n".join(f"move {place}\\{folder} {folder} >nul" for folder in folders)


def _refuse_mpi(model: Model) -> None:
    if model.mpi is not None:
        raise LaunchError(
            "runs on several Windows nodes (`model: {mpi: ...}`) are not there yet",
            hint=f"take a Linux image, such as `pool: {{image: {LINUX_IMAGE}}}`, or one node a run",
        )


def _refuse_twins(model: Model) -> None:
    """Of names that differ in their capitals only, Windows has one file."""
    first: dict[str, PurePosixPath] = {}
    for path in dict.fromkeys([one.path for one in model.inputs]):
        earlier = first.setdefault(str(path).lower(), path)
        if earlier != path:
            raise LaunchError(
                f"the inputs `{earlier}` and `{path}` are one file on Windows nodes",
                hint="rename one of them: capitals make no difference there",
            )


def _refuse_other_letters(script: str) -> None:
    """A batch file is read in a code page that differs from node to node."""
    found = next((line for line in script.splitlines() if not line.isascii()), None)
    if found is not None:
        raise LaunchError(
            f"a command or a file of the study has letters that `cmd` does not read: `{found}`",
            hint="use letters of ASCII only, or put the text into an environment variable",
        )


def _preparations(model: Model) -> Iterator[str]:
    if model.retries:
        yield _CLEAN_AGAIN
    targets = [_path(shared.path) for shared in model.inputs]
    overlays = [_path(one.target) for one in model.overlays] if model.retries else []
    yield from _make_folders([*targets, *overlays], [_path(folder) for folder in model.folders])
    for shared, target in zip(model.inputs, targets, strict=True):
        yield from _link(target) if shared.link else _copy(f"{_SHARED}\\{COPIED}", target)
    for target in overlays:
        yield from _copy(OVERLAYS.replace("/", "\\"), target)


def _make_folders(targets: Iterable[str], empty: Iterable[str]) -> Iterator[str]:
    folders = {target.rpartition("\\")[0] for target in targets}.union(empty) - {""}
    return (f'if not exist "{folder}" mkdir "{folder}"' for folder in sorted(folders))


def _copy(folder: str, target: str) -> Iterator[str]:
    yield f'copy /y "{folder}\\{target}" "{target}" >nul'
    yield f'if not exist "{target}" goto not_staged'


def _link(target: str) -> Iterator[str]:
    """Links end at the borders of a volume, and at 1,023 a file."""
    place = f"{_SHARED}\\{LINKED}\\{target}"
    yield f'mklink /h "{target}" "{place}" >nul 2>nul'
    yield f'if not exist "{target}" copy /y "{place}" "{target}" >nul'
    yield f'if not exist "{target}" goto not_staged'


def _paths(model: Model) -> Iterator[str]:
    if model.packages:
        folders = package_folders(references_to(model.packages), OperatingSystem.WINDOWS)
        yield f'set "PATH={folders};%PATH%"'


def _look_for(pattern: str, number: int, model: Model) -> Iterator[str]:
    *folders, name = _pattern(pattern).split("\\")
    if "**" in (*folders, name):
        yield f'dir /s /b /a-d "{_below(pattern, folders, name)}" >nul 2>nul'
        yield f"if errorlevel 1 goto missing_{number}"
    else:
        _refuse_wildcards(pattern, folders)
        path = _joined([*folders, name])
        yield f'if not exist "{path}" goto missing_{number}'
        if not _WILDCARD.search(name) and not is_kept_as_folder(pattern, model):
            # A folder has an entry at least, itself. Wine takes a `\` behind a file for nothing.
            yield f'if exist "{path}\\*" goto folder_{number}'


def _below(pattern: str, folders: list[str], name: str) -> str:
    """Give the path that `dir /s` takes for a pattern with `**`."""
    fixed = folders[: folders.index("**")] if "**" in folders else folders
    _refuse_wildcards(pattern, fixed)
    if len(folders) > len(fixed) + 1:
        raise _refused(pattern, _ONLY_IN_NAME)
    return _joined([*fixed, "*" if name == "**" else name])


def _refuse_wildcards(pattern: str, folders: Iterable[str]) -> None:
    if any(map(_WILDCARD.search, folders)):
        raise _refused(pattern, _ONLY_IN_NAME)


def _complain(pattern: str, number: int) -> Iterator[str]:
    """Say what is missing, and what is called alike in the run's folder or in one there."""
    folders, _, name = pattern.removeprefix("./").rpartition("/")
    yield f":missing_{number}"
    if any(letter.isalnum() for letter in name):
        if folders:
            yield from _end(pattern, name=name)
        # Wine reads only plain lines in the block of a loop.
        yield "for /d %%d in (*) do ("
        yield from _end(pattern, folder="%%d/", name=name)
        yield ")"
    yield from _end(pattern)
    name = _said(pattern)
    said = f"the required output `{name}` is a folder: write `{name}/**` to keep its files"
    yield f":folder_{number}"
    yield f">&2 echo runfleet: {said}"
    yield f"exit {EXIT_OUTPUT_MISSING}"


def _end(pattern: str, *, folder: str = "", name: str = "") -> Iterator[str]:
    condition = f'if exist "{folder}{_pattern(name)}" '.replace("/", "\\") if name else ""
    suggestion = f"; did you mean `{folder}{_said(name)}`?" if name else ""
    said = f"the required output `{_said(pattern)}` is missing{suggestion}"
    yield f"{condition}>&2 echo runfleet: {said}"
    yield f"{condition}exit {EXIT_OUTPUT_MISSING}"


def _said(pattern: str) -> str:
    return escaped(pattern.replace("%", "%%"))


def _path(path: PurePosixPath) -> str:
    _refuse_names(str(path))
    return _joined(path.parts).replace("%", "%%")


def _pattern(pattern: str) -> str:
    """Spell a pattern as `cmd` does; variables, which Batch expands too, have their own."""
    _refuse_names(pattern)
    return _VARIABLE.sub(_spell, pattern.removeprefix("./").replace("/", "\\"))


def _spell(match: re.Match[str]) -> str:
    name = match[1] or match[2] or match[3]
    return f"%{name}%" if name else "%%"


def _joined(names: Iterable[str]) -> str:
    return "\\".join(names)


def _refuse_names(path: str) -> None:
    if found := _NOT_IN_NAMES.search(path):
        raise _refused(path, f"names of Windows hold no `{found[0]}`, nor do patterns there")
    device = next(filter(_DEVICE.fullmatch, path.split("/")), None)
    if device is not None:
        raise _refused(path, f"`{device}` is a device of Windows, whatever follows the dot")


def _refused(path: str, why: str) -> LaunchError:
    return LaunchError(f"`{path}` cannot be a file of a run on Windows nodes", hint=why)
