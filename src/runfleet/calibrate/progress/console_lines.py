"""Lines of a text that grows, as a console would show them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FORWARD = re.compile(r"\x1b\[(\d*)C")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_END = re.compile(r"[\r\n]+")


class LineSplitter:
    """
    Splits what is appended to a text into lines, without escape sequences.

    A line that is not finished yet is kept for the next time.
    """

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> Iterator[str]:
        """
        Take what has been appended.

        Parameters
        ----------
        text
            It may begin and end anywhere, also in the middle of an escape sequence.
        """
        *lines, self._rest = _END.split(self._rest + text)
        for line in lines:
            yield without_escapes(line)


def without_escapes(line: str) -> str:
    """Remove what moves the cursor and sets colours; a step forward becomes a blank."""
    if "\x1b" not in line:
        return line
    stepped = _FORWARD.sub(lambda match: " " * min(int(match[1] or 1), 200), line)
    return _ESCAPE.sub("", stepped)
