"""What nodes used is remembered beyond them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from runfleet.batch.usage import NodeUsage, Period
from runfleet.store import Store

START = datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_usage_comes_back_for_the_period_it_falls_into(tmp_path):
    store = Store(tmp_path / "state.db")
    usages = [
        NodeUsage("Pool", "standard_f2s_v2", START + n * HOUR, START + (n + 2) * HOUR)
        for n in range(6)
    ]
    for usage in usages:
        store.usage.add(usage)
    assert store.is_dirty
    store.close()
    again = Store(tmp_path / "state.db")
    period = Period(START + 3 * HOUR, START + 4 * HOUR)
    assert list(again.usage.during(period)) == usages[2:4]
    again.close()
