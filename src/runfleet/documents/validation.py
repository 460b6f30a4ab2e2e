"""What pydantic finds wrong, in the words of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runfleet.documents.document import Document, Place
from runfleet.documents.errors import (
    DocumentError,
    EmptyKeyError,
    InvalidValueError,
    UnknownKeyError,
)
from runfleet.documents.form import Form
from runfleet.documents.homes import form_at, home_hint
from runfleet.documents.mistakes import Mistakes
from runfleet.documents.texts import (
    ON_COMMENTS,
    describe,
    has_comment,
    is_label,
    shortened,
    without_zeros,
)

F = TypeVar("F", bound=Form)
T = TypeVar("T")

_EXPECTED = {
    "string_type": ("a text", "write a single text"),
    "int_type": ("a whole number", "write digits only, without quotes"),
    "int_from_float": ("a whole number", "write digits only, without quotes"),
    "float_type": ("a number", "write a number with a decimal point, without quotes and unit"),
    "finite_number": ("a finite number", "give a number that is neither NaN nor infinite"),
    "bool_type": ("true or false", "write `true` or `false` without quotes"),
    "list_type": ("a list", "write `[first, second]`, or one item a line after `- `"),
    "dict_type": ("a mapping", "write `{key: value}`, or one `key: value` a line"),
    "model_type": ("a mapping", "write `{key: value}`, or one `key: value` a line"),
}
_GLUED = re.compile(r"[a-z_]{2,}:[^/\\]")
_NUMBER_ELSEWHERE = re.compile(r"[+-]?\d+([.,]\d*)?[dD][+-]?\d+|[+-]?\d+,\d+")
"""As Fortran writes a number, or with a comma."""
_GROUPED = re.compile(r"[+-]?\d+(_\d+)+(\.\d+)?")
_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_NUMBERS = {"int_type", "float_type"}
_COLLECTIONS = {"list_type", "dict_type", "model_type"}

_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


def check(form: type[F], document: Document) -> F:
    """
    Check a document against a form.

    Raises
    ------
    DocumentError
        About the first thing that is wrong, by line; it brings the others.
    """
    mistakes = Mistakes()
    try:
        return form.model_validate(document.data)
    except ValidationError as error:
        for details in error.errors():
            mistakes.add(_explained(form, document, details))
    # Outside of the handler: a cause would say the same once more, with the values in it.
    mistakes.tell()
    raise AssertionError("what pydantic refuses has an error")


def located(document: Document, place: Place, function: Callable[..., T], *arguments: object) -> T:
    """
    Call a function, and turn what is wrong into an error about a place.

    Raises
    ------
    DocumentError
        If the function raises `InvalidValueError`.
    """
    try:
        return function(*arguments)
    except InvalidValueError as invalid:
        raise document.error(place, _within(place, invalid.message), invalid.hint) from invalid


def empty_key(document: Document, place: Place, hint: str) -> DocumentError:
    """
    Make an error about a key that has nothing behind it, or only what YAML takes for a comment.

    Parameters
    ----------
    document, place
        Where the key stands.
    hint
        What belongs there.
    """
    if has_comment(document.text, document.line(place)):
        hint = f"{hint}; {ON_COMMENTS}"
    return document.error(place, f"{spelled(place)} is empty", hint)


def _explained(
    form: type[Form], document: Document, details: ErrorDetails, around: Place = ()
) -> Iterator[DocumentError]:
    place: Place = (*around, *(part for part in details["loc"] if part != "[key]"))
    invalid = details.get("ctx", {}).get("error")
    if not isinstance(invalid, InvalidValueError):
        what, hint = _in_words(form, place, details)
        yield document.error(place, what, hint)
        return
    for one in (invalid, *invalid.others):
        at = place if one.key is None else (*place, one.key)
        if isinstance(one, EmptyKeyError):
            yield empty_key(document, at, one.hint or "")
            continue
        yield document.error(at, _within(place, one.message), _remedy(form, place, one))
    if isinstance(invalid, UnknownKeyError):
        for beside in invalid.beside:
            yield from _explained(form, document, beside, place)


def _remedy(form: type[Form], place: Place, invalid: InvalidValueError) -> str | None:
    home = None
    if isinstance(invalid, UnknownKeyError) and not invalid.is_translated:
        home = home_hint(form, place, invalid.key or "")
    return home or invalid.hint


def _within(place: Place, what: str) -> str:
    return f"{spelled(place)}: {what}" if place else what


def spelled(place: Place) -> str:
    """Spell a place as users think of it: `model.inputs[0]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"`{text.removeprefix('.')}`" if place else "the file"


def _in_words(form: type[Form], place: Place, details: ErrorDetails) -> tuple[str, str | None]:
    kind, context, found = details["type"], details.get("ctx", {}), details["input"]
    subject = spelled(place)
    if kind == "model_type" and _is_short_for_text(form, place, found):
        kind = "string_type"
    if kind in _EXPECTED:
        return (
            f"{subject} should be {_EXPECTED[kind][0]}, not {describe(found)}",
            _hint(form, place, kind, found),
        )
    if kind in ("too_short", "too_long"):
        return _wrong_length(form, place, context)
    if kind == "string_too_short":
        return f"{subject} is empty", "write something, or remove the key"
    if kind == "enum":
        allowed = context["expected"].replace("'", "`")
        return f"{subject} should not be {describe(found)}", f"use {allowed}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        bound = f"{words} {context[key]:,}"
        return f"{subject} should be {bound}, not {found}", f"give a number of {bound}"
    return f"{subject}: {details['msg']}", "see the reference of this file"


def _is_short_for_text(form: type[Form], place: Place, found: object) -> bool:
    """Tell whether a number stands where a text would do in place of a mapping."""
    kind = form_at(form, place)
    return kind is not None and str in kind.shorthands and isinstance(found, int | float)


def _hint(form: type[Form], place: Place, kind: str, found: object) -> str:
    if meant := _other_spelling(kind, found):
        return meant
    if remedy := _at(place, form.remedies):
        return remedy
    example = _at(place, form.examples) if kind in _COLLECTIONS else None
    return f"write `{example}`" if example else _EXPECTED[kind][1]


def _other_spelling(kind: str, found: object) -> str | None:
    """Say how to write what was meant, where that is plain."""
    if isinstance(found, str):
        return _meant_by_text(kind, found)
    if isinstance(found, dict):
        return _meant_by_mapping(kind, found)
    return _meant_by_number(kind, found) if isinstance(found, int | float) else None


def _meant_by_mapping(kind: str, found: Mapping[str, object]) -> str | None:
    # A text that begins with a bracket, such as `{NAME}`, is a mapping of keys without values.
    if kind == "string_type" and found and not any(found.values()):
        return f'put it in quotes: "{{{", ".join(found)}}}"'
    return None


def _meant_by_number(kind: str, found: float) -> str | None:
    if kind == "string_type" and isinstance(found, float):
        return "put it in quotes"  # as it is written, and not as it is read
    if kind == "string_type":
        return f'put it in quotes: "{str(found).lower()}"'
    if kind in _NUMBERS and isinstance(found, float) and found.is_integer():
        return f"write `{int(found)}`"
    return None


def _meant_by_text(kind: str, found: str) -> str | None:
    if kind in _NUMBERS and is_label(found):
        return f"write `{shortened(without_zeros(found))}`, as digits after a zero are a text"
    if kind == "float_type" and _NUMBER_ELSEWHERE.fullmatch(found):
        return f"write `{found.replace(',', '.').lower().replace('d', 'e')}`"
    if kind in _NUMBERS and _GROUPED.fullmatch(found):
        return f"write `{shortened(found.replace('_', ''))}`"
    if kind == "bool_type" and found.lower() in _TRUTHS:
        return f"write `{_TRUTHS[found.lower()]}`"
    if kind in _COLLECTIONS and _GLUED.match(found):
        return "write a blank after `:`"
    return None


def _at(place: Place, texts: Mapping[str, str]) -> str | None:
    """Find what is said of a place, by keys in which `*` is any name and any number."""
    parts = [str(part) for part in place]
    return next((text for key, text in texts.items() if _matches(key, parts)), None)


def _matches(key: str, parts: Sequence[str]) -> bool:
    wanted = key.split(".") if key else []
    return len(wanted) == len(parts) and all(
        want in ("*", part) for want, part in zip(wanted, parts, strict=True)
    )


def _wrong_length(form: type[Form], place: Place, context: dict[str, object]) -> tuple[str, str]:
    count, example = context["actual_length"], _at(place, form.examples)
    if count == 0:
        return f"{spelled(place)} is empty", f"write `{example}`"
    wanted = context.get("min_length", context.get("max_length"))
    return (
        f"{spelled(place)} should have {wanted} items, not {count}",
        f"write `{example}`, and decimal numbers with a point",
    )
