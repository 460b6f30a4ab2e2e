"""Accounts that stop answering in the middle of something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runfleet.azure import ServiceUnavailableError
from runfleet.launch.errors import AccountError


@contextmanager
def hopeful() -> Iterator[None]:
    """
    Say that nothing is lost when an account stops answering.

    Raises
    ------
    AccountError
        In place of a `ServiceUnavailableError`, with the way to go on.
    """
    try:
        yield
    except ServiceUnavailableError as error:
        raise AccountError(
            error.message, hint="run the study again: it goes on where it ended"
        ) from error
