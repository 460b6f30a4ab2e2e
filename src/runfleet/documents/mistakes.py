"""All that is wrong with a file, told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

from runfleet.documents.errors import DocumentError

A = TypeVar("A")
T = TypeVar("T")


class Mistakes:
    """
    Gathers what is wrong, and raises it when all has been looked at.

    Examples
    --------
    >>> with Mistakes() as mistakes:
    ...     inputs = mistakes.of(read_inputs, form) or ()
    ...     outputs = mistakes.of(read_outputs, form) or ()
    """

    def __init__(self) -> None:
        self._found: list[DocumentError] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.tell()

    def of(self, function: Callable[..., T], *arguments: object) -> T | None:
        """Call a function; None if something is wrong, which is gathered."""
        try:
            return function(*arguments)
        except DocumentError as error:
            self.add([error])
            return None

    def add(self, errors: Iterable[DocumentError]) -> None:
        """Gather errors, and the others that each of them brings."""
        for error in errors:
            self._found += [error, *error.others]

    def tell(self) -> None:
        """
        Raise what has been gathered, if anything has been.

        Raises
        ------
        DocumentError
            The first by line, which brings the others.
        """
        if self._found:
            first, *others = sorted(self._found, key=lambda found: found.line or 0)
            raise first.with_others(others)


def for_each(items: Iterable[A], function: Callable[[A], T]) -> list[T]:
    """Call a function for each item, and tell at once what is wrong with any of them."""
    made: list[T] = []
    with Mistakes() as mistakes:
        for item in items:
            mistakes.of(lambda one: made.append(function(one)), item)
    return made
