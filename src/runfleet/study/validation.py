"""What pydantic finds wrong, in the words of the study file."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runfleet.study.document import Document, Place
from runfleet.study.errors import InvalidValueError, StudyError
from runfleet.study.values import describe

M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "string_type": ("a text", 'put it in quotes: "..."'),
    "int_type": ("a whole number", "write digits only, without quotes"),
    "int_from_float": ("a whole number", "write digits only, without quotes"),
    "float_type": ("a number", "write it without quotes, with a decimal point"),
    "finite_number": ("a finite number", "give a number that is neither NaN nor infinite"),
    "bool_type": ("true or false", "write `true` or `false` without quotes"),
    "list_type": ("a list", "write `[first, second]`, or one item a line after `- `"),
    "dict_type": ("a mapping", "write `{key: value}`, or one `key: value` a line"),
    "model_type": ("a mapping", "write `{key: value}`, or one `key: value` a line"),
}

_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}

_SHAPES = {
    "uniform": "[lowest, highest]",
    "loguniform": "[lowest, highest]",
    "integers": "[lowest, highest]",
    "normal": "[mean, standard deviation]",
    "triangular": "[lowest, mode, highest]",
}


def check(form: type[M], document: Document) -> M:
    """
    Check a document against a form.

    Raises
    ------
    StudyError
        About the first thing that is wrong, by line.
    """
    try:
        return form.model_validate(document.data)
    except ValidationError as error:
        # The cause is left out: its text, and the values in it, say the same once more.
        errors = [_explained(document, details) for details in error.errors()]
        raise min(errors, key=lambda found: found.line or 0) from None


def _explained(document: Document, details: ErrorDetails) -> StudyError:
    place: Place = tuple(part for part in details["loc"] if part != "[key]")
    invalid = details.get("ctx", {}).get("error")
    if isinstance(invalid, InvalidValueError):
        at = place if invalid.key is None else (*place, invalid.key)
        return document.error(at, _within(place, invalid.message), invalid.hint)
    what, hint = _in_words(place, details)
    return document.error(place, what, hint)


def _within(place: Place, what: str) -> str:
    return f"{spelled(place)}: {what}" if place else what


def spelled(place: Place) -> str:
    """Spell a place as users think of it: `model.inputs[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"`{text.removeprefix('.')}`" if place else "the study file"


def _in_words(place: Place, details: ErrorDetails) -> tuple[str, str | None]:
    kind, context, found = details["type"], details.get("ctx", {}), details["input"]
    subject = spelled(place)
    if kind in _EXPECTED:
        expected, hint = _EXPECTED[kind]
        return f"{subject} should be {expected}, not {describe(found)}", _hint(place, found, hint)
    if kind in ("too_short", "too_long"):
        return _wrong_length(place, context)
    if kind == "string_too_short":
        return f"{subject} is empty", "write something, or remove the key"
    if kind == "enum":
        return f"{subject} should not be {describe(found)}", f"use {context['expected']}"
    if kind == "string_pattern_mismatch":
        return (
            f"{subject} holds characters that Batch refuses, or too many",
            "use up to 64 letters, digits, `-` and `_`",
        )
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        bound = f"{words} {context[key]:,}"
        return f"{subject} should be {bound}, not {found}", f"give a number of {bound}"
    return f"{subject}: {details['msg']}", "see the reference of the study file"


def _hint(place: Place, found: object, hint: str) -> str:
    if '"..."' in hint and isinstance(found, int | float):
        return f'put it in quotes: "{str(found).lower()}"'
    if '"..."' in hint and isinstance(found, list | dict):
        return "write a single text"
    if place[-1:] in (("grid",), ("zip",)):
        return f"write `design: {place[-1]}`, and the values under `parameters`"
    shape = _SHAPES.get(str(place[-1])) if place else None
    return f"write `{shape}`" if shape else hint


def _wrong_length(place: Place, context: dict[str, object]) -> tuple[str, str]:
    count = context["actual_length"]
    if count == 0:
        return f"{spelled(place)} is empty", "give at least one"
    shape = _SHAPES.get(str(place[-1]), "")
    wanted = context.get("min_length", context.get("max_length"))
    return f"{spelled(place)} should have {wanted} items, not {count}", f"write `{shape}`"
