"""An earlier life of the agent: it is ended, with all that it started."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from pathlib import Path

from runfleet.agent.launch import LOGS
from runfleet.agent.processes import all_processes, read_variable
from runfleet.home import AgentFolders

# The latter for Windows nodes, whose root folder is told as a path of Windows.
_MARKERS = (b"AZ_BATCH_NODE_ROOT_DIR=", b"WINEPREFIX=")
_GONE = " (deleted)"
_PATIENCE = 2.0
_PAUSE = 0.01


def take_over(folders: AgentFolders) -> None:
    """
    Become the one agent of a state folder, for as long as this process lives.

    An agent that is still there gets two seconds to end its executions, and then is ended.
    Afterwards no process is left whose node lies in the state folder.
    """
    lock = os.open(folders.lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + _PATIENCE
    while not _try_lock(lock):
        late = time.monotonic() > deadline
        _signal(_holder(lock), signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(_PAUSE)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    # A process that the old agent was just starting holds the lock, too, until it runs its own
    # program and can be told by its environment: nobody is missed here.
    while end_processes(folders.state):
        time.sleep(_PAUSE)


def end_processes(state: Path) -> bool:
    """End the processes whose node lies in a state folder; return whether there were any."""
    left = _processes_of(f"{os.path.realpath(state)}/")
    for pid in left:
        _signal(pid, signal.SIGKILL)
    return bool(left)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> int | None:
    text = os.pread(lock, 32, 0)
    # The number may be out of date, and given to another process since.
    return int(text) if text.isdigit() and _is_agent(int(text)) else None


def _is_agent(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"runfleet.agent" in file.read().split(b"\0")
    except OSError:
        return False


def _signal(pid: int | None, number: signal.Signals) -> None:
    try:
        if pid is not None:
            os.kill(pid, number)
    except ProcessLookupError:
        pass


def _processes_of(state: str) -> list[int]:
    return [pid for pid in all_processes() if pid != os.getpid() and _is_of(pid, state)]


def _is_of(pid: int, state: str) -> bool:
    folders = (read_variable(pid, marker) for marker in _MARKERS)
    # A path of Windows would be taken for one below our own folder.
    known = (os.fsdecode(folder) for folder in folders if folder and folder.startswith(b"/"))
    if any(f"{os.path.realpath(folder)}/".startswith(state) for folder in known):
        return True
    # A program may have emptied its environment, or written over it.
    return any(_is_log(_open_file(pid, number), state) for number in (1, 2))


def _is_log(path: str, state: str) -> bool:
    return path.startswith(state) and os.path.basename(path).removesuffix(_GONE) in LOGS


def _open_file(pid: int, number: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/fd/{number}")
    except OSError:  # not open, somebody else's, or gone
        return ""
