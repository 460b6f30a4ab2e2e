"""Values of a model as people write them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from runfleet.study.model import format_duration, parse_duration


@given(st.integers(1, 10**7))
def test_durations_are_written_as_they_are_read(seconds: int):
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


def test_a_duration_leaves_out_what_is_nothing():
    assert format_duration(timedelta(hours=1, minutes=30)) == "1h30m"
