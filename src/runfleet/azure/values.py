"""Values as the Batch service writes them: times, durations, name and value lists, filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import isodate


def duration_to_wire(duration: timedelta) -> str:
    """Write a duration as ISO 8601, such as `P1DT30S`."""
    text: str = isodate.duration_isoformat(duration)
    return text


def duration_from_wire(text: str) -> timedelta | None:
    """Read a duration such as `P1DT30S`; None where it is none in days and less."""
    try:
        duration = isodate.parse_duration(text)
    except isodate.ISO8601Error:
        return None
    return duration if isinstance(duration, timedelta) else None


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
