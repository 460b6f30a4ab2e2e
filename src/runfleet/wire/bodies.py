"""From the bytes of a request body to a checked shape of `wire.models`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

import orjson
from pydantic import TypeAdapter, ValidationError

from runfleet.wire.coverage import Members
from runfleet.wire.errors import WireError, invalid_property, missing_property, not_implemented

JsonObject = dict[str, Any]
ShapeT = TypeVar("ShapeT")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_DISPLAY_NAME = 1024


def read_json(body: bytes) -> Any:
    """
    A body as JSON, without the members that are null.

    Raises
    ------
    WireError
        ``InvalidRequestBody``.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WireError("InvalidRequestBody", {"Reason": str(error)}) from error
    if b"null" in body:
        _drop_nulls(content)
    return content


def read_body(shape: type[ShapeT], body: bytes) -> ShapeT:
    """
    A body in the given shape: unknown members left out, words and durations normalised.

    Raises
    ------
    WireError
        ``InvalidRequestBody``, ``MissingRequiredProperty`` or ``InvalidPropertyValue``.
    """
    return check_shape(shape, read_json(body))


def prepare_shape(shape: type[Any]) -> None:
    """Make ready for bodies of a shape: 10 to 20 ms, which the first of them would have to wait."""
    _adapter(cast("Hashable", shape))


def check_shape(shape: type[ShapeT], content: object) -> ShapeT:
    """The same as `read_body`, for a body that is JSON already."""
    adapter = _adapter(cast("Hashable", shape))
    try:
        checked: ShapeT = adapter.validate_python(content, strict=True)
    except ValidationError as error:
        checked = _read_leniently(adapter, content, error)
    return checked


def _read_leniently(
    adapter: TypeAdapter[ShapeT], content: object, first: ValidationError
) -> ShapeT:
    """Take numbers and truth values as text, too: `az batch` sends them so."""
    try:
        if all(isinstance(error["input"], str) for error in first.errors(include_url=False)):
            return adapter.validate_python(content)
    except ValidationError:
        pass
    raise _translate(first) from None


def check_id(name: str, text: str) -> None:
    """Refuse an id that is empty, too long or has characters that ids don't have."""
    if not _ID.fullmatch(text):
        reason = "must have 1 to 64 characters: letters, digits, hyphens and underscores"
        raise invalid_property(name, text, reason)


def check_range(content: Mapping[str, Any], name: str, low: int, high: int = 2**31 - 1) -> None:
    """Refuse a number, where there is one, outside its bounds."""
    value = content.get(name, low)
    if not low <= value <= high:
        raise invalid_property(name, value, f"must be between {low} and {high}")


def check_display_name(content: Mapping[str, Any]) -> None:
    """Refuse a display name that is too long; its characters are free."""
    if len(name := content.get("displayName", "")) > _MAX_DISPLAY_NAME:
        reason = f"must have {_MAX_DISPLAY_NAME} characters at most"
        raise invalid_property("displayName", name, reason)


def check_metadata(items: Iterable[Mapping[str, str]]) -> None:
    """Refuse metadata without a name."""
    if any(not item["name"] for item in items):
        raise WireError("EmptyMetadataKey")


def refuse_unbuilt(content: Mapping[str, Any], members: Members) -> None:
    """Refuse a checked body that has one of these members, which stand for what is not built."""
    for name, refusal in members.items():
        if content.get(name):
            raise not_implemented(refusal.reason(name))


def _drop_nulls(content: object) -> None:
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for name in [name for name, member in value.items() if member is None]:
                del value[name]
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _translate(error: ValidationError) -> WireError:
    first = error.errors(include_url=False, include_context=False)[0]
    place = [str(part) for part in first["loc"]]
    names = [part for part in first["loc"] if isinstance(part, str)]
    if not names:
        return WireError("InvalidRequestBody", {"Reason": first["msg"]})
    if first["type"] == "missing":
        return missing_property(names[-1])
    reason = first["msg"].removeprefix("Value error, ")
    return invalid_property(names[-1], first["input"], f"{'/'.join(place)}: {reason}")
