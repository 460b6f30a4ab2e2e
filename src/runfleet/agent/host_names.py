"""
Host names of nodes.

Open MPI tells nodes apart by the names of their hosts, and all nodes are the same machine.  A
namespace gives those who run in it another name, where the kernel lets us make one: to root, and to
others in most places, in a namespace of users besides.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from enum import Enum

from runfleet.agent import launch
from runfleet.agent.processes import Processes

_SET_NAME = 'hostname "$0" || exit 126; exec "$@"'
_SECONDS = 5
_MARK = "host names"


class Naming(Enum):
    """How hosts get names of their own; `BESIDES` as users of a namespace of their own, too."""

    PLAIN = ("unshare", "--uts")
    BESIDES = ("unshare", "--user", "--map-current-user", "--keep-caps", "--uts")
    NOT_AT_ALL = ()


def with_host_name(naming: Naming, name: str, arguments: Sequence[str]) -> list[str]:
    """Have a program started where its host has a name; where that cannot be, just start it."""
    if naming is Naming.NOT_AT_ALL:
        return [*arguments]
    return [*naming.value, "/bin/sh", "-c", _SET_NAME, name, *arguments]


def trial() -> list[str]:
    """Give a command that tries how hosts get names here; `tried` knows what it says."""
    lines = [
        f"timeout -k 1 {_SECONDS} {shlex.join(with_host_name(way, '127.0.0.2', ['/bin/true']))}"
        f" && exit {number}"
        for number, way in enumerate(Naming)
        if way is not Naming.NOT_AT_ALL
    ]
    return ["/bin/sh", "-c", "\n".join([*lines, f"exit {len(lines)}"])]


def tried(exit_code: int) -> Naming:
    """Tell how hosts get names, from the exit code of the trial."""
    return dict(enumerate(Naming)).get(exit_code, Naming.NOT_AT_ALL)


class HostNames:
    """
    Finds out how hosts get names here, when it is needed: few agents ever have several nodes.

    Parameters
    ----------
    processes
        Who looks after the processes that try it.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._naming: Naming | None = None
        self._waiting: list[Callable[[], None]] = []
        self._errand = 0

    @property
    def naming(self) -> Naming:
        """How hosts get names of their own, for those who have waited until it is known."""
        assert self._naming is not None, "only instances of tasks on several nodes ask"
        return self._naming

    def await_known(self, then: Callable[[], None]) -> None:
        """
        Go on at once, or when it is known how hosts get names.

        Raises
        ------
        OSError
            If no process can be started.
        """
        if self._naming is not None:
            then()
            return
        if not self._waiting:
            self._errand = self._processes.add_errand(_begin(), _MARK, self._on_tried)
        self._waiting.append(then)

    def _on_tried(self, exit_code: int) -> None:
        self._processes.end_errand(self._errand, _MARK)
        self._naming = tried(exit_code)
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()


def _begin() -> int:
    with open(os.devnull, "r+b") as nowhere:
        environment = launch.base_environment(os.environ)
        return launch.launch_beside(trial(), environment, "/", [nowhere.fileno()] * 3)
