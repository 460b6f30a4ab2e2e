"""
Command lines of Windows, started through Wine.

A small program of ours stands between Wine and the task, see `wine_starter.c`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runfleet.agent import launch as processes
from runfleet.agent import wine_messages
from runfleet.agent.addresses import fixed_addresses
from runfleet.agent.failures import ExecutionError
from runfleet.agent.names_on_disk import as_on_disk
from runfleet.agent.streams import Streams

MISSING = "Windows nodes need Wine: install the Debian packages `wine` and `wine64`"

_DEBIAN_LOADERS = ("/usr/lib/wine/wine", "/usr/lib/wine/wine64")
# What Wine takes from Linux unless `WINE` stands before the name.
_OWN_NAMES = ("PATH", "HOME", "TEMP", "TMP")
_SERVERS = "/tmp"  # noqa: S108 - where Wine makes their folders, whatever TMPDIR says
_STARTER = str(Path(__file__).with_name("wine_starter.exe"))
_END_FILE = "end"
_NOT_FOUND = (2, 3)
_LAUNCH_ERRORS = {
    5: "the file may not be executed",
    193: "the file is no program that Windows of 64 bit can run, or is damaged",
    206: "the command line is too long",
    216: "the program is for another processor",
    740: "the program asks for the rights of an administrator",
    14001: "the program asks for a library in its manifest that is not there",
}
_SYSTEM_FOLDERS = ("C:\\windows\\system32", "C:\\windows")
_ARGUMENT = re.compile(r'(?:[^\s"]|"[^"]*")+')
_SHELLS = ("cmd", "cmd.exe")
_SHELL = "C:\\windows\\system32\\cmd.exe"


@dataclass(frozen=True, slots=True)
class End:
    """
    How a task has ended, as the starter noted it.

    Parameters
    ----------
    exit_code
        With 32 bits, negative where the highest of them is set, as Windows nodes tell it.
    changed_registry
        Whether somebody wrote to the registry meanwhile.
    """

    exit_code: int
    changed_registry: bool


def is_installed(search_path: str | None = None) -> bool:
    """Tell whether Wine is on the search path, which is that of this process if None."""
    return shutil.which("wine", path=search_path) is not None


def drive_of(node_root: str) -> str:
    """Name the folder that is a node's drive C."""
    return f"{node_root}/volatile/c"


def drives(node_root: str) -> dict[str, str]:
    """Name the folder of each drive of a node; all nodes are folders of D."""
    return {"c": drive_of(node_root), "d": os.path.dirname(node_root), "z": "/"}


def unix_path(path: str, node_root: str) -> str:
    """Turn a path of Windows on a node into one of Linux; a relative one stays relative."""
    below = path.replace("\\", "/")
    if len(below) > 1 and below[1] == ":":
        drive = drives(node_root).get(below[0].lower(), "/nonexistent")
        return f"{drive}/{below[2:].lstrip('/')}"
    return below


def settings(base: Mapping[str, str], prefix: str) -> dict[str, str]:
    """What Wine itself is to know; `base` is what every command gets."""
    quiet = {"WINEPREFIX": prefix, "WINEDEBUG": wine_messages.CHANNELS, "LC_ALL": "C.UTF-8"}
    return {**base, **quiet}


def environment(base: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of an execution but for the prefix, which it does not have yet."""
    return {**{_name(name): value for name, value in asked.items()}, **base}


def launch(
    command_line: str, environment: Mapping[str, str], working_directory: str, streams: Streams
) -> int:
    """
    Start a command line of Windows; return its process.

    The terminal among the streams becomes the console of the program and of what it starts.

    Raises
    ------
    ExecutionError
        If it has no program that can be started, or Wine is missing.
    """
    if not is_installed(environment["PATH"]):
        raise ExecutionError("CommandLaunchFailed", Message=MISSING)
    line = command_line.strip()
    _find_program(_program(line), environment, working_directory)
    prefix = environment["WINEPREFIX"]
    Path(prefix, _END_FILE).unlink(missing_ok=True)
    told = {
        "RUNFLEET_COMMAND_LINE": line,
        "RUNFLEET_END_FILE": f"Z:{prefix}/{_END_FILE}",
        "RUNFLEET_TEMP": environment.get("WINETEMP") or _new_temp(prefix),
    }
    everything = {**environment, **told, "WINELOADER": _loader()}
    writers = [one.writer for one in (streams.errors, streams.output, streams.console)]
    try:
        with fixed_addresses():
            return processes.launch_beside(starter(), everything, working_directory, writers)
    except (OSError, ValueError) as error:
        raise ExecutionError("CommandLaunchFailed", Message=str(error)) from error


def _new_temp(prefix: str) -> str:
    """
    Make a folder for temporary files, and name it as Windows does.

    Programs make names of files of the number of their process.  Those of different servers are the
    same, so that tasks that run at a time must not have one folder in common.
    """
    folder = f"{prefix}/temp"
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    nodes = os.path.dirname(prefix.rpartition("/volatile/")[0])
    return "D:" + folder.removeprefix(nodes).replace("/", "\\")


def launch_silently(
    arguments: Sequence[str], environment: Mapping[str, str], working_directory: str
) -> int:
    """Start a program of Linux that starts Wine, and neither reads nor writes."""
    with open(os.devnull, "r+b") as nowhere, fixed_addresses():
        streams = [nowhere.fileno()] * 3
        return processes.launch_beside(arguments, environment, working_directory, streams)


def starter() -> list[str]:
    """Give what starts the starter; where no command line is told it only starts Wine."""
    return [_loader(), _STARTER]


def read_end(prefix: str) -> End | None:
    """
    Read how the task of a prefix has ended.

    Returns
    -------
    end
        None if the starter was ended before.

    Raises
    ------
    ExecutionError
        If Windows could not start the program.
    """
    try:
        code, detail = Path(prefix, _END_FILE).read_text().split()
    except (OSError, ValueError):
        return None
    if code == "-":
        known = int(detail) in _NOT_FOUND
        name = "CommandProgramNotFound" if known else "CommandLaunchFailed"
        meaning = _LAUNCH_ERRORS.get(int(detail), "it could not be started")
        raise ExecutionError(name, Message=f"{meaning} (Windows error {detail})")
    return End(int(code), detail == "1")


def remove_prefix(prefix: str) -> None:
    """Remove a prefix of which no process is left, and what its server left elsewhere."""
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


def _find_program(name: str, environment: Mapping[str, str], working_directory: str) -> str:
    """
    Find a program, to say at once that it is not there.

    A name without a dot is that of an EXE; one with a path is not looked for elsewhere.
    """
    if name.lower() in _SHELLS:
        return _SHELL
    file = name if "." in name.replace("\\", "/").rpartition("/")[2] else f"{name}.exe"
    node_root = environment["WINEPREFIX"].rpartition("/volatile/")[0]
    search_path = environment.get("WINEPATH", "").split(";")
    is_path = re.search(r"[\\/:]", name)
    folders = [""] if is_path else ["", *_SYSTEM_FOLDERS, *filter(None, search_path)]
    for folder in folders:
        path = unix_path(f"{folder}\\{file}" if folder else file, node_root)
        found = as_on_disk(os.path.join(working_directory, path))
        if os.path.isfile(found):
            return found
    raise ExecutionError("CommandProgramNotFound", Program=name)


def _server_folders(prefix: str) -> Iterator[str]:
    """Where the server of a prefix listens: Debian's Wine notes the name, others derive it."""
    try:
        noted = Path(prefix, "wineserver").read_text(errors="replace").strip("\0\n ")
        folder = os.stat(prefix)
    except OSError:
        return
    if re.fullmatch(r"wine-\w+", noted):
        yield f"{_SERVERS}/{noted}"
    yield f"{_SERVERS}/.wine-{os.getuid()}/server-{folder.st_dev:x}-{folder.st_ino:x}"
