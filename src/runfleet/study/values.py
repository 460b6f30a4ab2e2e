"""The values that a parameter can take, and their spelling as text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from runfleet.documents.errors import InvalidValueError
from runfleet.documents.texts import check_text, describe, is_label

Value: TypeAlias = float | int | str | bool
"""One value of one parameter."""

Sample: TypeAlias = Mapping[str, Value]
"""One value for each parameter, by the parameter's name."""

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TRUTH = {"true": True, "false": False}
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def as_text(value: Value) -> str:
    """
    Spell a value for an environment variable or a template.

    Numbers get the shortest text that reads back as the same number, whole numbers no decimal
    point, and truth values the spelling of YAML: `true` and `false`.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def truth_as_text(sample: Sample) -> Sample:
    """Have the texts `true` and `false` in the place of truth values."""
    return {
        name: as_text(value) if isinstance(value, bool) else value for name, value in sample.items()
    }


def check_range(low: int, high: int) -> None:
    """Refuse a `min` that exceeds its `max`; raises `InvalidValueError`."""
    if low > high:
        raise InvalidValueError(
            f"`min` is {low} and `max` only {high}", hint="raise `max` or lower `min`"
        )


def check_value(value: object) -> Value:
    """
    Refuse what no parameter can take: nothing, lists, mappings, NaN, infinities.

    Raises
    ------
    InvalidValueError
        If `value` is none of a finite number, a text, true and false.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidValueError(
            f"`{value}` is not a number a model can be run with",
            hint="give a finite number, or a text in quotes",
        )
    if isinstance(value, bool | int | float | str):
        return value
    raise InvalidValueError(
        f"a value should be a number, a text, true or false, not {describe(value)}",
        hint="give one number or one text for each value",
    )


def parse_cell(text: str) -> Value:
    """
    Read a value from a cell of a CSV file: a whole number, a number, true, false, or else a text.

    Digits after a leading zero (`007`) are a label rather than a number and stay a text, but not
    those with a sign: `-007` is -7, as it is in YAML.  A text stays `True`, too, as Python writes
    it: a model that looks for it in its environment has to find it there.

    Raises
    ------
    InvalidValueError
        If the cell is empty or holds NaN or an infinity.
    """
    text = text.strip()
    if not text:
        raise InvalidValueError("an empty cell", hint="give every run a value for every parameter")
    if is_label(text):
        return text
    if _WHOLE_NUMBER.fullmatch(text) and len(text) < 300:
        return int(text)
    if _NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
        raise InvalidValueError(
            f"`{text}` is not a number a model can be run with", hint="give a finite number"
        )
    return _TRUTH[text] if text in _TRUTH else check_text(text)
