"""What falls due, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.specs import AutoscaleSpec, JobScheduleSpec, JobSpec
from runfleet.batch.states import NodeDeallocationOption
from runfleet.scheduler import job_requests, node_requests, pool_requests, schedule_requests
from runfleet.scheduler.settle import settle
from runfleet.scheduler.timers import Due, Timers

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RETAINED = NodeDeallocationOption.RETAINED_DATA


@pytest.fixture
def timers() -> Timers:
    return Timers()


def taken(timers: Timers, now: datetime) -> list[tuple[Due, str]]:
    """All that has fallen due, in order."""
    due = iter(lambda: timers.take_due(now), None)
    return [(timer.what, timer.owner_id) for timer in due]


def test_what_is_due_first_comes_first_and_of_two_the_one_that_was_set_first(timers):
    timers.set(START + DAY, Due.SAMPLE, "b")
    timers.set(START + DAY, Due.EVALUATION, "a")
    timers.set(START, Due.SAMPLE, "Late")
    timers.set(START + 2 * DAY, Due.SAMPLE, "later")
    assert timers.next_due() == START
    assert taken(timers, START + DAY) == [
        (Due.SAMPLE, "late"),
        (Due.SAMPLE, "b"),
        (Due.EVALUATION, "a"),
    ]
    assert timers.next_due() == START + 2 * DAY


@pytest.mark.parametrize("later", [DAY, -DAY, 0 * DAY])
def test_another_moment_takes_the_place_of_the_one_before(timers, later):
    timers.set(START, Due.SAMPLE, "a")
    timers.set(START + later, Due.SAMPLE, "A")
    assert timers.next_due() == START + later
    assert taken(timers, START + DAY) == [(Due.SAMPLE, "a")]


def test_what_is_dropped_does_not_fall_due(timers):
    timers.set(START, Due.SAMPLE, "a")
    timers.set(START, Due.EVALUATION, "a")
    timers.set(START, Due.SAMPLE, "b")
    timers.drop(Due.SAMPLE, "A")
    timers.drop(Due.RESIZE_TIMEOUT, "a")
    assert taken(timers, START) == [(Due.EVALUATION, "a"), (Due.SAMPLE, "b")]
    assert timers.next_due() is None


def test_thousands_of_moments_that_were_replaced_take_nothing(timers):
    timers.set(START, Due.SAMPLE, "first")
    for days in range(1, 5_000):
        timers.set(START + days * DAY, Due.SAMPLE, "a")
    assert len(timers) == 2
    assert taken(timers, START + 4_998 * DAY) == [(Due.SAMPLE, "first")]
    assert timers.next_due() == START + 4_999 * DAY


def test_a_job_leaves_no_timer_behind(world):
    for number in range(10):
        world.make_job(f"job-{number}", max_wall_clock_time=DAY)
    assert len(world.state.timers) == 10
    for number in range(10):
        request = job_requests.delete_job if number % 2 else job_requests.terminate_job
        world(request, f"job-{number}", *([] if number % 2 else [None]))
    assert len(world.state.timers) == 0


def test_the_time_limit_of_a_job_may_be_changed_and_taken_away(world):
    world.make_job(max_wall_clock_time=DAY)
    for days in (3, 2, 1, 2):
        spec = JobSpec("job", "pool", max_wall_clock_time=days * DAY)
        world(job_requests.update_job, spec, "{}")
        assert world.state.timers.next_due() == world.now + days * DAY
    world(job_requests.update_job, JobSpec("job", "pool"), "{}")
    assert world.state.timers.next_due() is None


def test_a_pool_leaves_no_timer_behind(world):
    formula = AutoscaleSpec("$TargetDedicatedNodes = 1;")
    world.ask_for_pool(autoscale=formula)
    world.wait(minutes=20)
    assert len(world.nodes()) == 1
    world(pool_requests.delete_pool, "pool")
    world.wait(1)
    assert world.state.timers.next_due() is None


def test_a_node_that_waits_for_its_files_has_one_timer(world):
    world.make_pool()
    world.wait(minutes=20)
    world.make_job()
    world.add_tasks("a")
    world.end("a")
    (node,) = world.nodes()
    world(node_requests.reboot_node, "pool", node.node.node_id, RETAINED)
    for _ in range(10):
        world.state.touch_node(node)
        settle(world.state, world.now)
    assert len(world.state.timers) == 1
    world(pool_requests.delete_pool, "pool")
    assert len(world.state.timers) == 0


def test_a_job_schedule_leaves_no_timer_behind(world):
    spec = JobScheduleSpec("s", JobSpec("", "pool"), "{}", recurrence_interval=DAY)
    world(schedule_requests.create_job_schedule, spec, "{}")
    assert len(world.state.timers) == 1
    world(schedule_requests.delete_job_schedule, "s")
    assert len(world.state.timers) == 0
