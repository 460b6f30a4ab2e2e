"""Work in threads, a little ahead of who takes the results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    threads: Executor, work: Callable[[Item], Result], items: Iterable[Item], *, ahead: int
) -> Iterator[Result]:
    """
    Work on items in threads, and give the results in the order of the items.

    Parameters
    ----------
    threads
        Who does the work.
    work
        What is done with each item; what it raises ends it all.
    items
        Taken one by one, in the caller's thread.
    ahead
        How many items are taken before the first result is waited for.
    """
    begun: deque[Future[Result]] = deque()
    try:
        for item in items:
            begun.append(threads.submit(work, item))
            if len(begun) > ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        for future in begun:
            future.cancel()


def for_each(items: Iterable[Item], work: Callable[[Item], None], *, threads: int) -> None:
    """Do something with each item in several threads; what `work` raises ends it all."""
    with ThreadPoolExecutor(threads) as executor:
        for _ in in_order(executor, work, items, ahead=2 * threads):
            pass
