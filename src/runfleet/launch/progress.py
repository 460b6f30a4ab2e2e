"""How far a study is, by counts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from runfleet.launch.explanation import Explanation
from runfleet.launch.failures import FailedRun

_STALL_SECONDS = 5.0
_STALL_RUNS = 3
_SHORTEST_PAUSE = 0.05
_LAST_PAUSE = 0.015
_LONGEST_PAUSE = 3.0


@dataclass(frozen=True, slots=True)
class RunCounts:
    """
    How many runs of a study are in which state.

    Parameters
    ----------
    total
        All of them, also those that have not been submitted yet.
    waiting, running
        Those that have not ended.
    succeeded, failed
        Those that have.
    cancelled
        Those that will not run unless the study is run again.
    """

    total: int
    waiting: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def ended(self) -> int:
        """How many will not change any more by themselves."""
        return self.succeeded + self.failed + self.cancelled

    @property
    def all_ended(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.ended >= self.total


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a study is at one moment.

    Parameters
    ----------
    counts
        Its runs by state.
    elapsed
        For how long it has been watched.
    rate
        Runs ended a second, of late; None as long as there is too little to tell.
    time_left
        How long the rest will take at this rate.
    new_failures
        Runs that have failed since the last look, with what they said: some, where there are many.
    explanation
        Why nothing is running, where that is so; with `is_stuck` set nothing will, and watching
        ends.
    """

    counts: RunCounts
    elapsed: timedelta
    rate: float | None = None
    time_left: timedelta | None = None
    new_failures: tuple[FailedRun, ...] = ()
    explanation: Explanation | None = None


class Pace:
    """
    Runs ended a second, over the last while.

    Parameters
    ----------
    window
        How many seconds count.
    """

    def __init__(self, window: float = 30.0) -> None:
        self._window = window
        self._seen: deque[tuple[float, int]] = deque()
        self._last_end = 0.0

    def observe(self, now: float, ended: int) -> None:
        """Note how many runs have ended by `now`, in seconds."""
        if not self._seen or ended > self._seen[-1][1]:
            self._last_end = now
        self._seen.append((now, ended))
        while len(self._seen) > 2 and now - self._seen[1][0] > self._window:
            self._seen.popleft()

    @property
    def rate(self) -> float | None:
        """Runs a second; None as long as none has ended while we looked."""
        if not self._seen:
            return None
        (since, before), (now, ended) = self._seen[0], self._seen[-1]
        return (ended - before) / (now - since) if ended > before and now > since else None

    def seconds_left(self, remaining: int) -> float | None:
        """How long the remaining runs take at this rate; None if it does not hold any more."""
        rate = self.rate
        if not rate or self._is_stalled(rate):
            return None
        return remaining / rate

    def _is_stalled(self, rate: float) -> bool:
        """Tell whether runs have stopped to end: those that are left take longer, or hang."""
        now, _ = self._seen[-1]
        return now - self._last_end > _STALL_SECONDS + _STALL_RUNS / rate


def next_pause(pause: float, seconds_left: float | None) -> float:
    """
    Tell how many seconds to wait before the next look.

    Looks become rarer, up to one in 3 seconds, but near the end they are frequent again.

    Parameters
    ----------
    pause
        How long the last wait was.
    seconds_left
        Until the end at the present rate, if that is known.
    """
    grown = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, pause * 1.3))
    if seconds_left is None:
        return grown
    return min(grown, max(_LAST_PAUSE, seconds_left * 0.5))
