"""The first lines of scripts, which say what runs them: `#!/usr/bin/env -S python3 -u`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_SPLITS = re.compile(r"(-v?S|--split-string\b=?)\s*")
_ENV_OPTIONS_WITH_VALUE = ("-u", "--unset", "-C", "--chdir")


@dataclass(frozen=True)
class FirstLine:
    """
    What the first line of a script says.

    Parameters
    ----------
    program
        What it starts, behind `env` with its options and variables; empty if nothing.
    command
        What to type for it, before the name of the script.
    is_split
        Whether Linux takes its words apart.
    """

    program: str
    command: str
    is_split: bool = True

    @classmethod
    def read(cls, line: str) -> FirstLine:
        """Read what follows `#!`."""
        first, *rest = line.split() or [""]
        name = PurePosixPath(first).name
        if name != "env":
            return cls(name, shlex.join([name, *rest]))
        text = " ".join(rest)
        splits = _SPLITS.match(text)
        words = text[splits.end() if splits else 0 :].split()
        place = _place_of_program(words)
        if place == len(words):
            return cls(name, name)
        program = PurePosixPath(words[place]).name
        before = [name, *words[:place]] if place else []
        command = shlex.join([*before, program, *words[place + 1 :]])
        return cls(program, command, is_split=splits is not None or len(rest) < 2)


def _place_of_program(words: Sequence[str]) -> int:
    """Count the options of `env`, with their values, and the variables that it sets."""
    place = 0
    while place < len(words) and (words[place].startswith("-") or "=" in words[place]):
        place += 2 if words[place] in _ENV_OPTIONS_WITH_VALUE else 1
    return min(place, len(words))
