"""Scripts, and lines of shells, that a command has carried out by their interpreters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import PureWindowsPath

_SHELLS = ("sh", "bash", "dash", "ksh", "zsh")
_CODE_LETTERS = {
    **dict.fromkeys(_SHELLS, "cs"),
    "python": "cm",
    **dict.fromkeys(("perl", "ruby", "rscript", "julia"), "eE"),
    **dict.fromkeys(("octave", "java", "wine"), ""),
}
"""Interpreters, and the letters of their options in whose place or after which no script comes."""

_VERSION = re.compile(r"[\d.]*(\.exe)?$")
_OPTION = re.compile(r"-.*|/\w", re.DOTALL)


def script_words(words: Iterable[str]) -> Iterator[str]:
    """
    Find what follows the interpreters of a line and is none of their options.

    It is a script, unless it belongs to an option, or the line goes on without one.

    Parameters
    ----------
    words
        Those of the line, operators included.
    """
    letters: str | None = None
    for word in words:
        if letters is None or not _OPTION.fullmatch(word):
            if letters is not None:
                yield word
            letters = _CODE_LETTERS.get(_interpreter(word))
        elif _has_any(word, letters):
            letters = None


def shell_lines(words: Sequence[str]) -> Iterator[str]:
    """
    Find the lines that a line gives to shells: the `LINE` of `sh -c LINE` and of `cmd /c LINE`.

    Parameters
    ----------
    words
        Those of the line, operators included.
    """
    for number, word in enumerate(words, start=1):
        if _interpreter(word) in (*_SHELLS, "cmd"):
            options = list(takewhile(_OPTION.fullmatch, words[number:]))
            if any(_has_any(option.lower(), "c") for option in options):
                yield from words[number + len(options) :][:1]


def _interpreter(word: str) -> str:
    """Name a program as it is called in all its versions: `python` for `/usr/bin/python3.11`."""
    return _VERSION.sub("", PureWindowsPath(word).name.lower())


def _has_any(option: str, letters: str) -> bool:
    """Tell whether an option, or one of several that are written together, is of these letters."""
    return not option.startswith("--") and not {*letters}.isdisjoint(option)
