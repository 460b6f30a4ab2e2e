"""Scripts that a command has carried out by their interpreters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PureWindowsPath

_CODE_LETTERS = {
    **dict.fromkeys(("sh", "bash", "dash", "ksh", "zsh"), "cs"),
    "python": "cm",
    **dict.fromkeys(("perl", "ruby", "rscript", "julia"), "eE"),
    **dict.fromkeys(("octave", "java", "wine", "cmd"), ""),
}
"""Interpreters, and the letters of their options in whose place or after which no script comes."""

_VERSION = re.compile(r"[\d.]*(\.exe)?$")
_OPTION = re.compile(r"-(.*)|/\w", re.DOTALL)


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
        option = _OPTION.fullmatch(word)
        if letters is None or option is None:
            if letters is not None:
                yield word
            letters = _CODE_LETTERS.get(_interpreter(word))
        elif _brings_code(option[1] or "", letters):
            letters = None


def _interpreter(word: str) -> str:
    """Name a program as it is called in all its versions: `python` for `/usr/bin/python3.11`."""
    return _VERSION.sub("", PureWindowsPath(word).name.lower())


def _brings_code(option: str, letters: str) -> bool:
    """Tell whether an option, or one of several that are written together, is of these letters."""
    return not option.startswith("-") and not {*letters}.isdisjoint(option)
