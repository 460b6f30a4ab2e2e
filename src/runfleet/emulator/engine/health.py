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
from pathlib import Path

from runfleet.errors import RunfleetError
from runfleet.store import damage_of
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

    Parameters
    ----------
    database
        The file of the store.

    Attributes
    ----------
    ending
        Set when the emulator cannot go on.
    is_sound
        Whether memory says what the store does, and may be committed.
    reason
        Why it is not sound.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self.ending = asyncio.Event()
        self.is_sound = True
        hint = "what was acknowledged is stored; the next one goes on from there"
        self.reason = RunfleetError("the emulator could not go on", hint=hint)

    def give_up(self) -> None:
        """End with what is in memory: it cannot go on for another reason."""
        self.ending.set()

    def fail(self, error: Exception) -> None:
        """End without it."""
        if self.is_sound:
            damage = damage_of(self._database, error)
            self.reason = damage or self.reason
            cause = error if damage is None else None
            log.critical("the emulator cannot go on: %s", damage or error, exc_info=cause)
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
