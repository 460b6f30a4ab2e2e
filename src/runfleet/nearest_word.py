"""What somebody meant who has mistyped a name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """
    Find the known word that `word` was probably meant to be, whatever its capitals.

    Parameters
    ----------
    word
        What was written.
    known
        What could have been.
    cutoff
        How much of both has to be the same: 1 for all.
    """
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[close[0]] if close else None
