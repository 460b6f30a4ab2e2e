"""Messages of runs put together that say the same but for numbers and paths."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_PATH = re.compile(r"(?<![\w/])(?:[A-Za-z]:)?(?:[/\\][\w.@%+=-]+){2,}[/\\]?")
# But for exit codes and those of Fortran, which tell what happened.
_NUMBER = re.compile(
    r"(?<!\d)(?<!exit code )(?<!exit code -)(?<!STOP )"
    r"(?:0[xX][0-9a-fA-F]+|\d+(?:[.,]\d+)*(?:[eEdD][+-]?\d+)?)"
)

K = TypeVar("K", bound=Hashable)


def normalised(message: str) -> str:
    """Replace the parts of a message that differ from run to run."""
    return _NUMBER.sub("#", _PATH.sub("...", message))


@dataclass
class Group:
    """
    Runs that say the same.

    Parameters
    ----------
    message
        What the first of them says.
    pattern
        What they have in common, with `#` for numbers and `...` for paths.
    count
        How many there are.
    is_same
        Whether all of them say it in the same words.
    runs
        The first of them, by name.
    """

    message: str
    pattern: str
    count: int = 0
    is_same: bool = True
    runs: list[str] = field(default_factory=list)


class Groups(Generic[K]):
    """
    Groups of runs, kept apart by a key besides what they say.

    Parameters
    ----------
    examples
        How many runs a group names at most.
    """

    def __init__(self, examples: int = 1000) -> None:
        self._examples = examples
        self._groups: dict[tuple[K, str], Group] = {}

    def add(self, key: K, run: str, message: str) -> Group:
        """Take note of what a run says, and with whom."""
        pattern = normalised(message)
        group = self._groups.setdefault((key, pattern), Group(message, pattern))
        group.count += 1
        group.is_same = group.is_same and group.message == message
        if len(group.runs) < self._examples:
            group.runs.append(run)
        return group

    def largest_first(self) -> list[tuple[K, Group]]:
        """List the groups with their keys."""
        found = [(key, group) for (key, _), group in self._groups.items()]
        return sorted(found, key=lambda item: -item[1].count)
