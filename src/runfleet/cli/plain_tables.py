"""Tables as plain text, for files and other programs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len

GAP = 2
"""Blanks between the columns of a table."""


def table_lines(
    rows: Iterable[Sequence[object]], aligned_right: Collection[int] = ()
) -> Iterator[str]:
    """
    Lay out a table; nothing is cut or broken, and no line ends in blanks.

    Parameters
    ----------
    rows
        The cells; one of several lines makes its row as high.
    aligned_right
        The columns whose cells end below each other.
    """
    cells = [[str(cell).split("\n") for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        for line in zip_longest(*row, fillvalue=""):
            padded = (
                _padded(text, width, right=number in aligned_right)
                for number, (text, width) in enumerate(zip(line, widths, strict=True))
            )
            yield (" " * GAP).join(padded).rstrip(" ")


def _width(lines: Iterable[str]) -> int:
    return max(map(cell_len, lines))


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks
