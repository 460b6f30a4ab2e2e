"""Usage metrics: the period that clients ask for, and what they read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from runfleet.batch.usage import Period, PoolUsage, interval_start, last_interval
from runfleet.batch.vm_sizes import service_spelling
from runfleet.wire.bodies import JsonObject
from runfleet.wire.errors import invalid_query
from runfleet.wire.values import parse_time, time_text


def read_period(query: Mapping[str, str], now: datetime) -> Period:
    """
    The intervals that a request asks about, by default the last one that is over.

    The service wants both times to lie hours back, since its figures come late.  Here they are
    there at once, so that one may ask up to the present.

    Raises
    ------
    WireError
        ``InvalidQueryParameterValue``.
    """
    last = last_interval(now)
    start = _instant(query, "starttime") or last.start
    return Period(interval_start(start), _instant(query, "endtime") or last.end)


def usage_json(usage: PoolUsage) -> JsonObject:
    """What a pool came to in an interval, as clients read it."""
    return {
        "poolId": usage.pool_id,
        "startTime": time_text(usage.start),
        "endTime": time_text(usage.end),
        "vmSize": service_spelling(usage.vm_size),
        "totalCoreHours": usage.core_hours,
    }


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise invalid_query(name, text, "must be a time such as 2024-01-01T00:00:00Z") from None
