"""What a misspelled name was probably meant to be, among many."""

from __future__ import annotations

from collections.abc import Collection

from runfleet.documents.errors import listed
from runfleet.nearest_word import nearest

_MOST_COMPARISONS = 20_000
_MOST_LISTED = 8


class Suggestions:
    """
    Hints about names that are unknown.

    Names are compared only for the first few mistakes: a control file may have a hundred thousand
    of them, and when one is wrong, often all are.

    Parameters
    ----------
    known
        The names that would be right.
    owner
        What has them, as in `the control file has`.
    otherwise
        The hint where none of them is near and there are too many to list.
    """

    def __init__(self, known: Collection[str], owner: str, otherwise: str) -> None:
        self._known = known
        self._owner = owner
        self._otherwise = otherwise
        self._left = _MOST_COMPARISONS

    def hint(self, name: str) -> str:
        """Ask whether a near name was meant, or list what there is."""
        if self._left >= len(self._known) > 0:
            self._left -= len(self._known)
            if meant := nearest(name, self._known):
                return f"did you mean `{meant}`?"
        if 0 < len(self._known) <= _MOST_LISTED:
            return f"{self._owner} {listed(self._known)}"
        return self._otherwise
