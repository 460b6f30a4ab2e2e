"""What ruamel.yaml finds wrong, in words for people who know no YAML grammar."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.tokens import (
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
)

from runfleet.documents.errors import DocumentError
from runfleet.documents.texts import ON_COMMENTS, has_comment

_MISTAKES = (
    (r"'\\t'", "a tab stands where YAML allows none", "write blanks in its place"),
    (
        r"character '(.+)' that cannot start",
        "a text begins with `{0}`, which means something to YAML",
        "put the text in quotes",
    ),
    (
        r"undefined alias '(.*)'",
        "`*{0}` refers to nothing",
        "put a text that begins with `*` in quotes",
    ),
    (
        "alphabetic or numeric",
        "`*` and `&` mean something to YAML",
        "put a text that begins with one of them in quotes",
    ),
    (
        "mapping values are not allowed",
        "there is a `: ` too many, or the line is indented too far",
        "indent keys of one level alike, and put a text that holds `: ` in quotes",
    ),
    (
        "expected ':'",
        "this line is no `key: value`",
        "write a blank after `:` and after `-`, and indent the lines of a longer text",
    ),
    (
        "unexpected end of stream",
        "a quote is opened here and never closed",
        "close it; within single quotes an apostrophe is written twice",
    ),
    ("'<stream end>'", "a bracket is opened here and never closed", "close it"),
    (
        r"expected ',' or '(.)'",
        "a `,` or a `{0}` is missing",
        "separate items by `,` and close each bracket that is opened",
    ),
    (
        r"<block end>, but found '(?:<block|-|\?)",
        "the indentation fits no line above",
        "indent keys of one level alike",
    ),
    (
        "<block end>",
        "something follows the end of a value",
        "remove a bracket that is too many; put a text that begins with one in quotes as a whole",
    ),
    ("node content", "a value is missing", "remove a `,` or a bracket, or write the value"),
    ("another document", "a second document begins here", "write it into a file of its own"),
    ("<document start>", "this line is no `key: value`", "write one a line, and nothing else"),
    (
        "escape",
        "a backslash in double quotes means nothing here",
        "put texts with backslashes in single quotes: '\\s+'",
    ),
    ("special characters", "there are characters that no text has", "save it as text, in UTF-8"),
)
"""What ruamel.yaml says, by regular expression, and what we say instead."""

_ON_PERCENT = "begin a comment with `#`, and put a text that begins with `%` in quotes"
_ON_PAIRS = "write a blank after `:`, and begin a comment with `#`"
_PAIR_OR_ITEM = re.compile(r":(\s|$)|^\s*-\s")

# What begins with it is for whoever reads YAML, as `%YAML 1.2` is.
_PERCENT = re.compile(r"^%(?!(?:YAML|TAG) )", re.MULTILINE)

# What ended lines in YAML 1.1, and still does for ruamel.yaml.
_SEPARATOR = re.compile(r"[\x85\u2028\u2029]")


def syntax_error(file: Path, text: str, error: YAMLError | ValueError) -> DocumentError:
    """
    Say where a text is not YAML, what is wrong there and how to mend it.

    Parameters
    ----------
    file
        Where the text is from.
    text
        The text.
    error
        What reading it has raised.
    """
    if separator := _SEPARATOR.search(text):
        what = "a character that is not seen ends a line here"
        at = text.count("\n", 0, separator.start()) + 1
        return DocumentError(what, file=file, line=at, hint="type this line anew")
    line: int | None
    if isinstance(error, MarkedYAMLError):
        what, hint, line = _of_marked(text, error)
    elif isinstance(error, YAMLError):
        what, hint = _in_our_words(getattr(error, "reason", ""))
        line = _line_of_character(text, error)
    else:  # An escape such as "\\UFFFFFFFF", which is no character.
        what, hint = _in_our_words("escape")
        line = None
    return DocumentError(what, file=file, line=line, hint=hint)


def _of_marked(text: str, error: MarkedYAMLError) -> tuple[str, str, int | None]:
    """Say what is wrong, how to mend it, and on which line."""
    if line := _line_with_percent(text, error):
        return "a line begins with `%`", _ON_PERCENT, line
    if line := _line_without_key(text, error):
        return "this line is no `key: value`", _ON_PAIRS, line
    problem, line = error.problem or "", _line_of(text, error)
    what, hint = _in_our_words(problem)
    if "<stream end>" in problem and line is not None and has_comment(text, line):
        hint = f"{hint}; {ON_COMMENTS}"
    return what, hint, line


def _line_with_percent(text: str, error: MarkedYAMLError) -> int | None:
    """Find a line that would be a comment in MATLAB or TeX, if that is at fault."""
    is_directive = error.context == "while scanning a directive"
    if not (is_directive or "<document start>" in (error.problem or "")):
        return None
    found = _PERCENT.search(text)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _line_without_key(text: str, error: MarkedYAMLError) -> int | None:
    """Find the first of the lines that a key right below them is taken for the end of."""
    is_key_refused = "mapping values are not allowed" in (error.problem or "")
    if not is_key_refused or error.problem_mark is None:
        return None
    *above, key = text.split("\n")[: error.problem_mark.line + 1]
    first = None
    for number, line in reversed(list(enumerate(above, 1))):
        if _indentation(line) != _indentation(key) or _PAIR_OR_ITEM.search(line):
            break
        first = number
    return first


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _line_of(text: str, error: MarkedYAMLError) -> int | None:
    """Find the line at fault: where a quote, a bracket or a key begins that never ends."""
    if "<stream end>" in (error.problem or "") and (opened := _line_of_open_bracket(text)):
        return opened
    begins = "end" in (error.problem or "") and "stream" in (error.problem or "")
    if begins or error.context == "while scanning a simple key":
        mark = error.context_mark or error.problem_mark
    else:
        mark = error.problem_mark or error.context_mark
    return None if mark is None else mark.line + 1


def _line_of_open_bracket(text: str) -> int | None:
    """Find the innermost bracket that is never closed, if there is one."""
    opened: list[int] = []
    for token in YAML(typ="safe", pure=True).scan(text):
        if isinstance(token, FlowMappingStartToken | FlowSequenceStartToken):
            opened.append(token.start_mark.line + 1)
        elif isinstance(token, FlowMappingEndToken | FlowSequenceEndToken) and opened:
            opened.pop()
    return opened[-1] if opened else None


def _line_of_character(text: str, error: YAMLError) -> int | None:
    position = getattr(error, "position", None)
    return None if position is None else text.count("\n", 0, position) + 1


def _in_our_words(problem: str) -> tuple[str, str]:
    for pattern, what, hint in _MISTAKES:
        match = re.search(pattern, problem)
        if match:
            return what.format(*match.groups()), hint
    what = f"this is not YAML: {problem}" if problem else "this is not YAML"
    return what, "check quotes, brackets and indentation on this line and the one before"
