"""Dependencies in the store, against plain Python."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runfleet.batch.records import Job, Task
from runfleet.batch.specs import IdRange, JobSpec, TaskDependencies
from runfleet.batch.states import JobState
from runfleet.store import Store, StoredTask

START = datetime(2026, 1, 1, tzinfo=UTC)
JOB = Job(JobSpec("job", "pool"), "{}", START, START, JobState.ACTIVE, START)

PARENTS = st.sampled_from(["a", "A", "b", "-1", *map(str, range(8)), "04", "007", "5x", "1_0"])
NUMBERS = st.integers(-2, 9)
RANGES = st.tuples(NUMBERS, NUMBERS).map(lambda ends: IdRange(min(ends), max(ends)))
DEPENDENCIES = st.builds(
    TaskDependencies,
    st.lists(PARENTS, max_size=4).map(tuple),
    st.lists(RANGES, max_size=2).map(tuple),
)


@pytest.fixture
def store(tmp_path):
    return opened(tmp_path / "store")


@pytest.fixture
def rows(tmp_path, store):
    """How many rows a table of the store's file has."""

    def count(table):
        store.commit()
        with closing(sqlite3.connect(tmp_path / "store")) as reader:
            return reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    return count


def opened(path):
    store = Store(path)
    store.save_job(JOB)
    store.save_job(replace(JOB, spec=JobSpec("other", "pool")))
    store.commit()
    return store


def add(store, task_id, *parents, ranges=(), job_id="job"):
    """Add a task; whether it is blocked."""
    number = store.job_number(job_id)
    task = Task(job_id, task_id, store.tasks.next_sequence(), START, START, START)
    store.tasks.add(number, [StoredTask(task, b"{}")])
    return store.dependencies.add(number, task.sequence, TaskDependencies(parents, tuple(ranges)))


def satisfy(store, *task_ids, job_id="job"):
    """Let tasks end as their children want; the ids of those that are free then."""
    for task_id in task_ids:
        store.dependencies.satisfy(store.job_number(job_id), task_id)
    return tell_all(store)


def tell_all(store, at_once=100):
    released = []
    while store.dependencies.is_due:
        told = store.dependencies.tell_children(at_once)
        released += [task.task_id for task in store.tasks.ready(told)]
    return released


def blocked(store, job_id="job"):
    found = store.tasks.page(store.job_number(job_id), None, after=0, limit=1_000)
    return {one.task.task_id for one in found if one.task.is_blocked}


def numbers_met(satisfied, wanted):
    digits = {int(key) for key in satisfied if key.removeprefix("-").isdigit()}
    return all(number in digits for number in range(wanted.first, wanted.last + 1))


class DependencyMachine(RuleBasedStateMachine):
    """Children before, between and after their parents, which come again and go."""

    def __init__(self) -> None:
        super().__init__()
        self.parents: dict[str, TaskDependencies] = {}
        self.satisfied: set[str] = set()

    @initialize(
        folder=st.builds(TemporaryDirectory),
        children=st.lists(DEPENDENCIES, max_size=4),
    )
    def begin(self, folder, children) -> None:
        self.folder = folder
        self.path = f"{folder.name}/store"
        self.store = opened(self.path)
        for one in children:
            self.add_child(one)

    @rule(wanted=DEPENDENCIES)
    def add_child(self, wanted) -> None:
        child = f"child-{len(self.parents)}"
        self.parents[child] = wanted
        is_blocked = add(self.store, child, *wanted.task_ids, ranges=wanted.ranges)
        assert is_blocked is (child in self._blocked())
        add(self.store, child, *wanted.task_ids, ranges=wanted.ranges, job_id="other")

    @rule(task_id=PARENTS, at_once=st.integers(1, 3))
    def satisfy(self, task_id, at_once) -> None:
        before = self._blocked()
        self.satisfied.add(task_id.lower())
        self.store.dependencies.satisfy(self.store.job_number("job"), task_id)
        assert sorted(tell_all(self.store, at_once)) == sorted(before - self._blocked())

    @rule(task_id=PARENTS)
    def satisfy_and_be_killed(self, task_id) -> None:
        """Children that were not told yet are told by whoever comes next."""
        self.satisfied.add(task_id.lower())
        self.store.dependencies.satisfy(self.store.job_number("job"), task_id)
        self.store.commit()
        self.store = Store(self.path)
        tell_all(self.store)

    @invariant()
    def exactly_those_wait_that_have_to(self) -> None:
        assert blocked(self.store) == self._blocked()
        counts, _ = self.store.tasks.counts(self.store.job_number("job"))
        assert (counts.active, counts.blocked) == (len(self.parents), len(self._blocked()))

    def _blocked(self) -> set[str]:
        return {
            child
            for child, wanted in self.parents.items()
            if any(parent.lower() not in self.satisfied for parent in wanted.task_ids)
            or not all(numbers_met(self.satisfied, one) for one in wanted.ranges)
        }

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestDependencies = DependencyMachine.TestCase
TestDependencies.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_only_children_that_are_not_blocked_are_handed_over(store):
    add(store, "free")
    add(store, "child", "parent")
    number = store.job_number("job")
    assert [task.task_id for task in store.tasks.waiting(number, after=0, limit=9)] == ["free"]
    assert satisfy(store, "parent") == ["child"]
    waiting = store.tasks.waiting(number, after=0, limit=9)
    assert [task.task_id for task in waiting] == ["free", "child"]


def test_a_hundred_thousand_children_of_one_parent_are_told_bit_by_bit(store):
    number = store.job_number("job")
    for count in range(1_000):
        add(store, f"child-{count}", "parent")
    store.dependencies.satisfy(number, "parent")
    sizes = []
    while store.dependencies.is_due:
        sizes.append(len(store.dependencies.tell_children(300)))
    assert sizes == [300, 300, 300, 100]


def test_a_thousand_ranges_that_end_alike_are_looked_at_bit_by_bit(store):
    """Each of them watches the number that is met first."""
    for count in range(1_000):
        add(store, f"child-{count}", ranges=[IdRange(count, 1_000)])
    assert satisfy(store, *map(str, range(999))) == []
    store.dependencies.satisfy(store.job_number("job"), "1000")
    looks = 0
    while store.dependencies.is_due:
        assert store.dependencies.tell_children(100) == []
        looks += 1
    assert looks > 1_000 / 100
    assert len(satisfy(store, "999")) == 1_000


def test_a_range_is_kept_once_and_not_counted_out(store, rows):
    """Its size and the number of its children cost nothing when one of its numbers is met."""
    everything = [IdRange(1, 2_000_000_000)]
    for count in range(100):
        assert add(store, f"child-{count}", ranges=everything)
    assert (rows("watching_ranges"), rows("dependencies")) == (1, 100)
    assert satisfy(store, *map(str, range(1, 101))) == []
    assert (rows("watching_ranges"), rows("dependencies"), rows("satisfied_numbers")) == (1, 100, 1)


def test_a_deleted_child_leaves_nothing_behind(store, rows):
    add(store, "child", "parent", ranges=[IdRange(1, 3)])
    (stored,) = store.tasks.page(store.job_number("job"), None, after=0, limit=9)
    store.tasks.forget(stored.task)
    store.dependencies.forget_child(stored.task.sequence)
    assert satisfy(store, "parent", "1", "2", "3") == []
    assert rows("dependencies") == 0


def test_a_job_that_is_gone_is_purged_and_another_of_its_id_starts_anew(store, rows):
    for count in range(5):
        add(store, f"child-{count}", "parent", ranges=[IdRange(1, count + 5)])
    store.dependencies.satisfy(store.job_number("job"), "parent")
    store.dependencies.satisfy(store.job_number("job"), "3")
    store.forget_job("job")
    store.save_job(JOB)
    assert add(store, "child", "parent")
    while store.purge():
        pass
    assert blocked(store) == {"child"}
    for table in ("watching_ranges", "satisfied_ids", "satisfied_numbers", "met_requirements"):
        assert rows(table) == 0
    assert satisfy(store, "parent") == ["child"]
