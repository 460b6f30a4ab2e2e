"""How long a service in trouble is waited for, and what is said meanwhile."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# Seconds after which a wait is worth a word, and between two words.
_LONG_WAIT = 5.0
_BETWEEN_WORDS = 30.0
_LONGEST_RETRY_AFTER = 60.0


def retry_after_of(header: str | None) -> float:
    """
    Read the header `Retry-After` as seconds, of which no more than a minute is heeded.

    Its other form, a date, is not used by Azure, and counts as nothing.
    """
    try:
        return min(_LONGEST_RETRY_AFTER, max(0.0, float(header or 0)))
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Why a request was not done, though it may be the next time.

    Parameters
    ----------
    message
        Who was asked for what, and what happened.
    is_answer
        Whether the service said so itself; else it could not be reached.
    is_busy
        Whether it said that it is too busy: it is there, and later it will do.
    retry_after
        For how many seconds it asked to be left alone.
    """

    message: str
    is_answer: bool = False
    is_busy: bool = False
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class BackOff:
    """
    Growing, jittered pauses.

    Parameters
    ----------
    first, longest
        Seconds that the first pause and any pause last at most.
    busy_patience
        For how many seconds a service is asked again that answers that it is too busy.
    failure_patience
        The same for one that answers with errors of its own.
    outage_patience
        The same for one that cannot be reached any more.
    contact_patience
        The same for one that has never answered: its address may be wrong.
    fewest
        How many times it is asked again in any case, however long that takes.
    """

    first: float = 0.25
    longest: float = 30.0
    busy_patience: float = 900.0
    failure_patience: float = 300.0
    outage_patience: float = 600.0
    contact_patience: float = 60.0
    fewest: int = 0

    def pause(self, attempt: int, *, chance: float, retry_after: float = 0.0) -> float:
        """
        Tell how many seconds to wait before the next attempt.

        Parameters
        ----------
        attempt
            How many attempts have failed before this one: 0, 1, 2 ...
        chance
            A random number of [0, 1), so that many clients do not come back together.
        retry_after
            How long the service asked to be left alone: no pause is shorter.
        """
        whole = min(self.longest, self.first * 2.0 ** min(attempt, 60))
        return max(whole * (0.5 + 0.5 * chance), retry_after * (1 + 0.1 * chance))

    def patience_left(
        self, trouble: Trouble, *, attempt: int, waited: float, has_answered: bool
    ) -> float:
        """
        Tell how many seconds more of this trouble are borne, by what it is.

        Endlessly many while it is to be asked again in any case; 0 where `waited` are enough.
        """
        if attempt < self.fewest:
            return math.inf
        return max(0.0, self._patience(trouble, has_answered) - waited)

    def _patience(self, trouble: Trouble, has_answered: bool) -> float:
        if trouble.is_busy:
            return self.busy_patience
        if trouble.is_answer:
            return self.failure_patience
        return self.outage_patience if has_answered else self.contact_patience


class Patience:
    """
    What is known of one service and its troubles by all that ask it, in whatever threads.

    Parameters
    ----------
    back_off
        How long to wait, and when to give up.
    log
        Is told of each pause: by a warning when whoever waits should hear of it.
    """

    def __init__(self, back_off: BackOff, log: logging.Logger) -> None:
        self.back_off = back_off
        self._log = log
        self._has_answered = False
        self._last_told = -_BETWEEN_WORDS
        self._lock = threading.Lock()

    def begin(self, sleep: Callable[[float], object] = time.sleep) -> Wait:
        """
        Begin with a request.

        Parameters
        ----------
        sleep
            Waits between two attempts; may raise to end it all.
        """
        return Wait(self, sleep)

    def note_answer(self) -> None:
        """Take note that the service has answered, whatever it said: its address is right."""
        self._has_answered = True

    def left(self, trouble: Trouble, *, attempt: int, waited: float) -> float:
        """Tell how much of it is left, in seconds; see `BackOff.patience_left`."""
        if trouble.is_answer:
            self.note_answer()
        return self.back_off.patience_left(
            trouble, attempt=attempt, waited=waited, has_answered=self._has_answered
        )

    def tell(self, trouble: Trouble, *, pause: float, waited: float) -> None:
        """Say what is waited for."""
        level = logging.WARNING if self._is_to_be_told(waited + pause) else logging.INFO
        self._log.log(level, "%s; trying again in %.0f s", trouble.message, pause)

    def _is_to_be_told(self, waited: float) -> bool:
        """Whether whoever waits should hear of it: when it takes long, and not all the time."""
        if waited < _LONG_WAIT:
            return False
        with self._lock:
            now = time.monotonic()
            if now - self._last_told < _BETWEEN_WORDS:
                return False
            self._last_told = now
        return True


class Wait:
    """
    The troubles of one request.

    Parameters
    ----------
    patience, sleep
        See `Patience`.
    """

    def __init__(self, patience: Patience, sleep: Callable[[float], object]) -> None:
        self._patience = patience
        self._sleep = sleep
        self._began = time.monotonic()
        self._attempt = 0

    def outlasts(self, trouble: Trouble) -> bool:
        """Pause before the request is sent again; without a pause False, if that is enough."""
        waited = time.monotonic() - self._began
        left = self._patience.left(trouble, attempt=self._attempt, waited=waited)
        if not left:
            return False
        pause = self._patience.back_off.pause(
            self._attempt,
            chance=random.random(),  # noqa: S311 - spreads clients, no more
            retry_after=trouble.retry_after,
        )
        pause = min(pause, left)
        self._patience.tell(trouble, pause=pause, waited=waited)
        self._sleep(pause)
        self._attempt += 1
        return True
