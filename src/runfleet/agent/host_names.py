"""
Host names of nodes.

Open MPI tells nodes apart by the names of their hosts, and all nodes are the same machine.  A
namespace gives those who run in it another name, where the kernel lets us make one: to root, and to
others in most places, in a namespace of users besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cache

_SET_NAME = 'hostname "$0" || exit 126; exec "$@"'
_PATIENCE = 5.0


class Naming(Enum):
    """How hosts get names of their own; `BESIDES` as users of a namespace of their own, too."""

    PLAIN = ("unshare", "--uts")
    BESIDES = ("unshare", "--user", "--map-current-user", "--keep-caps", "--uts")
    NOT_AT_ALL = ()


def with_host_name(name: str, arguments: Sequence[str]) -> list[str]:
    """Have a program started where its host has a name; where that cannot be, just start it."""
    way = naming()
    return [*arguments] if way is Naming.NOT_AT_ALL else _command(way, name, arguments)


@cache
def naming() -> Naming:
    """How hosts get names of their own here, found by trying."""
    return next((way for way in (Naming.PLAIN, Naming.BESIDES) if _works(way)), Naming.NOT_AT_ALL)


def _works(way: Naming) -> bool:
    # Imported late: few agents ever have several nodes to name.
    import subprocess

    try:
        return not subprocess.run(
            _command(way, "127.0.0.2", ["/bin/true"]), capture_output=True, timeout=_PATIENCE
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _command(way: Naming, name: str, arguments: Sequence[str]) -> list[str]:
    return [*way.value, "/bin/sh", "-c", _SET_NAME, name, *arguments]
