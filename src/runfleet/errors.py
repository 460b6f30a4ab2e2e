"""What can go wrong, by what a caller would do differently."""

from __future__ import annotations

import errno


class RunfleetError(Exception):
    """
    Root of all errors that runfleet raises on purpose.

    Parameters
    ----------
    message
        What went wrong and where, in one sentence without a full stop.
    hint
        How to mend it, or None where nobody can tell.
    """

    others: tuple[RunfleetError, ...] = ()
    """What else was found wrong, to be told with it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_out_of_space(error: OSError) -> bool:
    """Whether there is no space left, on the disk or for this user."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
