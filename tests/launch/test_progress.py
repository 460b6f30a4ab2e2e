"""How long a study will still take, as far as its pace tells."""

from __future__ import annotations

import pytest

from runfleet.launch.progress import Pace


@pytest.fixture
def pace() -> Pace:
    """Two runs a second for ten seconds."""
    pace = Pace()
    for second in range(11):
        pace.observe(second, 2 * second)
    return pace


def test_the_rest_takes_as_long_as_the_runs_before_it(pace: Pace) -> None:
    assert pace.seconds_left(10) == 5


def test_runs_that_do_not_end_have_no_time_left(pace: Pace) -> None:
    """They take longer than the others, or hang; once one ends, there is a pace again."""
    pace.observe(14, 20)
    assert pace.seconds_left(4) is not None
    pace.observe(20, 20)
    assert pace.seconds_left(4) is None
    pace.observe(21, 21)
    assert pace.seconds_left(3) is not None
