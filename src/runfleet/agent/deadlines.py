"""Until when executions may go on."""

from __future__ import annotations

import heapq
from collections.abc import Iterator


class Deadlines:
    """
    The deadlines of executions, the nearest first.

    Most executions are over before theirs, and some get another one: what is in the heap counts
    only as long as it is what holds.
    """

    def __init__(self) -> None:
        self._holding: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []

    def set(self, execution: int, deadline: float | None) -> None:
        """Give an execution a deadline in place of the one it had; None for none."""
        if deadline is None:
            self.forget(execution)
        else:
            self._holding[execution] = deadline
            heapq.heappush(self._heap, (deadline, execution))

    def forget(self, execution: int) -> None:
        """An execution is over."""
        self._holding.pop(execution, None)

    def next(self) -> float | None:
        """Tell the nearest deadline."""
        while self._heap and not self._holds(*self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_passed(self, now: float) -> Iterator[int]:
        """Take out the executions whose deadline has passed, in the order of these."""
        while (deadline := self.next()) is not None and deadline <= now:
            _, execution = heapq.heappop(self._heap)
            self.forget(execution)
            yield execution

    def _holds(self, deadline: float, execution: int) -> bool:
        return self._holding.get(execution) == deadline
