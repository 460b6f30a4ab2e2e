"""
Host names of nodes.

Open MPI tells nodes apart by the names of their hosts, and all nodes are the same machine.  A
namespace gives those who run in it another name, where the kernel lets us make one: to root, and to
others in most places, in a namespace of users besides.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import cache

_SET_NAME = 'hostname "$0" || exit 126; exec "$@"'
_WAYS = (
    ("unshare", "--uts"),
    ("unshare", "--user", "--map-current-user", "--keep-caps", "--uts"),
)
_PATIENCE = 5.0


def with_host_name(name: str, arguments: Sequence[str]) -> list[str]:
    """Have a program started where its host has a name; where that cannot be, just start it."""
    way = _way()
    return _command(way, name, arguments) if way else [*arguments]


def can_name_hosts() -> bool:
    """Whether the hosts of nodes can have names of their own here."""
    return bool(_way())


@cache
def _way() -> tuple[str, ...]:
    """What makes such a namespace here, found by trying; nothing where nothing does."""
    return next((way for way in _WAYS if _works(way)), ())


def _works(way: Sequence[str]) -> bool:
    try:
        return not subprocess.run(
            _command(way, "127.0.0.2", ["/bin/true"]), capture_output=True, timeout=_PATIENCE
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def _command(way: Sequence[str], name: str, arguments: Sequence[str]) -> list[str]:
    return [*way, "/bin/sh", "-c", _SET_NAME, name, *arguments]
