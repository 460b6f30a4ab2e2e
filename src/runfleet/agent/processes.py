"""The processes of executions: every one of them ends with its execution."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from resource import struct_rusage

_PR_SET_CHILD_SUBREAPER = 36
_MARKER = b"AZ_BATCH_TASK_DIR="
# What Wine itself starts for a prefix has nothing of a task in its environment.
_ERRAND_MARKER = b"WINEPREFIX="
# One that is read in pieces ends where another program has been started in between.
_LONGEST_ENVIRONMENT = 8 << 20
_ATTEMPTS = 200
_PAUSE = 0.0005
# Positions in `/proc/PID/stat`, counted from behind the name.
_PARENT, _FLAGS, _VIRTUAL_SIZE, _CODE, _ENVIRONMENT, _ENVIRONMENT_END = 1, 6, 20, 23, 47, 48
_IS_EXITING = 0x4  # of Linux's include/linux/sched.h


@dataclass(frozen=True, slots=True)
class Exit:
    """
    The leader of an execution has ended.

    Parameters
    ----------
    exit_code
        As a shell has it.
    user_time, system_time
        Processor time, in seconds.
    killed_by
        By which signal somebody ended another process of a watched execution before; None if
        nobody did.
    """

    execution: int
    exit_code: int
    user_time: float
    system_time: float
    killed_by: int | None = None


def _exit(execution: int, status: int, usage: struct_rusage, killed_by: int | None) -> Exit:
    return Exit(execution, exit_code_of(status), usage.ru_utime, usage.ru_stime, killed_by)


def exit_code_of(status: int) -> int:
    """
    Tell the exit code of a wait status, as a shell has it.

    That is 128 and the signal's number for a process that a signal ended.
    """
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


class Processes:
    """
    Whatever runs for the executions: their leaders, and what these have started.

    A leader is started by the agent, in a session of its own.  The agent is the *subreaper* of all
    that descend from it: a process whose parent has died becomes a child of the agent, so that
    even one that has left its session and its parents is met here, among the agent's children, as
    a *stranger*.  A stranger belongs to an execution by its session, else by the task folder in
    its environment, else by the task folder in which it works, else to any of those that were
    there when it was first met.  It is ended as soon as no leader runs of the executions to which
    it may belong; but what a start task leaves is *kept*, unless it may be another's.

    An *errand* works for no execution, and so do the processes that it leaves: they have a number
    below zero, and stay until the errand is over.
    """

    def __init__(self) -> None:
        _become_subreaper()
        self._children = _children_reader()
        self._leaders: dict[int, int] = {}
        self._sessions: dict[int, int] = {}
        self._marks: dict[bytes, int] = {}
        self._owners: dict[int, frozenset[int]] = {}
        self._held: set[int] = set()
        self._kept: set[int] = set()
        self._watched: dict[int, int | None] = {}
        self._guests: dict[int, Callable[[int], None]] = {}
        self._errands = count(-1, -1)

    def add(self, execution: int, leader: int, mark: str) -> None:
        """Watch over the processes of an execution whose leader has just been started."""
        self._leaders[leader] = execution
        self._sessions[leader] = execution
        self._marks[os.fsencode(mark)] = execution

    def watch(self, execution: int) -> None:
        """Have the exit of a leader tell if processes of its were killed: it may not know."""
        self._watched[execution] = None

    def hold(self, execution: int) -> None:
        """Let the processes of an execution live although none of them leads."""
        self._held.add(execution)

    def release(self, execution: int) -> None:
        """Let the processes of an execution live as long as its leader, if it has one."""
        self._held.discard(execution)

    def keep(self, execution: int) -> bool:
        """Let what the leader of an execution has left live; return whether there is anything."""
        if self._alone_of(execution):
            self._kept.add(execution)
        return execution in self._kept

    def kept_at_work(self) -> frozenset[int]:
        """Tell of which executions something that is kept still runs."""
        return frozenset(one for one in self._kept if self._alone_of(one))

    def end_kept(self, execution: int) -> None:
        """End what is kept of an execution, and wait a little for it to be gone."""
        self._kept.discard(execution)
        for _ in range(_ATTEMPTS):
            left = self._alone_of(execution)
            if not left:
                return
            for pid in left:
                _kill(pid)
                if _take_leave(pid):
                    del self._owners[pid]
            time.sleep(_PAUSE)

    def _alone_of(self, execution: int) -> list[int]:
        """The strangers that can belong to no other execution."""
        strangers = (pid for pid in self._children() if pid not in self._leaders)
        return [pid for pid in strangers if self._owners_of(pid) == {execution}]

    def add_guest(self, execution: int, guest: int, on_exit: Callable[[int], None]) -> None:
        """Watch over a guest that has just been started; tell its exit code when it has ended."""
        self._sessions[guest] = execution
        self._guests[guest] = on_exit

    def add_errand(self, pid: int, mark: str, on_exit: Callable[[int], None]) -> int:
        """
        Watch over a process that works for no execution, and over what it starts.

        What is left of it is known by its mark, the Wine prefix if it works for one.

        Returns
        -------
        errand : int
            For `end_errand`; until then its processes stay, also when the first of them has ended,
            of which `on_exit` hears.
        """
        errand = next(self._errands)
        self.hold(errand)
        self._marks[os.fsencode(mark)] = errand
        self.add_guest(errand, pid, on_exit)
        return errand

    def end_errand(self, errand: int, mark: str) -> None:
        """End the processes of an errand."""
        self.release(errand)
        self.forget(errand, 0, mark)
        self.end_strangers()

    def kill(self, leader: int) -> None:
        """End a leader, or a guest, and its process group."""
        if leader in self._leaders or leader in self._guests:
            _kill_group(leader)

    def reap(self) -> list[Exit]:
        """Take leave of all processes that have ended; return the leaders among them."""
        exits = []
        while (ended := _ended_child()) is not None:
            pid = ended.si_pid
            execution = self._leaders.pop(pid, None)
            if self._watched:
                self._look_for_killed(ended, execution)
            if execution is not None and execution not in self._held:
                # The dead leader keeps its number, and with it that of its group, until it is
                # waited for: nobody else can be hit.
                _kill_group(pid)
            _, status, usage = os.wait4(pid, 0)
            self._owners.pop(pid, None)
            if execution is not None:
                exits.append(_exit(execution, status, usage, self._watched.pop(execution, None)))
            elif pid in self._guests:
                self._on_guest_ended(pid, status)
        return exits

    def _look_for_killed(self, ended: os.waitid_result, execution: int | None) -> None:
        """Note what has been killed before the leader of its execution is, or with it."""
        if execution is None:
            self._note_killed(ended)
        elif execution in self._watched:
            for child in self._children():
                if child != ended.si_pid and (other := _ending_child(child)):
                    self._note_killed(other)

    def _note_killed(self, ended: os.waitid_result) -> None:
        execution = self._sessions.get(_session(ended.si_pid))
        if ended.si_code != os.CLD_EXITED and execution in self._watched:
            self._watched[execution] = ended.si_status

    def _on_guest_ended(self, guest: int, status: int) -> None:
        del self._sessions[guest]
        self._guests.pop(guest)(exit_code_of(status))

    def end_strangers(self) -> frozenset[int]:
        """End the strangers that are due; return the executions to which they belong."""
        ending: frozenset[int] = frozenset()
        for pid in self._children():
            if pid not in self._leaders:
                owners = self._owners_of(pid)
                if self._are_over(owners) and _kill(pid):
                    ending |= owners
        return ending

    def _are_over(self, executions: frozenset[int]) -> bool:
        if len(executions) == 1 and executions <= self._kept:
            return False
        live = self._leaders.values()
        return executions.isdisjoint(live) and executions.isdisjoint(self._held)

    def forget(self, execution: int, leader: int, mark: str) -> None:
        """Nothing is left of an execution."""
        self.forget_leader(execution, leader)
        marked = os.fsencode(mark)
        if self._marks.get(marked) == execution:
            del self._marks[marked]

    def forget_leader(self, execution: int, leader: int) -> None:
        """A leader has ended; what is left in its session is told by its environment from now."""
        # The number of the leader may belong to another one by now.
        if self._sessions.get(leader) == execution:
            del self._sessions[leader]

    def end_all(self) -> bool:
        """End every process; return whether none is left. Call it again until so."""
        for pid in self._children():
            _kill_group(pid) if pid in self._leaders else _kill(pid)
        self.reap()
        return not self._children()

    def _owners_of(self, pid: int) -> frozenset[int]:
        owners = self._owners.get(pid)
        if owners is None:
            owners = self._owners[pid] = self._find_owners(pid)
        return owners

    def _find_owners(self, pid: int) -> frozenset[int]:
        session = self._sessions.get(_session(pid))
        if session is not None:
            return frozenset((session,))
        variables = _environment(pid).split(b"\0")
        mark = _value(variables, _MARKER)
        if mark is not None:
            execution = self._marks.get(mark)
            return frozenset() if execution is None else frozenset((execution,))
        errand = self._marks.get(_value(variables, _ERRAND_MARKER) or b"")
        return self._likely_owners(pid) if errand is None else frozenset((errand,))

    def _likely_owners(self, pid: int) -> frozenset[int]:
        # What is kept has ended: it can have started nothing that has a parent still.
        likely = frozenset(self._sessions.values()) - self._kept
        folder = _working_directory(pid) + b"/"
        marks = ((mark + b"/", one) for mark, one in self._marks.items() if one in likely)
        return frozenset(one for mark, one in marks if folder.startswith(mark)) or likely


def read_variable(pid: int | str, marker: bytes) -> bytes | None:
    """Read a variable, given with its equals sign, from the environment of a process."""
    return _value(_environment(pid).split(b"\0"), marker)


def _value(variables: Iterable[bytes], marker: bytes) -> bytes | None:
    found = (entry for entry in variables if entry.startswith(marker))
    return next((entry[len(marker) :] for entry in found), None)


def _environment(pid: int | str) -> bytes:
    """Read an environment: nothing for a process that is somebody else's, gone or has none."""
    for _ in range(_ATTEMPTS):
        try:
            with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:
                environment = file.read(_LONGEST_ENVIRONMENT)
            if environment or _has_no_environment(pid):
                return environment
        except OSError:
            return b""
        time.sleep(_PAUSE)
    return b""


def _has_no_environment(pid: int | str) -> bool:
    """Tell an empty environment from one that could not be seen while a program was starting."""
    fields = _status(pid)
    has_memory = int(fields[_VIRTUAL_SIZE]) > 0  # unlike a zombie, or a thread of the kernel
    # The kernel puts the environment there first, and then tells where the code is.
    has_started = int(fields[_CODE]) > 0
    return not has_memory or (has_started and fields[_ENVIRONMENT] == fields[_ENVIRONMENT_END])


def _status(pid: int | str) -> list[bytes]:
    with open(f"/proc/{pid}/stat", "rb") as file:
        # The name, in brackets, may hold blanks and brackets of its own.
        return file.read().rpartition(b")")[2].split()


def _become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become the reaper of orphaned processes")


def _ended_child(which: int = os.P_ALL, number: int = 0) -> os.waitid_result | None:
    try:
        return os.waitid(which, number, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None


def _take_leave(pid: int) -> bool:
    """Wait for a child if it has ended."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is not None
    except ChildProcessError:
        return True


def _ending_child(pid: int) -> os.waitid_result | None:
    """Take note of a child that has ended, or is just ending and has closed its files before."""
    ended = _ended_child(os.P_PID, pid)
    if ended is None and _is_ending(pid):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return ended


def _is_ending(pid: int) -> bool:
    try:
        return bool(int(_status(pid)[_FLAGS]) & _IS_EXITING)
    except OSError:
        return False


def _kill(pid: int) -> bool:
    """Return False where that is not allowed, as with a program that runs as another user."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _working_directory(pid: int) -> bytes:
    try:
        return os.readlink(f"/proc/{pid}/cwd".encode())
    except OSError:  # somebody else's, or gone
        return b""


def _children_reader() -> Callable[[], list[int]]:
    """One cheap read where the kernel lists a process's children, else a look at all processes."""
    own = os.getpid()
    try:
        file = os.open(f"/proc/{own}/task/{own}/children", os.O_RDONLY)
    except FileNotFoundError:
        return lambda: scan_children(own)
    return lambda: _read_children(file)


def _read_children(file: int) -> list[int]:
    text = b""
    while part := os.pread(file, 1 << 16, len(text)):
        text += part
    return [int(pid) for pid in text.split()]


def scan_children(parent: int) -> list[int]:
    """Find the children of a process among all processes."""
    return [pid for pid in all_processes() if _parent(pid) == parent]


def all_processes() -> list[int]:
    """List the numbers of all processes."""
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _parent(pid: int) -> int | None:
    try:
        return int(_status(pid)[_PARENT])
    except OSError:
        return None
