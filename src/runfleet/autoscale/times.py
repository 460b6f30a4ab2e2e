"""Points in time as formulas spell them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from runfleet.autoscale.errors import FaultError

# W3C-DTF: a year, or more and more of https://www.w3.org/TR/NOTE-datetime; a time has a zone.  More
# than seven digits of a second are refused, as the service refuses what Java writes
# (nextflow-io/nextflow#3866).
_W3C = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d{1,7}))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d))?)?)?"
)
_RFC_1123 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT"
)
MEMBERS = ("year", "month", "day", "weekday", "hour", "minute", "second")


def parse_time(text: str) -> datetime:
    """
    Read a timestamp in W3C-DTF or as in RFC 1123.

    Raises
    ------
    FaultError
        If it is neither.
    """
    try:
        if _RFC_1123.fullmatch(text):
            return parsedate_to_datetime(text).astimezone(UTC)
        match = _W3C.fullmatch(text)
        if match is not None:
            return _from_w3c(match)
    except (ValueError, OverflowError):
        pass
    raise FaultError(
        f"`{text}` is not a time",
        hint="write it as `2016-10-13T19:18:47Z` or as `Thu, 13 Oct 2016 19:18:47 GMT`",
    )


def _from_w3c(match: re.Match[str]) -> datetime:
    found = match.groupdict()
    fields = [int(found[name] or 1) for name in ("year", "month", "day")]
    clock = [int(found[name] or 0) for name in ("hour", "minute", "second")]
    microsecond = int((found["fraction"] or "").ljust(6, "0")[:6])
    local = datetime(*fields, *clock, microsecond, tzinfo=UTC)  # type: ignore[misc,arg-type]
    return local - _zone(found["zone"])


def _zone(text: str | None) -> timedelta:
    if text in (None, "Z"):
        return timedelta(0)
    assert text is not None
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return -offset if text[0] == "-" else offset


def member_of(time: datetime, member: str) -> float:
    """A part of a timestamp; the week begins with Monday, which is 1."""
    return float(time.isoweekday() if member == "weekday" else getattr(time, member))
