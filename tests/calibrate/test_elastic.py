"""How many workers there should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.calibrate.elastic import wanted_workers
from runfleet.study import WorkerRange


@pytest.mark.parametrize(
    ("present", "runs_left", "busy", "wanted"),
    [
        (2, None, None, 2),  # nothing is known yet
        (2, 6, 2, 6),  # each run has a worker
        (2, 60, 2, 8),  # no more than there may be
        (2, 60, 1, 2),  # those that are there have room
        (8, 1, 1, 8),  # none is sent home
        (1, 1, 1, 2),  # no fewer than there shall be
    ],
)
def test_workers_follow_the_runs(
    present: int, runs_left: int | None, busy: int | None, wanted: int
) -> None:
    workers = WorkerRange(2, 8)
    assert wanted_workers(workers, present, runs_left=runs_left, busy=busy) == wanted


@given(
    st.integers(1, 50),
    st.integers(0, 50),
    st.integers(0, 100),
    st.none() | st.integers(0, 500),
    st.none() | st.integers(0, 100),
)
def test_their_number_is_within_bounds_and_never_falls(
    least: int, more: int, present: int, runs_left: int | None, busy: int | None
) -> None:
    workers = WorkerRange(least, least + more)
    wanted = wanted_workers(workers, present, runs_left=runs_left, busy=busy)
    assert max(present, workers.min) <= wanted <= max(present, workers.max)
