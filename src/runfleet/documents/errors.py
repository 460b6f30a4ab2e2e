"""What can go wrong with a file that a user writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from runfleet.errors import RunfleetError
from runfleet.nearest_word import nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_NO_SYNONYMS: Mapping[str, str] = {}


class DocumentError(RunfleetError):
    """
    A file asks for something that cannot be done.

    Parameters
    ----------
    what
        What is wrong, in one sentence without a full stop.
    file
        The file it stands in, as the user spelled it.
    line
        The line of that file, counted from 1, where there is one.
    hint
        How to mend it.
    """

    others: tuple[DocumentError, ...]

    def __init__(
        self, what: str, *, file: Path | str, line: int | None = None, hint: str | None = None
    ) -> None:
        place = str(file) if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {what}", hint=hint)
        self.what = what
        self.file = Path(file)
        self.line = line

    def with_others(self, others: Iterable[DocumentError]) -> Self:
        """Bring along what else is wrong, so that all of it can be told at once."""
        self.others = tuple(others)
        return self


class InvalidValueError(RunfleetError, ValueError):
    """
    Something is wrong with a value, found by code that does not know where the value stands.

    Whoever knows the place turns it into a `DocumentError`; pydantic carries it there, as it is a
    `ValueError`.

    Parameters
    ----------
    message
        What is wrong, in one sentence without a full stop.
    hint
        How to mend it.
    key
        The key, within the value at fault, that the message is about.
    """

    others: tuple[InvalidValueError, ...]

    def __init__(self, message: str, *, hint: str | None = None, key: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.key = key


class UnknownKeyError(InvalidValueError):
    """
    A mapping has a key that means nothing there.

    Attributes
    ----------
    beside
        What pydantic finds wrong with the values of the mapping's other keys.
    is_translated
        Whether the hint says what other programs mean by the key.
    """

    beside: Sequence[ErrorDetails] = ()
    is_translated: bool = False


class EmptyKeyError(InvalidValueError):
    """A mapping has a key that it needs, and nothing stands behind it."""


def suggest(
    word: str,
    known: Iterable[str],
    otherwise: str,
    *,
    synonyms: Mapping[str, str] = _NO_SYNONYMS,
    instead: str | None = None,
) -> str:
    """Ask whether the nearest known word was meant; where none is near, list them, or say that."""
    names = list(known)
    meant = synonyms.get(word.lower()) or nearest(word, names)
    if meant is not None:
        return f"did you mean `{meant}`?"
    if instead is not None:
        return instead
    return f"{otherwise} {listed(names)}" if names else f"{otherwise} none"


def listed(names: Iterable[str]) -> str:
    """Spell names as a list in a sentence: `a`, `b` and `c`."""
    return joined([f"`{name}`" for name in names])


def joined(words: Sequence[str]) -> str:
    """Join words as in a sentence: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
