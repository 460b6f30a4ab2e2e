"""What an examination finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from runfleet.errors import RunfleetError


class Verdict(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at.

    Parameters
    ----------
    subject
        What: `login`, `image`.
    verdict
        How serious it is.
    text
        What was seen.
    remedy
        How to mend it; empty where there is nothing to mend.
    """

    subject: str
    verdict: Verdict
    text: str
    remedy: str = ""


def fine(subject: str, text: str) -> Finding:
    """Find nothing to mend."""
    return Finding(subject, Verdict.OK, text)


def doubtful(subject: str, text: str, remedy: str) -> Finding:
    """Find what may go wrong, or cannot be seen."""
    return Finding(subject, Verdict.WARNING, text, remedy)


def wrong(subject: str, text: str, remedy: str) -> Finding:
    """Find what will go wrong."""
    return Finding(subject, Verdict.ERROR, text, remedy)


def looked_at(subject: str, look: Callable[[], Finding]) -> Finding:
    """Look at something; an error that comes of it is what is found."""
    try:
        return look()
    except RunfleetError as error:
        return wrong(subject, error.message, error.hint or "")
