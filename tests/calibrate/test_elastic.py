"""How many workers there should be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.calibrate.elastic import dispensable, wanted_workers
from runfleet.study import WorkerRange


@pytest.mark.parametrize(
    ("present", "lost", "runs_left", "busy", "wanted"),
    [
        (2, 0, None, None, 2),  # nothing is known yet
        (2, 0, 6, 2, 6),  # each run has a worker
        (2, 0, 60, 2, 8),  # no more than there may be
        (2, 0, 60, 1, 2),  # those that are there have room
        (8, 0, 1, 8, 8),  # none is too many because its run is the last
        (2, 3, 60, 2, 5),  # those that die again and again are not replaced
    ],
)
def test_workers_follow_the_runs(
    present: int, lost: int, runs_left: int | None, busy: int | None, wanted: int
) -> None:
    workers = WorkerRange(2, 8)
    found = wanted_workers(workers, present, lost=lost, runs_left=runs_left, busy=busy)
    assert found == wanted


@given(
    st.integers(1, 50),
    st.integers(0, 50),
    st.integers(0, 100),
    st.integers(0, 10),
    st.none() | st.integers(0, 500),
    st.none() | st.integers(0, 100),
)
def test_there_are_never_more_than_allowed(
    least: int, more: int, present: int, lost: int, runs_left: int | None, busy: int | None
) -> None:
    workers = WorkerRange(least, least + more)
    wanted = wanted_workers(workers, present, lost=lost, runs_left=runs_left, busy=busy)
    assert present <= wanted <= max(present, workers.max - lost)


def test_those_that_were_idle_for_longest_go_first() -> None:
    """Others stay: so many that `min` are left, and all that have not been idle for long."""
    workers = WorkerRange(2, 8, timedelta(minutes=1))
    idle_since = {"a": 30.0, "b": 10.0, "c": 60.0, "d": 20.0}
    assert dispensable(workers, 8, idle_since, 65.0) == []
    assert dispensable(workers, 8, idle_since, 100.0) == ["b", "d", "a"]
    assert dispensable(workers, 4, idle_since, 100.0) == ["b", "d"]
    assert dispensable(workers, 2, idle_since, 100.0) == []
