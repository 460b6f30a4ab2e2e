"""Values as the Batch service writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import models
from hypothesis import given
from hypothesis import strategies as st

from runfleet.azure.values import duration_from_wire, duration_to_wire, quoted, time_from_wire


@given(st.timedeltas(timedelta(0), timedelta(days=3650)))
def test_the_sdk_reads_our_durations(duration):
    wire = {"maxWallClockTime": duration_to_wire(duration)}
    assert models.BatchTaskConstraints(wire).max_wall_clock_time == duration
    assert duration_from_wire(duration_to_wire(duration)) == duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT1M", timedelta(minutes=1)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("PT0S", timedelta(0)),
        ("P10675199DT2H48M5.4775807S", timedelta(10675199, hours=2, minutes=48, seconds=5.477581)),
        ("P1M", None),
        ("10 minutes", None),
    ],
)
def test_durations_of_the_service_are_read(text, duration):
    assert duration_from_wire(text) == duration


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2023-09-07T06:26:59.4136412Z", datetime(2023, 9, 7, 6, 26, 59, 413641, UTC)),
        ("2023-09-07T06:26:59.41Z", datetime(2023, 9, 7, 6, 26, 59, 410000, UTC)),
        ("2023-09-07T06:26:59Z", datetime(2023, 9, 7, 6, 26, 59, 0, UTC)),
        (None, None),
    ],
)
def test_times_of_the_service_are_read(text, time):
    assert time_from_wire(text) == time


def test_quotes_in_a_filter_are_doubled():
    assert quoted("it's") == "'it''s'"
