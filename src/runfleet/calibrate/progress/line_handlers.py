"""What lines tell, handed to whoever knows what that means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Told: TypeAlias = Mapping[str, str]
"""The texts of the groups of a pattern that have matched, by the names of the groups."""

Handlers: TypeAlias = Mapping[str, Callable[[str, Told], None]]
"""
By the name of the group that says what a line is about: takes its text, and all that was told.
"""


def handle_line(line: str, pattern: re.Pattern[str], handlers: Handlers) -> None:
    """
    Hand over what a line tells.

    Parameters
    ----------
    line
        The line.
    pattern
        Finds what a line can tell; one of the groups of each match has a handler.
    handlers
        Take it.
    """
    for match in pattern.finditer(line):
        told = {name: text for name, text in match.groupdict().items() if text is not None}
        name = next(name for name in told if name in handlers)
        handlers[name](told[name], told)
