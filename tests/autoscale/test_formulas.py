"""Ready-made formulas, over simulated workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.autoscale import (
    SAMPLE_PERIOD,
    Context,
    Evaluation,
    InvalidParameterError,
    PoolCounts,
    SampleHistory,
    check,
    evaluate,
    parse,
)
from runfleet.autoscale.formulas import (
    by_pending_tasks,
    on_work_days,
    spot_with_fallback,
    while_tasks_last,
)
from runfleet.batch.states import NodeDeallocationOption

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
EVALUATION_INTERVAL = timedelta(minutes=5)
NODE_DELAY = timedelta(minutes=3)
MINUTE = timedelta(minutes=1)


@dataclass
class Nodes:
    """Nodes of one kind: when each comes, until their number is the target."""

    target: int = 0
    capacity: int = 1000
    arrivals: list[datetime] = field(default_factory=list)

    def ready(self, now: datetime) -> int:
        return min(self.capacity, sum(arrival <= now for arrival in self.arrivals))

    def preempted(self, now: datetime) -> int:
        return sum(arrival <= now for arrival in self.arrivals) - self.ready(now)

    def resize(self, target: int, now: datetime) -> None:
        """Ask for new ones, which come later; let those go that came last."""
        self.target = target
        wanted = min(target, self.capacity)
        self.arrivals += [now + NODE_DELAY] * (wanted - len(self.arrivals))
        self.arrivals = self.arrivals[:target]


@dataclass
class Simulation:
    """A pool whose tasks all take as long, sampled and evaluated as the service does it."""

    formula: str
    slots: int = 1
    instances: int = 1
    counts_subtasks: bool = True
    task_time: timedelta = timedelta(minutes=4)
    now: datetime = START
    waiting: int = 0
    done: int = 0
    dedicated: Nodes = field(default_factory=Nodes)
    spot: Nodes = field(default_factory=Nodes)
    running: list[datetime] = field(default_factory=list)
    history: SampleHistory = field(default_factory=SampleHistory)
    evaluations: list[Evaluation] = field(default_factory=list)

    def advance(self, duration: timedelta) -> None:
        end = self.now + duration
        while self.now < end:
            self.now += SAMPLE_PERIOD
            self._work()
            self.history.add(self.now, self._counts().metrics())
            if (self.now - START) % EVALUATION_INTERVAL == timedelta(0):
                self.evaluate()

    @property
    def nodes(self) -> int:
        return self.dedicated.ready(self.now) + self.spot.ready(self.now)

    def _work(self) -> None:
        self.done += sum(end <= self.now for end in self.running)
        self.running = [end for end in self.running if end > self.now]
        free = max(0, self.nodes * self.slots - len(self.running) * self.instances)
        started = min(free // self.instances, self.waiting)
        self.waiting -= started
        self.running += [self.now + self.task_time] * started

    def _counts(self) -> PoolCounts:
        return PoolCounts(
            task_slots_per_node=self.slots,
            ready_tasks=self.waiting * self.instances,
            running_tasks=len(self.running) * (self.instances if self.counts_subtasks else 1),
            dedicated_nodes=self.dedicated.ready(self.now),
            low_priority_nodes=self.spot.ready(self.now) + self.spot.preempted(self.now),
            preempted_nodes=self.spot.preempted(self.now),
        )

    def evaluate(self) -> None:
        context = Context(
            Random(1).random,
            self.dedicated.target,
            self.spot.target,
            self._counts().metrics(),
            self.history,
        )
        evaluation = evaluate(parse(self.formula), context, self.now)
        assert evaluation.error is None, evaluation.error.detail
        assert evaluation.deallocation_option is NodeDeallocationOption.TASK_COMPLETION
        self.evaluations.append(evaluation)
        self.dedicated.resize(evaluation.target_dedicated, self.now)
        self.spot.resize(evaluation.target_low_priority, self.now)


def test_pending_tasks_come_and_go() -> None:
    """The pool grows to what tasks need, no further than allowed, and is empty in the end."""
    pool = Simulation(by_pending_tasks(10), slots=4)
    pool.advance(10 * MINUTE)
    assert pool.dedicated.target == 0
    pool.waiting = 100
    pool.advance(10 * MINUTE)
    assert (pool.dedicated.target, pool.nodes) == (10, 10)
    pool.advance(60 * MINUTE)
    assert (pool.done, pool.dedicated.target, pool.nodes) == (100, 0, 0)
    assert max(evaluation.target_dedicated for evaluation in pool.evaluations) == 10


def test_few_tasks_get_few_nodes() -> None:
    """Slots count: five tasks of two slots each on nodes of four slots are three nodes."""
    pool = Simulation(by_pending_tasks(10, slots_per_task=2), slots=4, task_time=60 * MINUTE)
    pool.waiting = 5
    pool.advance(30 * MINUTE)
    assert pool.dedicated.target == 3


def test_some_nodes_may_always_be_there() -> None:
    """Also before the first task, and spot ones if that is wanted."""
    pool = Simulation(by_pending_tasks(10, min_nodes=2, spot=True))
    pool.advance(10 * MINUTE)
    assert (pool.dedicated.target, pool.spot.target) == (0, 2)


def test_a_short_pause_keeps_the_nodes() -> None:
    """Tasks of the last minutes count, so that nodes do not go and come again."""
    pool = Simulation(by_pending_tasks(10, window=timedelta(minutes=15)))
    pool.waiting = 10
    pool.advance(15 * MINUTE)
    assert (pool.done, pool.waiting) == (10, 0)
    assert pool.dedicated.target > 0
    pool.advance(20 * MINUTE)
    assert pool.dedicated.target == 0


def test_a_head_start_brings_nodes_before_the_first_sample() -> None:
    """And what is kept while there are tasks, goes with the last of them."""
    formula = while_tasks_last(
        10, min_nodes=2, start_nodes=4, start_until=START + 10 * MINUTE, spot=True
    )
    pool = Simulation(formula, waiting=20, task_time=2 * MINUTE)
    pool.evaluate()
    assert (pool.spot.target, pool.dedicated.target) == (4, 0)
    pool.advance(5 * MINUTE)
    assert pool.spot.target == 10
    pool.advance(40 * MINUTE)
    assert (pool.done, pool.spot.target) == (20, 0)
    pool.waiting = 1
    pool.advance(5 * MINUTE)
    assert pool.spot.target == 2


@pytest.mark.parametrize("counts_subtasks", [True, False])
def test_tasks_that_take_several_nodes_get_them_together(counts_subtasks: bool) -> None:
    """
    No more than they need, and half of them would wait for ever.

    The service says that a waiting task counts as often as it has instances, and nothing of one
    that runs.
    """
    formula = while_tasks_last(7, start_until=START, nodes_per_task=3)
    pool = Simulation(
        formula, waiting=1, instances=3, counts_subtasks=counts_subtasks, task_time=60 * MINUTE
    )
    pool.advance(10 * MINUTE)
    assert (pool.dedicated.target, len(pool.running)) == (3, 1)
    pool.advance(15 * MINUTE)
    assert pool.dedicated.target == 3
    pool.waiting = 5
    pool.advance(10 * MINUTE)
    assert (pool.dedicated.target, len(pool.running)) == (7, 2)


def test_a_head_start_is_not_kept_beyond_its_time() -> None:
    """A study that needed none of its nodes pays for ten minutes of them."""
    pool = Simulation(while_tasks_last(10, start_nodes=4, start_until=START + 10 * MINUTE))
    pool.evaluate()
    pool.advance(5 * MINUTE)
    assert pool.dedicated.target == 4
    pool.advance(5 * MINUTE)
    assert pool.dedicated.target == 0


def test_spot_nodes_alone_where_they_come() -> None:
    """No dedicated node is asked for while spot nodes suffice."""
    pool = Simulation(spot_with_fallback(10), task_time=30 * MINUTE)
    pool.waiting = 10
    pool.advance(20 * MINUTE)
    assert (pool.dedicated.target, pool.spot.target, pool.nodes) == (0, 10, 10)


def test_dedicated_nodes_stand_in_for_spot_nodes() -> None:
    """As many as are missing, no more than allowed, and only until the spot nodes are back."""
    pool = Simulation(spot_with_fallback(10, max_dedicated=6), task_time=30 * MINUTE)
    pool.waiting = 300
    pool.advance(20 * MINUTE)
    pool.spot.capacity = 7
    pool.advance(15 * MINUTE)
    assert (pool.dedicated.target, pool.spot.target, pool.nodes) == (3, 10, 10)
    pool.spot.capacity = 0
    pool.advance(15 * MINUTE)
    assert (pool.dedicated.target, pool.spot.target) == (6, 10)
    pool.spot.capacity = 10
    pool.advance(15 * MINUTE)
    assert (pool.dedicated.target, pool.spot.target) == (0, 10)


def test_no_nodes_are_left_without_tasks() -> None:
    """Of neither kind, even where spot nodes never come."""
    pool = Simulation(spot_with_fallback(5))
    pool.spot.capacity = 0
    pool.waiting = 20
    pool.advance(90 * MINUTE)
    assert (pool.done, pool.dedicated.target, pool.spot.target) == (20, 0, 0)


def targets_of_a_week(text: str) -> Iterator[tuple[datetime, int]]:
    formula = parse(text)
    for hours in range(7 * 24):
        now = START + timedelta(hours=hours, minutes=30)
        evaluation = evaluate(formula, Context(Random(1).random), now)
        assert evaluation.error is None
        yield now, evaluation.target_dedicated


def test_work_days() -> None:
    """Five days of ten hours, in local time."""
    offset = timedelta(hours=-6)
    formula = on_work_days(20, otherwise=2, utc_offset=offset)
    for now, target in targets_of_a_week(formula):
        local = now + offset
        assert target == (20 if local.weekday() < 5 and 8 <= local.hour < 18 else 2)


@given(
    st.integers(0, 23).flatmap(lambda begin: st.tuples(st.just(begin), st.integers(begin + 1, 24))),
    st.integers(-14 * 4, 14 * 4),
)
def test_any_hours(hours: tuple[int, int], quarters: int) -> None:
    """As many hours a week as were asked for, wherever the place."""
    begin, end = hours
    formula = on_work_days(
        1, begin_hour=begin, end_hour=end, utc_offset=timedelta(minutes=15 * quarters)
    )
    assert sum(target for _, target in targets_of_a_week(formula)) == 5 * (end - begin)


@pytest.mark.parametrize(
    "text",
    [
        by_pending_tasks(7, min_nodes=1, slots_per_task=2, spot=True, window=timedelta(hours=1)),
        spot_with_fallback(100, max_dedicated=0),
        on_work_days(3, begin_hour=0, end_hour=24),
        while_tasks_last(3, min_nodes=1, start_nodes=2, start_until=START, spot=True),
    ],
)
def test_ready_made_formulas_say_what_they_do(text: str) -> None:
    """In a comment, and nothing is wrong with them."""
    assert text.startswith("// ")
    assert check(parse(text)) == ()


def test_a_whole_formula() -> None:
    """The text, as a user sees it."""
    assert by_pending_tasks(20, min_nodes=1) == (
        "// As many nodes as tasks need, from 1 to 20.\n"
        "window = 300 * TimeInterval_Second;\n"
        "newest = max(0, $PendingTasks.GetSample(1));\n"
        "enough = $PendingTasks.GetSamplePercent(window) >= 70;\n"
        "tasks = enough ? max(newest, avg($PendingTasks.GetSample(window))) : newest;\n"
        "tasksPerNode = max(1, floor($TaskSlotsPerNode / 1));\n"
        "needed = min(20, ceil(tasks / tasksPerNode));\n"
        "$TargetDedicatedNodes = max(1, needed);\n"
        "$NodeDeallocationOption = taskcompletion;\n"
    )


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        (
            lambda: by_pending_tasks(2, min_nodes=3),
            "a pool cannot have from 3 to 2 nodes",
            "numbers of nodes are not negative, and the least does not exceed the most",
        ),
        (
            lambda: by_pending_tasks(2, slots_per_task=0),
            "a task cannot take 0 slots",
            "choose `slots_per_task` from 1",
        ),
        (
            lambda: by_pending_tasks(2, window=timedelta(seconds=90)),
            "samples of 0:01:30 do not tell enough, or are not kept so long",
            "choose `window` from 4 minutes to 8 hours",
        ),
        (
            lambda: spot_with_fallback(2, max_dedicated=3),
            "at most 3 dedicated nodes cannot stand in for 2 spot nodes",
            "choose `max_dedicated` from 0 to 2",
        ),
        (
            lambda: on_work_days(2, begin_hour=18, end_hour=8),
            "work cannot last from 18 to 8 o'clock",
            "choose hours from 0 to 24, the first before the last",
        ),
        (
            lambda: on_work_days(2, utc_offset=timedelta(hours=15)),
            "no place is 15:00:00 ahead of UTC",
            "choose an offset of at most 14 hours",
        ),
    ],
)
def test_parameters_that_make_no_sense(make: Callable[[], str], message: str, hint: str) -> None:
    """What is wrong, and what to choose."""
    with pytest.raises(InvalidParameterError) as raised:
        make()
    assert (raised.value.message, raised.value.hint) == (message, hint)
