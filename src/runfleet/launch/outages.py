"""Accounts that stop answering in the middle of something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runfleet.azure import ServiceUnavailableError
from runfleet.launch.errors import AccountError
from runfleet.storage import StorageUnavailableError

SAME_COMMAND = "give the same command again: it goes on where it ended"
LOOK_AGAIN = "give the same command again: nothing is lost"
"""The ways on of whoever has typed a command: one that does something, and one that only looks."""

_GO_ON = "run the study again: it goes on where it ended"


@contextmanager
def hopeful(way_on: str = _GO_ON) -> Iterator[None]:
    """
    Say that nothing is lost when an account stops answering.

    Parameters
    ----------
    way_on
        What to do when it answers again.

    Raises
    ------
    AccountError
        In place of a `ServiceUnavailableError` or `StorageUnavailableError`, with the way to go on.
    """
    try:
        yield
    except ServiceUnavailableError as error:
        raise _hopeful_error(error, way_on) from error
    except StorageUnavailableError as error:
        # The Batch service may be there, and needs no client.
        way_on = f"{way_on}, and runs that are submitted go on meanwhile"
        raise _hopeful_error(error, way_on) from error


def _hopeful_error(
    error: ServiceUnavailableError | StorageUnavailableError, way_on: str
) -> AccountError:
    # One that has answered that it fails is reached; otherwise there is more to look at first.
    hint = way_on if error.status else f"{error.hint}; then {way_on}"
    return AccountError(error.message, hint=hint)
