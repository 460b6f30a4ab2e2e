"""The addresses of nodes, all of them of this machine."""

from __future__ import annotations

from collections.abc import Container, Iterator
from hashlib import sha256
from itertools import count


def free_address(node_id: str, taken: Container[str]) -> str:
    """
    Choose an address for a node that no other one has.

    All of 127.0.0.0/8 is loopback on Linux, so that programs on one node can listen at its address
    and others reach them there.  An address follows from the node's id, which is random: nodes of
    two emulators hardly ever share one.
    """
    return next(address for address in _candidates(node_id) if address not in taken)


def _candidates(node_id: str) -> Iterator[str]:
    for attempt in count():
        second, third, fourth, *_ = sha256(f"{node_id} {attempt}".encode()).digest()
        if second > 0 and fourth not in (0, 255):
            yield f"127.{second}.{third}.{fourth}"
