"""Instants and durations as the REST API writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

# .NET's longest TimeSpan, by which the service says "without limit".
UNLIMITED = "P10675199DT2H48M5.4775807S"
# Longer than anything that is waited for, yet short enough to be added to any instant.
FOREVER = timedelta(days=36500)

_LONGEST = timedelta(days=10675199, hours=2, minutes=48, seconds=5)

# isodate takes more than this, such as signs and `PT0.5H`, gives years and months no length, and
# cannot hold what is longer than a `timedelta`, which the service takes for "without limit".
_DURATION = re.compile(
    r"P(?=.)(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=.)(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?"
)


# What one request changes shares its instants, and a task's own are often the same.
@lru_cache(maxsize=1024)
def time_text(instant: datetime) -> str:
    """An instant as UTC with `Z`, trailing zeros of its fraction dropped."""
    text = instant.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def parse_time(text: str) -> datetime:
    """
    An instant from ISO 8601 text, UTC where it names no zone.

    Raises
    ------
    ValueError
        If the text is no instant.
    """
    instant = datetime.fromisoformat(text)
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"`{text}` lies outside the calendar") from error


def duration_text(duration: timedelta | None) -> str:
    """A duration in its shortest form, such as ``PT15M``; None is without limit."""
    if duration is None:
        return UNLIMITED
    days = f"{duration.days}D" if duration.days else ""
    clock = _clock_text(duration - timedelta(days=duration.days))
    return f"P{days}T{clock}" if clock else f"P{days}" if days else "PT0S"


def parse_duration(text: str) -> timedelta | None:
    """
    A duration from ISO 8601 text; None where it is the service's "without limit" or longer.

    A year counts 365 days and a month 30, as .NET reads them.

    Raises
    ------
    ValueError
        If the text is no duration, or a negative one.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:60]}` is not an ISO 8601 duration such as `PT15M`")
    years, months, weeks, days, hours, minutes, seconds = (
        float(part or 0) for part in match.groups()
    )
    whole_days = 365 * years + 30 * months + 7 * weeks + days
    total = 86400 * whole_days + 3600 * hours + 60 * minutes + seconds
    if total >= _LONGEST.total_seconds():
        return None
    return timedelta(days=whole_days, hours=hours, minutes=minutes, seconds=seconds)


def parse_limit(text: str | None) -> timedelta | None:
    """
    A duration that limits something; None where nothing does.

    What exceeds a century is no limit either: added to an instant it might leave the calendar.
    """
    duration = None if text is None else parse_duration(text)
    return duration if duration is not None and duration < FOREVER else None


def _clock_text(part_of_day: timedelta) -> str:
    hours, rest = divmod(part_of_day.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{part_of_day.microseconds:06d}".rstrip("0") if part_of_day.microseconds else ""
    second_text = f"{seconds}{fraction}S" if seconds or fraction else ""
    return "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n) + second_text
