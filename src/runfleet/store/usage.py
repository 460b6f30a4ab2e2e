"""The table of what nodes used that have given their machines back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from runfleet.batch.usage import NodeUsage, Period
from runfleet.store.instants import certain_instant, microseconds

USAGE_SCHEMA = """
CREATE TABLE IF NOT EXISTS usage (
    number INTEGER PRIMARY KEY,
    pool TEXT NOT NULL,
    vm_size TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS usage_by_end ON usage (until);
"""


class UsageTable:
    """
    What the nodes of all pools used, also of those that are gone.

    Parameters
    ----------
    connection
        The store's.
    begin
        Begins a transaction unless one is under way.
    """

    def __init__(self, connection: sqlite3.Connection, begin: Callable[[], None]) -> None:
        self._connection = connection
        self._begin = begin

    def add(self, usage: NodeUsage) -> None:
        """Insert what one node used."""
        self._begin()
        times = microseconds(usage.since), microseconds(usage.until)
        self._connection.execute(
            "INSERT INTO usage (pool, vm_size, since, until) VALUES (?, ?, ?, ?)",
            (usage.pool_id, usage.vm_size, *times),
        )

    def during(self, period: Period) -> Iterator[NodeUsage]:
        """What was used at some moment of a period."""
        rows = self._connection.execute(
            "SELECT pool, vm_size, since, until FROM usage WHERE until > ? AND since < ?",
            (microseconds(period.start), microseconds(period.end)),
        )
        for pool_id, vm_size, since, until in rows:
            yield NodeUsage(pool_id, vm_size, certain_instant(since), certain_instant(until))
