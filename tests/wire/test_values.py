"""Instants and durations, there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.wire.values import (
    FOREVER,
    UNLIMITED,
    duration_text,
    parse_duration,
    parse_limit,
    parse_time,
    time_text,
)

instants = st.timedeltas(timedelta(days=-700000), timedelta(days=2900000)).map(
    datetime(2024, 1, 1, tzinfo=UTC).__add__
)
durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10675198))


@given(instants)
def test_an_instant_reads_back_as_it_was_written(instant: datetime) -> None:
    assert parse_time(time_text(instant)) == instant


@given(instants, st.integers(-23, 23))
def test_an_instant_is_written_as_utc_whatever_its_zone(instant: datetime, hours: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(hours=hours)))
    assert time_text(elsewhere) == time_text(instant)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2023, 9, 7, 6, 26, 59, 413640, tzinfo=UTC), "2023-09-07T06:26:59.41364Z"),
        (datetime(2023, 9, 7, 6, 26, 50, tzinfo=UTC), "2023-09-07T06:26:50Z"),
        (datetime(2023, 9, 7, tzinfo=UTC), "2023-09-07T00:00:00Z"),
    ],
)
def test_trailing_zeros_of_a_fraction_are_dropped(instant: datetime, text: str) -> None:
    assert time_text(instant) == text


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.0000000Z",
        "2024-01-01T01:00:00+01:00",
        "2024-01-01T00:00:00",
        "2024-01-01",
    ],
)
def test_instants_are_read_in_every_spelling_that_clients_use(text: str) -> None:
    assert parse_time(text) == datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2024-13-01", "0001-01-01T00:00:00+20:00", "20"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


@given(durations)
def test_a_duration_reads_back_as_it_was_written(duration: timedelta) -> None:
    written = parse_duration(duration_text(duration))
    assert written is not None
    # A duration of centuries loses its last microsecond to the arithmetic.
    assert abs(written - duration) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("PT05M00S", "PT5M"),
        ("P0DT0H15M", "PT15M"),
        ("PT90M", "PT1H30M"),
        ("P1W", "P7D"),
        ("P7D", "P7D"),
        ("P1DT1S", "P1DT1S"),
        ("PT0.5S", "PT0.5S"),
        ("PT0S", "PT0S"),
        ("P1Y", "P365D"),
        ("P1M", "P30D"),
        (UNLIMITED, UNLIMITED),
        ("P99999999D", UNLIMITED),
    ],
)
def test_durations_are_answered_in_their_shortest_form(sent: str, answered: str) -> None:
    assert duration_text(parse_duration(sent)) == answered


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "15M", "-PT5M", "PT5", "P5H", "pt5m", "PT5M ", "PT\u0665M"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


def test_a_limit_of_centuries_is_none_because_it_could_leave_the_calendar() -> None:
    assert parse_limit("PT1H") == timedelta(hours=1)
    assert parse_limit(None) is None
    assert parse_limit(UNLIMITED) is None
    assert parse_limit("P5000000D") is None
    assert datetime.now(UTC) + FOREVER < datetime.max.replace(tzinfo=UTC)
