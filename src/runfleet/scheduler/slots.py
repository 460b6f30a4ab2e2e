"""Which nodes of a pool have room, found without walking all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runfleet.batch.states import NodeFillType


@dataclass(slots=True)
class FreeSlots:
    """The nodes of one pool that may take tasks, by how many slots are free on each."""

    _free: dict[str, int] = field(default_factory=dict)
    _by_count: dict[int, dict[str, None]] = field(default_factory=dict)

    def set(self, node_id: str, free: int) -> None:
        """Note how many slots a node has free; 0 takes it out."""
        before = self._free.pop(node_id, 0)
        if before:
            del self._by_count[before][node_id]
        if free > 0:
            self._free[node_id] = free
            self._by_count.setdefault(free, {})[node_id] = None

    def largest(self) -> int:
        """The most slots that one node has free."""
        return max((count for count, nodes in self._by_count.items() if nodes), default=0)

    def largest_of(self, suits: Callable[[str], bool]) -> int:
        """The most slots that one of the suitable nodes has free."""
        counts = (count for count, nodes in self._by_count.items() if any(map(suits, nodes)))
        return max(counts, default=0)

    def find(self, required: int, fill: NodeFillType, suits: Callable[[str], bool]) -> str | None:
        """
        The node to use for a task that needs so many slots, or None.

        Pack prefers the fullest node with room, spread the emptiest.
        """
        counts = sorted(count for count in self._by_count if count >= required)
        if fill is NodeFillType.SPREAD:
            counts.reverse()
        return next((node for node in self._nodes(counts) if suits(node)), None)

    def has(self, node_id: str, required: int) -> bool:
        """Whether a node has so many slots free."""
        return self._free.get(node_id, 0) >= required

    def find_all(self, required: int, suits: Callable[[str], bool]) -> list[str]:
        """All nodes that have so many slots free."""
        counts = sorted(count for count in self._by_count if count >= required)
        return [node for node in self._nodes(counts) if suits(node)]

    def _nodes(self, counts: list[int]) -> Iterator[str]:
        for count in counts:
            yield from self._by_count[count]
