"""Values of a table, which have to be such as their parameters are declared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runfleet.documents.errors import InvalidValueError
from runfleet.documents.texts import is_label, shortened, without_zeros
from runfleet.study.errors import StudyError
from runfleet.study.parameters import Parameter
from runfleet.study.values import Value, as_text, parse_cell


def check_declared(parameter: Parameter, value: Value, line: int, file: Path) -> None:
    """
    Refuse a value that the declaration of its parameter does not allow.

    Raises
    ------
    StudyError
        If it is out of range, or a text where a number is meant, or the other way round.
    """
    distribution = parameter.distribution
    if distribution is None or distribution.holds(value):
        return
    place = f"`parameters.{parameter.name}`"
    meant = (hint for other, hint in _other_kinds(value, place) if distribution.holds(other))
    hint = next(meant, None)
    kind = f"{_kind(value)} " if hint else ""
    shown = f"{kind}`{shortened(as_text(value))}`"
    raise StudyError(
        f"`{parameter.name}` cannot be {shown}, as its parameter is declared",
        file=file,
        line=line,
        hint=hint or f"change the value, or what {place} allows",
    )


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "the truth value"
    return "the text" if isinstance(value, str) else "the number"


def _other_kinds(value: Value, place: str) -> Iterator[tuple[Value, str]]:
    """Read a value as one of another kind, each with how to write what is meant."""
    text = as_text(value)
    if isinstance(value, str):
        yield from _of_text(text)
        return
    yield text, f"write `{text}` without quotes in {place}"
    if value in (0, 1):
        yield bool(value), f"write `{as_text(bool(value))}`"
    if isinstance(value, float) and value.is_integer():
        yield int(value), f"write `{int(value)}`, as it is a whole number"


def _of_text(text: str) -> Iterator[tuple[Value, str]]:
    if is_label(text):
        plain, way = without_zeros(text), ", as digits after a zero are a text"
    else:
        plain = text.lower()
        way = " without quotes" if text == plain else " in small letters, without quotes"
    with suppress(InvalidValueError):
        yield parse_cell(plain), f"write `{plain}`{way}"
