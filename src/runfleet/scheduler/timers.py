"""What falls due, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from heapq import heapify, heappop, heappush

_FEW = 16


class Due(StrEnum):
    """What can fall due."""

    NODE_ARRIVES = "node arrives"
    NODE_BOOTS = "node boots"
    NODE_DEALLOCATED = "node deallocated"
    NODE_DATA_EXPIRES = "node data expires"
    NODE_RETURNS = "node returns"
    RESIZE_TIMEOUT = "resize timeout"
    EVALUATION = "evaluation"
    SAMPLE = "sample"
    JOB_TIME_LIMIT = "job time limit"
    JOB_SCHEDULE = "job schedule"


Key = tuple[Due, str, str]


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """
    Something that falls due.

    Parameters
    ----------
    number
        Of two that are due at once the one that was set first comes first.
    owner_id
        Of the pool, job or job schedule that it is for, in lower case.
    node_id
        Of the pool's node that it is for, if it is for one.
    """

    due: datetime
    number: int
    what: Due
    owner_id: str
    node_id: str = ""

    @property
    def key(self) -> Key:
        """What tells it from all other timers at one time."""
        return self.what, self.owner_id, self.node_id


@dataclass(slots=True)
class Timers:
    """All that falls due: of each kind its owner has one timer at most, which was set last."""

    _set: dict[Key, Timer] = field(default_factory=dict)
    _heap: list[Timer] = field(default_factory=list)
    _made: int = 0

    def __len__(self) -> int:
        return len(self._set)

    def set(self, due: datetime, what: Due, owner_id: str, node_id: str = "") -> None:
        """Let something fall due, in place of what was set for the same before."""
        timer = Timer(due, self._made, what, owner_id.lower(), node_id)
        before = self._set.get(timer.key)
        if before is not None and before.due == due:
            return
        self._made += 1
        self._set[timer.key] = timer
        heappush(self._heap, timer)
        self._tidy()

    def drop(self, what: Due, owner_id: str, node_id: str = "") -> None:
        """Let something fall due no more, where it was to."""
        self._set.pop((what, owner_id.lower(), node_id), None)
        self._tidy()

    def next_due(self) -> datetime | None:
        """When the next thing falls due."""
        return self._heap[0].due if self._heap else None

    def take_due(self, now: datetime) -> Timer | None:
        """The next thing that has fallen due by now."""
        if not self._heap or self._heap[0].due > now:
            return None
        timer = heappop(self._heap)
        del self._set[timer.key]
        self._tidy()
        return timer

    def _tidy(self) -> None:
        """See that the first of the heap counts, and that not too many of it do not any more."""
        while self._heap and self._set.get(self._heap[0].key) is not self._heap[0]:
            heappop(self._heap)
        if len(self._heap) > 2 * len(self._set) + _FEW:
            self._heap = list(self._set.values())
            heapify(self._heap)
