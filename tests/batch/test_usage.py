"""What nodes used, by half-hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.batch.usage import (
    INTERVAL,
    NodeUsage,
    Period,
    PoolUsage,
    aggregate,
    interval_start,
    last_interval,
)

DAY = datetime(2026, 1, 1, tzinfo=UTC)
FOUR_CORES = "standard_f4s_v2"


def at(hour: int, minute: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute)


def test_a_node_counts_in_every_interval_that_it_touches():
    usage = NodeUsage("p", FOUR_CORES, at(1, 15), at(2, 20))
    assert aggregate([usage], Period(at(0), at(24))) == [
        PoolUsage(at(1), "p", FOUR_CORES, 1.0),
        PoolUsage(at(1, 30), "p", FOUR_CORES, 2.0),
        PoolUsage(at(2), "p", FOUR_CORES, pytest.approx(4 / 3)),
    ]


def test_nodes_add_up_by_pool_and_size():
    times = at(1), at(1, 30)
    usages = [
        NodeUsage("b", FOUR_CORES, *times),
        NodeUsage("a", FOUR_CORES, *times),
        NodeUsage("a", FOUR_CORES, *times),
        NodeUsage("a", "standard_d1_v2", *times),
    ]
    found = aggregate(usages, Period(at(1), at(1, 30)))
    assert [(one.pool_id, one.vm_size, one.core_hours) for one in found] == [
        ("a", "standard_d1_v2", 0.5),
        ("a", FOUR_CORES, 4.0),
        ("b", FOUR_CORES, 2.0),
    ]
    assert {(one.start, one.end) for one in found} == {times}


def test_only_intervals_of_the_period_are_told():
    usage = NodeUsage("p", FOUR_CORES, at(0), at(24))
    found = aggregate([usage], Period(at(5), at(6)))
    assert [one.start for one in found] == [at(5), at(5, 30)]
    assert aggregate([usage], Period(at(30), at(31))) == []


def test_the_last_interval_is_over():
    assert last_interval(at(3, 59)) == Period(at(3), at(3, 30))
    assert last_interval(at(4)) == Period(at(3, 30), at(4))


INSTANTS = st.integers(-3 * 86400, 3 * 86400).map(lambda seconds: DAY + timedelta(seconds=seconds))


@given(st.lists(st.tuples(INSTANTS, INSTANTS).map(sorted), max_size=5))
def test_nothing_is_lost_and_nothing_is_counted_twice(times):
    usages = [NodeUsage("p", FOUR_CORES, since, until) for since, until in times]
    found = aggregate(usages, Period(at(-100), at(100)))
    whole = sum((until - since for since, until in times), timedelta())
    total = sum(one.core_hours for one in found)
    assert total == pytest.approx(4 * whole / timedelta(hours=1))
    assert all(0 <= one.core_hours <= 2 * len(usages) for one in found)
    assert all(one.start == interval_start(one.start) for one in found)
    assert all(one.end - one.start == INTERVAL for one in found)
