"""Work in threads, a little ahead of who takes the results."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from functools import partial
from threading import Condition
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_GLANCE_SECONDS = 1.0


class GivenUpError(Exception):
    """Nobody needs any more what a thread was to do."""


class Work:
    """
    What threads do, until it is done or given up.

    Work that is begun within other work is given up with it.
    """

    def __init__(self) -> None:
        self._outer = _current.get()
        self._given_up = False

    @property
    def is_given_up(self) -> bool:
        """Whether nobody needs it any more."""
        return self._given_up or (self._outer is not None and self._outer.is_given_up)

    def give_up(self) -> None:
        """End the pauses of its threads."""
        with _news:
            self._given_up = True
            _news.notify_all()

    def do(self, action: Callable[[], Result]) -> Result:
        """Do a part of it in the thread that calls this."""
        token = _current.set(self)
        try:
            return action()
        finally:
            _current.reset(token)


_current: ContextVar[Work | None] = ContextVar("work of this thread", default=None)
_news = Condition()


def pause(seconds: float) -> None:
    """
    Sleep.

    Raises
    ------
    GivenUpError
        As soon as the work that the thread belongs to is given up.
    """
    work = _current.get()
    if work is None:
        time.sleep(seconds)
        return
    with _news:
        if _news.wait_for(lambda: work.is_given_up, seconds):
            raise GivenUpError


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
    all_of_it = Work()
    try:
        for item in items:
            begun.append(threads.submit(all_of_it.do, partial(work, item)))
            if len(begun) > ahead:
                yield _result_of(begun.popleft())
        while begun:
            yield _result_of(begun.popleft())
    except BaseException:
        all_of_it.give_up()
        raise
    finally:
        for future in begun:
            future.cancel()


def _result_of(future: Future[Result]) -> Result:
    # Ctrl-C just before Python begins to wait is noticed only when the wait ends.
    while not future.done():
        wait([future], timeout=_GLANCE_SECONDS)
    return future.result()


def for_each(items: Iterable[Item], work: Callable[[Item], None], *, threads: int) -> None:
    """Do something with each item in several threads; what `work` raises ends it all."""
    with ThreadPoolExecutor(threads) as executor:
        for _ in in_order(executor, work, items, ahead=2 * threads):
            pass
