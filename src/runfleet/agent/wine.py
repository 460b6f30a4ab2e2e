"""Command lines of Windows, started through Wine."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from runfleet.agent import launch as processes
from runfleet.agent.failures import ExecutionError
from runfleet.agent.messages import Execute

MISSING = "Windows nodes need Wine: install the Debian packages `wine` and `wine64`"

_DEBIAN_LOADERS = ("/usr/lib/wine/wine", "/usr/lib/wine/wine64")
# What Wine takes from Linux unless `WINE` stands before the name.
_OWN_NAMES = ("PATH", "HOME", "TEMP", "TMP")
_SERVERS = "/tmp"  # noqa: S108 - where Wine makes their folders, whatever TMPDIR says
_RAW_LINE = "RUNFLEET_COMMAND_LINE"
_SYSTEM_FOLDERS = ("C:\\windows\\system32", "C:\\windows")
_ARGUMENT = re.compile(r'(?:[^\s"]|"[^"]*")+')
_SHELLS = ("cmd", "cmd.exe")
_SHELL = "C:\\windows\\system32\\cmd.exe"
# A shell's line within one pair of quotes, none inside it.
_QUOTED_LINE = re.compile(r'(?P<shell>[^\s"]+(?:\s+/\w)+)\s+"(?P<line>[^"]*[^"\\])"', re.IGNORECASE)


def is_installed(search_path: str | None = None) -> bool:
    """Tell whether Wine is on the search path, which is that of this process if None."""
    return shutil.which("wine", path=search_path) is not None


def drive_of(node_root: str) -> str:
    """Name the folder that is a node's drive C."""
    return f"{node_root}/volatile/c"


def drives(node_root: str) -> dict[str, str]:
    """Name the folder of each drive of a node; all nodes are folders of D."""
    return {"c": drive_of(node_root), "d": os.path.dirname(node_root), "z": "/"}


def prefix_of(message: Execute) -> str:
    """
    Name the folder that an execution has to itself as its Wine prefix.

    Wine has a server for each, which thus ends with its execution and disturbs no other one.
    """
    return f"{message.node_root}/volatile/wine/{message.execution}"


def settings(base: Mapping[str, str], prefix: str) -> dict[str, str]:
    """What Wine itself is to know; `base` is what every command gets."""
    quiet = {"WINEPREFIX": prefix, "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8"}
    return {**base, **quiet}


def environment(base: Mapping[str, str], message: Execute) -> dict[str, str]:
    """The environment of an execution: what it asked for, and what Wine is to know."""
    asked = {_name(name): value for name, value in message.environment.items()}
    return {**asked, **settings(base, prefix_of(message))}


def launch(
    command_line: str,
    environment: Mapping[str, str],
    task_directory: str,
    *,
    goes_on: bool = False,
) -> int:
    """
    Start a command line of Windows, as `agent.launch.launch` does one of Linux.

    Raises
    ------
    ExecutionError
        If it has no program that can be started, or Wine is missing.
    """
    if not is_installed(environment["PATH"]):
        raise ExecutionError("CommandLaunchFailed", Message=MISSING)
    line = command_line.strip()
    program = _find_program(_program(line), environment, task_directory + "/wd")
    (_, *rest), variables = as_arguments(line)
    # By its whole path: what Wine has to look for, it starts by way of the desktop.
    arguments = [_loader(), _SHELL if variables else program, *rest]
    everything = {**environment, **variables, "WINELOADER": _loader()}
    return processes.start(arguments, everything, task_directory, goes_on=goes_on)


def as_arguments(line: str) -> tuple[list[str], dict[str, str]]:
    """
    Have Wine make a command line again.

    Wine makes it of arguments, and writes a backslash before each quote in them, which `cmd` does
    not take.  What cannot be said that way is handed over in a variable: a `cmd` expands it, once,
    after it has looked for what is special in its own line, and starts what it finds as it stands.

    Returns
    -------
    arguments
        For `wine`.
    variables
        What else has to be in the environment.
    """
    if '"' not in line:
        return line.split(), {}
    is_shell = _is_shell(_program(line))
    if is_shell and (quoted := _QUOTED_LINE.fullmatch(line)):
        return [*quoted["shell"].split(), quoted["line"]], {}
    if not is_shell and '\\"' not in line and line.count('"') % 2 == 0:
        return [argument.replace('"', "") for argument in _ARGUMENT.findall(line)], {}
    return ["cmd", "/s", "/c", f"%{_RAW_LINE}%"], {_RAW_LINE: line}


def remove_prefix(message: Execute) -> None:
    """Remove the prefix of an execution of which no process is left."""
    prefix = prefix_of(message)
    remove_server_folders(prefix)
    shutil.rmtree(prefix, ignore_errors=True)


def remove_server_folders(prefix: str) -> None:
    """Remove what the server of a prefix, which has ended, left elsewhere."""
    for folder in _server_folders(prefix):
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _loader() -> str:
    """Debian's `wine` is a script, and its shell drops variables whose names hold `#` or `-`."""
    return next(filter(os.path.exists, _DEBIAN_LOADERS), None) or shutil.which("wine") or "wine"


def _name(name: str) -> str:
    return f"WINE{name.upper()}" if name.upper() in _OWN_NAMES else name


def _program(line: str) -> str:
    found = _ARGUMENT.match(line)
    if found is None:
        raise ExecutionError("CommandLaunchFailed", Message="the command line has no program")
    return found[0].replace('"', "")


def _is_shell(program: str) -> bool:
    return program.replace("\\", "/").rpartition("/")[2].lower() in _SHELLS


def _find_program(name: str, environment: Mapping[str, str], working_directory: str) -> str:
    """A name without a dot is that of an EXE; one with a path is not looked for elsewhere."""
    if name.lower() in _SHELLS:
        return _SHELL
    file = name if "." in name.replace("\\", "/").rpartition("/")[2] else f"{name}.exe"
    node_root = environment["WINEPREFIX"].rpartition("/volatile/")[0]
    search_path = environment.get("WINEPATH", "").split(";")
    is_path = re.search(r"[\\/:]", name)
    folders = [""] if is_path else ["", *_SYSTEM_FOLDERS, *filter(None, search_path)]
    for folder in folders:
        path = _unix_path(f"{folder}\\{file}" if folder else file, node_root)
        if found := _find_file(os.path.join(working_directory, path)):
            return found
    raise ExecutionError("CommandProgramNotFound", Program=name)


def _unix_path(path: str, node_root: str) -> str:
    below = path.replace("\\", "/")
    if len(below) > 1 and below[1] == ":":
        drive = drives(node_root).get(below[0].lower(), "/nonexistent")
        return f"{drive}/{below[2:].lstrip('/')}"
    return below


def _find_file(path: str) -> str | None:
    """Find a file whose path may be spelled with other capitals."""
    if os.path.isfile(path):
        return path
    found = "/"
    for name in filter(None, path.split("/")):
        found = f"{found.rstrip('/')}/{_spelling(found, name)}"
    return found if os.path.isfile(found) else None


def _spelling(folder: str, name: str) -> str:
    if os.path.exists(f"{folder}/{name}") or not os.path.isdir(folder):
        return name
    return next((entry for entry in os.listdir(folder) if entry.lower() == name.lower()), name)


def _server_folders(prefix: str) -> Iterator[str]:
    """Where the server of a prefix listens: Debian's Wine notes the name, others derive it."""
    try:
        noted = Path(prefix, "wineserver").read_text().strip("\0\n ")
        folder = os.stat(prefix)
    except OSError:
        return
    if re.fullmatch(r"wine-\w+", noted):
        yield f"{_SERVERS}/{noted}"
    yield f"{_SERVERS}/.wine-{os.getuid()}/server-{folder.st_dev:x}-{folder.st_ino:x}"
