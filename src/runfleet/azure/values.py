"""Values as the Batch service writes them: times, durations, name and value lists, filters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def duration_to_wire(duration: timedelta) -> str:
    """Write a duration as ISO 8601, such as `P1DT30S`."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{duration.microseconds:06}".rstrip("0") if duration.microseconds else ""
    days = f"{duration.days}D" if duration.days else ""
    return f"P{days}T{hours}H{minutes}M{seconds}{fraction}S"


def duration_from_wire(text: str) -> timedelta | None:
    """Read a duration such as `P1DT30S`; None where it is none in days and less."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def time_from_wire(text: str | None) -> datetime | None:
    """Read a time such as `2023-09-07T06:26:59.4136412Z`; None where there is none."""
    return datetime.fromisoformat(text) if text else None


def pairs_to_wire(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    """Write environment variables or metadata as the list that the service takes."""
    return [{"name": name, "value": value} for name, value in pairs.items()]


def pairs_from_wire(items: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Read environment variables or metadata."""
    return {item["name"]: item.get("value", "") for item in items or ()}


def without_none(**members: Any) -> dict[str, Any]:
    """Leave out the members of a request that are not set."""
    return {name: value for name, value in members.items() if value is not None}


def quoted(text: str) -> str:
    """Write a text as a literal of a `$filter`."""
    return "'" + text.replace("'", "''") + "'"
