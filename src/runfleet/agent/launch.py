"""Starting the command of an execution: the one place where the agent makes processes."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import lru_cache

from runfleet.agent.failures import ExecutionError, from_os_error
from runfleet.storage.placing import remove

LOGS = ("stdout.txt", "stderr.txt")
"""What the output and the errors of a command are written to, in the folder of its task."""

# What of the agent's own environment a command sees; all else comes from the service.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR")
# Python ignores some, and what is ignored stays so in a new program.  The C library looks up each
# signal that is not named here.
_SIGNALS = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
# A command line is blanks and arguments, and an argument pieces, quoted or not.
_PARTS = re.compile(
    r"""[ \t\r\n]+|(?P<argument>(?:[^ \t\r\n'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)|(?P<open>.)""",
    re.DOTALL,
)
_PIECE = re.compile(
    r"""'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|\\(?P<escaped>.)""", re.DOTALL
)
_ESCAPED = re.compile(r'\\(["\\])')
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


def base_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Take the few variables that every command gets from the agent's own environment."""
    return {"PATH": os.defpath} | {name: own[name] for name in _INHERITED if name in own}


def launch(
    command_line: str,
    environment: Mapping[str, str],
    task_directory: str,
    *,
    goes_on: bool = False,
) -> int:
    """
    Start a command in the ``wd`` of a task folder, as the leader of a session of its own.

    Changes the agent's own working directory: a spawned process has no other way to get its own.

    Parameters
    ----------
    command_line
        A program and its arguments; no shell reads it.
    environment
        Its whole environment.
    task_directory
        The task folder.
    goes_on
        Whether its output follows that of an earlier command, rather than beginning new files.

    Returns
    -------
    pid : int
        Of the started process; its output goes to ``stdout.txt`` and ``stderr.txt``.

    Raises
    ------
    ExecutionError
        If the command line has no program that can be started.
    """
    arguments = split(command_line)
    return start(arguments, environment, task_directory, goes_on=goes_on)


def start(
    arguments: list[str],
    environment: Mapping[str, str],
    task_directory: str,
    *,
    goes_on: bool = False,
) -> int:
    """Start a program with its arguments, as `launch` does."""
    working_directory = task_directory + "/wd"
    program = find_program(arguments[0], working_directory, environment.get("PATH", os.defpath))
    with ExitStack() as closing:
        streams = open_logs(task_directory, _open_file if goes_on else new_file, closing)
        actions = [(os.POSIX_SPAWN_DUP2, stream, 1 + i) for i, stream in enumerate(streams)]
        try:
            os.chdir(working_directory)
            return _spawn(program, arguments, environment, actions)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ExecutionError("CommandLaunchFailed", Program=program, Message=reason) from error


def launch_beside(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    working_directory: str,
    streams: Sequence[int],
) -> int:
    """
    Start a program on a node where others run, as one who logs in there would.

    Parameters
    ----------
    arguments
        The program and its arguments.
    environment
        Its whole environment.
    working_directory
        Where it runs.
    streams
        What it reads from, writes to and complains to; they stay open here.
    """
    actions = [(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)]
    program = find_program(arguments[0], working_directory, os.defpath)
    os.chdir(working_directory)
    return _spawn(program, [*arguments], environment, actions)


def split(command_line: str) -> list[str]:
    """Split a command line as a shell does, without expanding anything."""
    try:
        arguments = _split(command_line)
    except ValueError as error:
        raise ExecutionError("CommandLaunchFailed", Message=str(error)) from error
    if not arguments:
        raise ExecutionError("CommandLaunchFailed", Message="the command line is empty")
    return list(arguments)


def find_program(name: str, working_directory: str, search_path: str) -> str:
    """
    Find the file of a program.

    A name with a slash is a path, relative to the working directory; any other is looked for in
    the folders of the search path, which may be relative, too.
    """
    folders = [""] if "/" in name else search_path.split(os.pathsep)
    for folder in folders:
        path = os.path.join(working_directory, folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    # Why one that is there cannot be started, the operating system will say.
    for folder in folders:
        path = os.path.join(working_directory, folder, name)
        if os.path.isfile(path):
            return path
    raise ExecutionError("CommandProgramNotFound", Program=name)


@lru_cache(maxsize=256)
def _split(command_line: str) -> tuple[str, ...]:
    """Split as `shlex.split` does, which takes 11 s for the megabyte that a task may have."""
    if "\0" in command_line:
        raise ValueError("the command line has a character of code 0")
    matches = list(_PARTS.finditer(command_line))
    for match in matches:
        if match["open"]:
            raise ValueError("a quote is not closed, or nothing follows the last backslash")
    return tuple(_PIECE.sub(_unquoted, match[0]) for match in matches if match["argument"])


def _unquoted(piece: re.Match[str]) -> str:
    if piece["double"] is not None:
        return _ESCAPED.sub(r"\1", piece["double"])
    return piece["single"] or piece["escaped"] or ""


def open_logs(
    task_directory: str, open_file: Callable[[str], int], closing: ExitStack
) -> list[int]:
    """Open ``stdout.txt`` and ``stderr.txt``, to be closed with the stack."""
    streams = []
    for name in LOGS:
        path = f"{task_directory}/{name}"
        try:
            streams.append(open_file(path))
        except OSError as error:
            raise from_os_error(error, "CommandLaunchFailed", FilePath=path) from error
        closing.callback(os.close, streams[-1])
    return streams


def new_file(path: str) -> int:
    """Open a new file to write to, in place of one that may be there."""
    # Never written over: an earlier one may be linked from a container.
    try:
        return os.open(path, _NEW_FILE, 0o666)
    except FileExistsError:
        remove(path)
        return os.open(path, _NEW_FILE, 0o666)


def _open_file(path: str) -> int:
    # A task may have put a pipe there, and nobody reads it.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o666)
    os.set_blocking(file, True)
    return file


def _spawn(
    program: str,
    arguments: list[str],
    environment: Mapping[str, str],
    actions: Sequence[tuple[int, int, int]],
) -> int:
    return os.posix_spawn(
        program,
        arguments,
        environment,
        file_actions=actions,
        setsid=True,
        setsigmask=(),
        setsigdef=_SIGNALS,
    )
