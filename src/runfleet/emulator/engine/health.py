"""
Whether the engine may go on.

What fails in the middle of a decision leaves memory and store apart, and nobody knows how far.
The store holds what was committed, and no more was acknowledged: the next emulator goes on from it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runfleet.wire.errors import WireError

log = logging.getLogger(__name__)


class EngineFailedError(WireError):
    """Nothing is done any more, and what was asked for may not have been: the emulator ends."""

    def __init__(self) -> None:
        super().__init__("InternalError")
        self.hint = "the emulator's log says why"


class Health:
    """
    Ends the emulator at the first error that nobody expects.

    Attributes
    ----------
    ending
        Set when the emulator cannot go on.
    is_sound
        Whether memory says what the store does, and may be committed.
    """

    def __init__(self) -> None:
        self.ending = asyncio.Event()
        self.is_sound = True

    def give_up(self) -> None:
        """End with what is in memory: it cannot go on for another reason."""
        self.ending.set()

    def fail(self, error: Exception) -> None:
        """End without it."""
        if self.is_sound:
            log.critical("the emulator cannot go on: %s", error, exc_info=error)
        self.is_sound = False
        self.ending.set()

    def demand(self) -> None:
        """Refuse to go on with what is not true."""
        if not self.is_sound:
            raise EngineFailedError

    @contextmanager
    def guard(self, *refusals: type[Exception]) -> Iterator[None]:
        """Change memory or store; any error but these is the last."""
        self.demand()
        try:
            yield
        except Exception as error:
            if isinstance(error, (EngineFailedError, *refusals)):
                raise
            self.fail(error)
            raise EngineFailedError from error

    def attempt(self, change: Callable[[], None]) -> None:
        """Change memory or store while nobody waits for it, who could be told of an error."""
        if not self.is_sound:
            return
        try:
            change()
        except Exception as error:
            self.fail(error)
