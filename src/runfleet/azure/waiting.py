"""Waiting for something to happen, by asking at growing intervals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from runfleet.azure.errors import WaitTimeoutError

_FIRST_SECONDS = 0.05
_LONGEST_SECONDS = 5.0
_GROWTH = 1.5


def turns_until(
    what: str, timeout: timedelta | None, *, longest: float = _LONGEST_SECONDS
) -> Iterator[None]:
    """
    Give a turn at once and then ever more slowly, for as long as the timeout lasts.

    Parameters
    ----------
    what
        What is waited for, as the error shall name it.
    timeout
        None to wait for ever.
    longest
        How many seconds there are between two turns at most.

    Raises
    ------
    WaitTimeoutError
        When the time is over.
    """
    began = time.monotonic()
    pause = _FIRST_SECONDS
    while True:
        yield
        if timeout is not None and time.monotonic() - began > timeout.total_seconds():
            raise WaitTimeoutError(f"waited {timeout} in vain for {what}")
        time.sleep(pause)
        pause = min(longest, pause * _GROWTH)
