"""What a file has in place of what a pattern looks for."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\.|\(\?\w*[:=!<]?")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LONGEST_LINE = 120


def nearest_line(pattern: str, text: str) -> str | None:
    """
    Find the line of a text that has the most words of a regular expression that nothing matches.

    Parameters
    ----------
    pattern
        The regular expression.
    text
        The text.

    Returns
    -------
    line : str or None
        Without the blanks around it; None if no line has half of the words.
    """
    words = set(_WORD.findall(_ESCAPED.sub(" ", pattern).lower()))
    if not words:
        return None
    lines = text.splitlines()
    count, place = max(
        ((_count(words, line), -number) for number, line in enumerate(lines)), default=(0, 0)
    )
    return lines[-place].strip()[:_LONGEST_LINE] if 2 * count >= len(words) else None


def _count(words: set[str], line: str) -> int:
    lower = line.lower()
    return sum(word in lower for word in words)
