"""Accounts that stop answering in the middle of something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runfleet.azure import ServiceUnavailableError
from runfleet.launch.errors import AccountError

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
        In place of a `ServiceUnavailableError`, with the way to go on.
    """
    try:
        yield
    except ServiceUnavailableError as error:
        # One that has answered that it fails is reached; otherwise there is more to look at first.
        hint = way_on if error.status else f"{error.hint}; then {way_on}"
        raise AccountError(error.message, hint=hint) from error
