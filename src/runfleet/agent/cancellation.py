"""Breaking off what a thread does for an execution that is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runfleet.errors import RunfleetError


class TransferCancelledError(RunfleetError):
    """Nobody waits for this transfer any more."""


class Cancellation:
    """
    A word to a thread that its work is no longer wanted.

    Whoever cancels need not wait for the thread: what is under way goes to a file beside, and
    `if_wanted` lets nothing be put into place afterwards.
    """

    def __init__(self) -> None:
        self._is_cancelled = False
        self._placing = threading.Lock()

    def cancel(self) -> None:
        """Take effect at once: nothing is put into place from now on."""
        with self._placing:
            self._is_cancelled = True

    def check(self) -> None:
        """Raise `TransferCancelledError` if it has been cancelled."""
        if self._is_cancelled:
            raise TransferCancelledError("the transfer was cancelled")

    @contextmanager
    def if_wanted(self) -> Iterator[None]:
        """Do something that cannot be cancelled in the middle."""
        with self._placing:
            self.check()
            yield
