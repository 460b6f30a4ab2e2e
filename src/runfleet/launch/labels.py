"""Labels of figures: long names, shortened so that one can still be told from another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

LETTER_INCHES = 0.1
"""How much room to leave for a letter of 10 points."""

LINE_INCHES = 0.17
"""How much for a line of them."""

_GAP = "..."
_NEAR_THE_BEGINNING = 3


def short_labels(texts: Sequence[str], longest: int) -> list[str]:
    """
    Bring each text on one line of bounded length; those that differ still differ.

    Parameters
    ----------
    texts
        Such as names of parameters, or the values of one.
    longest
        How many letters a label may have; those that only a number tells apart have a few more.
    """
    lines = [" ".join(text.split()) for text in texts]
    ways: tuple[Callable[[list[str], int], list[str]], ...] = (_both_ends, _where_they_differ)
    for shortened in ways:
        labels = shortened(lines, longest)
        if len(set(labels)) == len(set(lines)):
            return labels
    return [f"{number}: {label}" for number, label in enumerate(_both_ends(lines, longest), 1)]


def _both_ends(lines: list[str], longest: int) -> list[str]:
    """Leave out the middle: names of files differ at both of their ends."""
    half = (longest - len(_GAP)) // 2
    return [
        line if len(line) <= longest else f"{line[:half]}{_GAP}{line[-half:]}" for line in lines
    ]


def _where_they_differ(lines: list[str], longest: int) -> list[str]:
    """Leave out what all long ones begin or end with, but for what is next to the difference."""
    long = [line for line in lines if len(line) > longest]
    before = _common_letters(long)
    after = _common_letters([line[before:][::-1] for line in long])
    room = longest - 2 * len(_GAP)
    differing = max(len(line) - before - after for line in long)
    begin = min(before - max(0, room - differing) // 2, max(map(len, long)) - room)
    if begin <= _NEAR_THE_BEGINNING:
        begin = 0
    return [line if len(line) <= longest else _window(line, begin, room) for line in lines]


def _common_letters(lines: list[str]) -> int:
    """Count the letters with which all lines begin."""
    return sum(
        1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*lines, strict=False))
    )


def _window(line: str, begin: int, room: int) -> str:
    end = begin + room
    return f"{_GAP if begin else ''}{line[begin:end]}{_GAP if end < len(line) else ''}"
