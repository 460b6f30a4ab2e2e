"""How much of which machines an account has used, half-hour by half-hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runfleet.batch.vm_sizes import core_count

INTERVAL = timedelta(minutes=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """
    A node of a pool that had its machine for a while.

    Parameters
    ----------
    pool_id, vm_size
        Its pool, and what its machine was.
    since, until
        From when to when it had the machine.
    """

    pool_id: str
    vm_size: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class PoolUsage:
    """
    What the nodes of a pool came to within an interval.

    Parameters
    ----------
    start
        When the interval begins.
    pool_id, vm_size
        The pool, and what its machines are.
    core_hours
        How many hours the cores of all of them ran.
    """

    start: datetime
    pool_id: str
    vm_size: str
    core_hours: float

    @property
    def end(self) -> datetime:
        """The end of the interval."""
        return self.start + INTERVAL


@dataclass(frozen=True, slots=True)
class Period:
    """Some intervals: those that begin from `start` on and before `end`."""

    start: datetime
    end: datetime


def interval_start(instant: datetime) -> datetime:
    """When the interval began in which something happened."""
    return instant - (instant - _EPOCH) % INTERVAL


def last_interval(now: datetime) -> Period:
    """The last interval that is over."""
    end = interval_start(now)
    return Period(end - INTERVAL, end)


def aggregate(usages: Iterable[NodeUsage], period: Period) -> list[PoolUsage]:
    """
    Add up what nodes used, by interval, pool and machine size.

    Parameters
    ----------
    usages
        Nodes with their times, also outside the period.
    period
        Which intervals to tell of.

    Returns
    -------
    usage
        In the order of intervals, then of pools; none for what nobody used.
    """
    hours: defaultdict[tuple[datetime, str, str], float] = defaultdict(float)
    for usage in usages:
        for start, length in _shares(usage, period):
            key = start, usage.pool_id, usage.vm_size
            hours[key] += core_count(usage.vm_size) * (length / timedelta(hours=1))
    return [PoolUsage(*key, core_hours) for key, core_hours in sorted(hours.items())]


def _shares(usage: NodeUsage, period: Period) -> Iterator[tuple[datetime, timedelta]]:
    """The intervals of a period that a node had its machine in, and for how long."""
    start = max(interval_start(usage.since), period.start)
    while start < min(usage.until, period.end):
        length = min(usage.until, start + INTERVAL) - max(usage.since, start)
        yield start, length
        start += INTERVAL
