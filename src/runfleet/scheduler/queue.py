"""The tasks of a job that wait for a node, of which only the first are held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from runfleet.batch.records import Task

WINDOW = 2_000


Size = tuple[int, int]
"""Slots on a node, and nodes at once: 0 for a task that has one node and no instances."""


@dataclass(slots=True)
class TaskQueue:
    """
    A window on the active tasks of one job, in the order they were added.

    The window holds every active task up to `last_sequence`; `beyond` more are in the store.  Tasks
    come back into the window when they are requeued, and leave it from any place.

    Parameters
    ----------
    window
        How many tasks to hold; more are asked for when a quarter is left.
    is_closed
        Whether no task is ever taken from it again: all are left to the store.
    """

    window: int = WINDOW
    last_sequence: int = 0
    beyond: int = 0
    is_loading: bool = False
    is_closed: bool = False
    _waiting: dict[str, Task] = field(default_factory=dict)
    _order: dict[Size, list[tuple[int, str]]] = field(default_factory=dict)
    _aside: list[Task] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Task]:
        """The tasks of the window, in no order."""
        return iter(self._waiting.values())

    def add_new(self, task: Task) -> None:
        """Take a task that was just added, into the window or behind it."""
        if self.beyond or len(self._waiting) >= self.window or self.is_closed:
            self.beyond += 1
        else:
            self.last_sequence = task.sequence
            self._put(task)

    def _put(self, task: Task) -> None:
        self._waiting[task.task_id.lower()] = task
        self._put_in_order(task)

    def _put_in_order(self, task: Task) -> None:
        order = self._order.setdefault((task.required_slots, task.instances), [])
        heappush(order, (task.sequence, task.task_id.lower()))

    def put_back(self, task: Task) -> None:
        """Take a task of any place in the order that is active, or may be run, again."""
        if task.sequence <= self.last_sequence or self.is_loading:
            self._put(task)
            self._shrink()
        else:
            self.add_new(task)

    def _shrink(self) -> None:
        """Leave the last tasks to the store where too many have come back."""
        if len(self._waiting) <= 2 * self.window or self.is_loading:
            return
        kept = sorted(self, key=lambda task: task.sequence)[: self.window]
        self.beyond += len(self._waiting) - len(kept)
        self.last_sequence = kept[-1].sequence
        self._waiting = {task.task_id.lower(): task for task in kept}
        self._order.clear()
        for task in kept:
            self._put_in_order(task)

    def put_loaded(self, tasks: list[Task]) -> None:
        """Widen the window by the tasks that were asked of the store."""
        self.is_loading = False
        if self.is_closed:
            return
        # One that came back since they were asked for is here already.
        new = [task for task in tasks if task.task_id.lower() not in self._waiting]
        for task in new:
            self._put(task)
        self.last_sequence = tasks[-1].sequence if tasks else self.last_sequence
        self.beyond = max(0, self.beyond - len(new)) if tasks else 0

    def close(self) -> None:
        """Hold no tasks any more: none of those that wait will ever run."""
        self.beyond += len(self._waiting)
        self.last_sequence = 0
        self.is_closed, self.is_loading = True, False
        self._waiting.clear()
        self._order.clear()

    @property
    def has_instances(self) -> bool:
        """Whether multi-instance tasks wait, or have waited, in the window."""
        return any(instances for _, instances in self._order)

    def further_instances(self) -> int:
        """How many more nodes the tasks of the window want than there are tasks."""
        if not self.has_instances:
            return 0
        return sum(task.instances - 1 for task in self if task.instances)

    def first(self, free_slots: int, free_nodes: int = 0) -> Task | None:
        """
        The task added first among those that there is room for.

        Parameters
        ----------
        free_slots
            How many slots a node has.
        free_nodes
            How many nodes may take the instances of a task at once.
        """
        heads = [
            head
            for slots, instances in self._order
            if slots <= free_slots
            and instances <= free_nodes
            and (head := self._head((slots, instances)))
        ]
        return min(heads, key=lambda task: task.sequence, default=None)

    def get(self, task_id: str) -> Task | None:
        """The waiting task of that id, if it is in the window."""
        return self._waiting.get(task_id.lower())

    def remove(self, task: Task) -> None:
        """Take a task out, from the window or from what is behind it."""
        if self._waiting.pop(task.task_id.lower(), None) is None and self.beyond:
            self.beyond -= 1

    def set_aside(self, task: Task) -> None:
        """Pass a task of the window over until `take_back`."""
        self._aside.append(self._waiting.pop(task.task_id.lower()))

    def take_back(self) -> None:
        """Let those wait again that were set aside."""
        while self._aside:
            self._put(self._aside.pop())

    def wants_more(self) -> bool:
        """Whether the window should be widened now."""
        is_able = not (self.is_loading or self.is_closed)
        return is_able and self.beyond > 0 and 4 * len(self._waiting) < self.window

    def _head(self, size: Size) -> Task | None:
        order = self._order[size]
        while order:
            sequence, key = order[0]
            task = self._waiting.get(key)
            if task is not None and task.sequence == sequence:
                return task
            heappop(order)
        return None
