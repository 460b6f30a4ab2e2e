"""
The agent's way to blobs on the web, by URLs with their own signature.

Imported only when there is such a URL: most executions need none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from runfleet.storage.channel import Channel
from runfleet.storage.parallel import Item, in_order
from runfleet.storage.signed_blobs import SignedBlobs

_AT_A_TIME = 8


@cache
def web_blobs() -> SignedBlobs:
    """One for all executions, so that they share its connections."""
    return SignedBlobs(Channel())


def for_each(items: Iterable[Item], work: Callable[[Item], None]) -> None:
    """Do something with each item, several at a time: over a network it is mostly waiting."""
    with ThreadPoolExecutor(_AT_A_TIME, "web") as threads:
        for _ in in_order(threads, work, items, ahead=2 * _AT_A_TIME):
            pass
