"""What a command line is made of, as the shell of its nodes reads it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.interpreters import script_words, shell_lines

_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)
_OPERATORS = re.compile(r"[;&|()\n]+")
# What a comment does not begin in, or one: to the end of its line, where a word would begin.
_QUOTED_OR_COMMENT = re.compile(
    r"""('[^']*'|"(?:\\.|[^"\\])*"|\\.)|(?:^|(?<=[\s;&|()]))#[^\n]*""", re.DOTALL | re.MULTILINE
)
# A word in quotes, or up to a blank or an operator, where a command begins.
_WINDOWS_PROGRAM = re.compile(
    r'(?:^|[&|(\n])\s*@?(?:call\s+)?("[^"\n]+"|[^\s&|()<>"]+)', re.IGNORECASE
)
_WINDOWS_WORD = re.compile(r'"[^"\n]*"|[&|()<>\n]+|[^\s&|()<>"]+')


def is_operator(word: str) -> bool:
    """Tell whether a word of a line ends one command, and another one may begin."""
    return _OPERATORS.fullmatch(word) is not None


@dataclass(frozen=True)
class CommandLine:
    """
    A command line, of one command or several.

    Parameters
    ----------
    text
        As it is written.
    system
        That of the nodes.
    """

    text: str
    system: OperatingSystem

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All of its words, without their quotes, and its operators."""
        if self.system is OperatingSystem.LINUX:
            return tuple(_shell_words(self.text))
        return tuple(match[0].strip('"') for match in _WINDOWS_WORD.finditer(self.text))

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """The words by which it names the programs that it starts."""
        if self.system is OperatingSystem.LINUX:
            return tuple(self._first_words())
        return tuple(match[1].strip('"') for match in _WINDOWS_PROGRAM.finditer(self.text))

    @property
    def scripts(self) -> Iterator[str]:
        """The words by which it names scripts to their interpreters, as far as one can tell."""
        return script_words(self.words)

    @property
    def inner_lines(self) -> Iterator[CommandLine]:
        """The lines that it gives to shells."""
        return (CommandLine(line, self.system) for line in shell_lines(self.words))

    @property
    def has_open_quote(self) -> bool:
        """Whether the shell will refuse it for a quote that is not closed; `cmd` takes that."""
        # What follows `<<` is no line of the shell.
        if self.system is OperatingSystem.WINDOWS or "<<" in self.text:
            return False
        try:
            shlex.split(_without_comments(self.text))
        except ValueError as error:
            return "quotation" in str(error)
        return False

    def _first_words(self) -> Iterator[str]:
        """Take the first word of each command."""
        is_first = True
        for word in self.words:
            if is_operator(word):
                is_first = True
            elif is_first and not _ASSIGNMENT.fullmatch(word):
                yield word
                is_first = False


def _shell_words(text: str) -> Iterator[str]:
    """Split a line as a POSIX shell does, with operators as words of their own."""
    lexer = shlex.shlex(_without_comments(text), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        yield from lexer
    except ValueError:  # a quote is not closed, as the shell will say
        return


def _without_comments(text: str) -> str:
    """Leave out what a POSIX shell does not read: an apostrophe in there opens no quote."""
    return _QUOTED_OR_COMMENT.sub(lambda match: match[1] or "", text)
