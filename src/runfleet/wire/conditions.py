"""Entity tags and conditional requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from runfleet.wire.errors import WireError
from runfleet.wire.operations import Conditions
from runfleet.wire.requests import Request

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_TICKS_PER_MICROSECOND = 10

# The one that decides stands first.
_NOT_CHANGED = ("if-match", "if-unmodified-since")
_CHANGED = ("if-none-match", "if-modified-since")


@lru_cache(maxsize=1024)
def etag(last_modified: datetime) -> str:
    """The entity tag of a resource: its last modification in .NET ticks, without quotes."""
    microseconds = (last_modified - _EPOCH) // timedelta(microseconds=1)
    return f"0x{microseconds * _TICKS_PER_MICROSECOND:X}"


def http_date(instant: datetime) -> str:
    """An instant as HTTP headers write it, cut to whole seconds."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)


def parse_http_date(name: str, text: str) -> datetime:
    """
    An instant from the header `name`.

    Raises
    ------
    WireError
        ``InvalidHeaderValue``.
    """
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError) as error:
        raise WireError("InvalidHeaderValue", {"HeaderName": name, "HeaderValue": text}) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def check_conditions(request: Request, last_modified: datetime) -> None:
    """
    Refuse a request whose conditional headers do not hold for an existing resource.

    Raises
    ------
    WireError
        ``ConditionNotMet``: 304 to a read that asked for changes, 412 to everything else;
        ``MultipleConditionHeadersNotSupported`` or ``InvalidHeaderValue``.
    """
    name = _deciding_header(request)
    if name is None or _holds(name, request.headers[name], last_modified):
        return
    not_modified = request.reads and name in _CHANGED
    raise WireError("ConditionNotMet", status=304 if not_modified else None)


def _deciding_header(request: Request) -> str | None:
    sent = _sent_conditions(request)
    for first, second in (_NOT_CHANGED, _CHANGED):
        if sent <= {first, second}:
            return first if first in sent else second if second in sent else None
    raise WireError("MultipleConditionHeadersNotSupported")


def _sent_conditions(request: Request) -> set[str]:
    obeyed = {
        Conditions.NONE: (),
        Conditions.DATES: (_NOT_CHANGED[1], _CHANGED[1]),
        Conditions.ALL: _NOT_CHANGED + _CHANGED,
    }[request.operation.conditions]
    return {name for name in obeyed if request.headers.get(name)}


def _holds(name: str, text: str, last_modified: datetime) -> bool:
    if name in ("if-match", "if-none-match"):
        return _matches(text, last_modified) == (name == "if-match")
    modified = last_modified.replace(microsecond=0) > parse_http_date(name, text)
    return modified == (name == "if-modified-since")


def _matches(tags: str, last_modified: datetime) -> bool:
    """Whether a list of tags, quoted or not, names the current state or anything (``*``)."""
    names = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    return "*" in names or etag(last_modified) in names
