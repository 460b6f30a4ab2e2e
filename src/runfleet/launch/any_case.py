"""Patterns that match names in any case, as runs on Windows nodes spell them."""

from __future__ import annotations


def in_any_case(pattern: str) -> str:
    """
    Let a pattern match names in capitals and in small letters.

    Parameters
    ----------
    pattern
        With `*`, `?` and `**`; of brackets only those that stand for themselves, as `[[]`.
    """
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else one for one in pattern)
