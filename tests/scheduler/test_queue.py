"""The window on the waiting tasks of a job, against a set of all of them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runfleet.batch.records import Task
from runfleet.scheduler.queue import TaskQueue

START = datetime(2026, 1, 1, tzinfo=UTC)
WINDOW = 4


class QueueMachine(RuleBasedStateMachine):
    """Tasks are added, started, requeued and released, in any order and many at once."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = TaskQueue(WINDOW)
        self.made = 0
        self.active: dict[int, Task] = {}
        self.is_closed = False
        self.away: dict[int, Task] = {}

    def _new(self) -> Task:
        self.made += 1
        return Task("job", f"t{self.made}", self.made, START, START, START)

    @rule(count=st.integers(1, 12))
    def add(self, count: int) -> None:
        for _ in range(count):
            task = self._new()
            self.active[task.sequence] = task
            self.queue.add_new(task)

    @rule(count=st.integers(1, 12))
    def add_blocked(self, count: int) -> None:
        for _ in range(count):
            task = self._new()
            self.away[task.sequence] = task

    @rule(count=st.integers(1, 12), sees_them=st.booleans())
    def start(self, count: int, *, sees_them: bool) -> None:
        """The first of those that are held; there is one as long as any waits."""
        for _ in range(0 if self.is_closed else min(count, len(self.active))):
            self.load(sees_them=sees_them)
            task = self.queue.first(1)
            assert task is not None
            assert task.sequence == min(one.sequence for one in self.queue)
            self.queue.remove(task)
            self.away[task.sequence] = self.active.pop(task.sequence)

    @rule(data=st.data(), count=st.integers(1, 30))
    def put_back(self, data: st.DataObject, count: int) -> None:
        for sequence in data.draw(st.permutations(sorted(self.away)))[:count]:
            self.active[sequence] = self.away.pop(sequence)
            self.queue.put_back(self.active[sequence])

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if self.active:
            sequence = data.draw(st.sampled_from(sorted(self.active)))
            self.queue.remove(self.active.pop(sequence))

    def load(self, *, sees_them: bool) -> None:
        """Tasks may come back before those that were asked for have come, and be among them."""
        if not self.queue.wants_more():
            return
        self.queue.is_loading = True
        before = set(self.active)
        for sequence in sorted(self.away)[-2:]:
            self.active[sequence] = self.away.pop(sequence)
            self.queue.put_back(self.active[sequence])
        stored = sorted(self.active if sees_them else before)
        found = [n for n in stored if n > self.queue.last_sequence][:WINDOW]
        self.queue.put_loaded([self.active[sequence] for sequence in found])

    @precondition(lambda self: self.made > WINDOW)
    @rule(is_loading=st.booleans())
    def close(self, *, is_loading: bool) -> None:
        """What was asked for may come afterwards."""
        self.queue.is_loading = is_loading
        self.queue.close()
        self.is_closed = True
        if is_loading:
            self.queue.put_loaded([self.active[n] for n in sorted(self.active)[:WINDOW]])

    @invariant()
    def nothing_is_held_once_it_is_closed(self) -> None:
        assert not self.is_closed or (len(self.queue) == 0 and not self.queue.wants_more())

    @invariant()
    def every_active_task_is_held_or_will_be_loaded(self) -> None:
        held = {task.sequence for task in self.queue}
        assert held <= self.active.keys()
        assert len(held) + self.queue.beyond == len(self.active)
        assert all(n > self.queue.last_sequence for n in self.active.keys() - held)

    @invariant()
    def little_is_held(self) -> None:
        assert len(self.queue) <= 2 * WINDOW + 2


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_a_task_that_came_back_and_is_loaded_too_is_counted_once():
    machine = QueueMachine()
    machine.add(4)
    machine.add_blocked(3)
    machine.add(10)
    machine.start(5, sees_them=True)
    machine.every_active_task_is_held_or_will_be_loaded()
