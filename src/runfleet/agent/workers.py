"""Threads for what may take long: transfers over the network, large copies, archives."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], None]
Done = Callable[[Exception | None], None]


class Workers:
    """
    A few threads, started when first needed; they never keep the process from ending.

    Parameters
    ----------
    count
        How many threads at most.
    wake
        Called in a thread when work is done, so that somebody calls `collect`.
    """

    def __init__(self, count: int, wake: Callable[[], None]) -> None:
        self._count = count
        self._wake = wake
        self._threads: list[threading.Thread] = []
        self._waiting: SimpleQueue[tuple[Work, Done]] = SimpleQueue()
        self._done: deque[tuple[Done, Exception | None]] = deque()

    def submit(self, work: Work, done: Done) -> None:
        """Do some work in a thread; `collect` later calls `done` with None or what went wrong."""
        self._waiting.put((work, done))
        if len(self._threads) < self._count:
            thread = threading.Thread(target=self._run, daemon=True)
            self._threads.append(thread)
            thread.start()

    def collect(self) -> None:
        """Say what has been done, in the thread of the caller."""
        while self._done:
            done, error = self._done.popleft()
            done(error)

    def _run(self) -> None:
        while True:
            work, done = self._waiting.get()
            self._done.append((done, _outcome(work)))
            self._wake()


def _outcome(work: Work) -> Exception | None:
    try:
        work()
    except Exception as error:
        return error
    return None
