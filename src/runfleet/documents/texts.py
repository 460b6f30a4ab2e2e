"""Values of a document in the words of messages, and texts that no program can read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runfleet.documents.errors import InvalidValueError

ON_COMMENTS = "` #` begins a comment: put a text that holds it in quotes"
"""The hint where a comment may have swallowed what was meant."""

_COMMENT = re.compile(r"\s#")
_LABEL = re.compile(r"0[0-9]+")


def is_label(text: str) -> bool:
    """Tell whether digits begin with a zero, as `0012` does: a number is not written like that."""
    return _LABEL.fullmatch(text) is not None


def without_zeros(label: str) -> str:
    """Write a label as a number."""
    return label.lstrip("0") or "0"


def has_comment(text: str, line: int) -> bool:
    """Tell whether a line, counted from 1, seems to have a comment behind something else."""
    return _COMMENT.search(text.split("\n")[line - 1].strip()) is not None


def check_text(text: str) -> str:
    """
    Refuse what no file and no environment variable can hold.

    Raises
    ------
    InvalidValueError
        If the text holds a null character, or half of a surrogate pair.
    """
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidValueError(
            "a text holds a character that no program can read",
            hint="remove the null character or the half of a surrogate pair",
        )
    return text


def describe(value: object) -> str:
    """Name a value read from YAML in the user's words."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text `{shortened(value)}`"
    return f"the number {shortened(str(value))}"


def shortened(text: str) -> str:
    """Cut a long text, for messages."""
    return text if len(text) <= 40 else f"{text[:37]}..."
