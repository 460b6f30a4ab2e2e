"""What the scheduler decides about tasks on several nodes, told by events and commands alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.records import Task
from runfleet.batch.specs import JobSpec, PoolSpec
from runfleet.batch.states import EndedBy, SubtaskState, TaskResult, TaskState
from runfleet.scheduler import job_requests, losses, pool_requests, reports, task_requests
from runfleet.scheduler.commands import (
    Command,
    Constrain,
    Kill,
    Proceed,
    SaveSubtasks,
    StartInstance,
)
from runfleet.scheduler.entries import Outcome
from runfleet.scheduler.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A scheduler with three free nodes and a task on all of them."""

    def __init__(self, retries: int = 0) -> None:
        self.state = State(node_delay=timedelta())
        self.now = START
        spec = PoolSpec("pool", "standard_f2s_v2", enable_inter_node_communication=True)
        targets = {"target_dedicated": 3, "target_low_priority": 0}
        self(pool_requests.create_pool, spec, "{}", **targets)
        self(reports.on_time)
        self(job_requests.create_job, JobSpec("job", "pool"), "{}")
        self.task = Task(
            "job", "t", 1, START, START, START, instances=3, max_task_retry_count=retries
        )
        self.started = self(task_requests.add_tasks, "job", [self.task])

    def __call__(self, decision, *args, **kwargs) -> list[Command]:
        self.now += timedelta(seconds=1)
        return decision(self.state, self.now, *args, **kwargs)

    def executions(self, commands: list[Command]) -> list[int]:
        return [one.execution for one in commands if isinstance(one, StartInstance)]

    def end(self, execution: int, exit_code: int | None = 0) -> list[Command]:
        by = EndedBy.KILL if exit_code is None else EndedBy.EXIT
        outcome = Outcome(self.now, self.now, by, exit_code)
        return self(reports.on_ended, execution, outcome)


@pytest.fixture
def world() -> World:
    return World()


def kinds(commands: list[Command], *wanted: type) -> list[Command]:
    return [one for one in commands if isinstance(one, wanted)]


def test_all_instances_start_at_once_on_nodes_of_their_own(world):
    started = kinds(world.started, StartInstance)
    assert [one.number for one in started] == [0, 1, 2]
    assert len({one.node.node_id for one in started}) == 3
    assert {tuple(node.address for node in one.nodes) for one in started} == {
        tuple(one.node.address for one in started)
    }


def test_the_command_runs_once_all_are_coordinated(world):
    primary, first, second = world.executions(world.started)
    assert world(reports.on_coordinated, second) == []
    assert world(reports.on_coordinated, primary) == []
    assert world(reports.on_coordinated, first) == [Proceed(primary)]


def test_subtasks_end_with_their_primary_and_the_task_completes_last(world):
    primary, first, second = world.executions(world.started)
    for execution in (primary, first, second):
        world(reports.on_coordinated, execution)
    assert kinds(world.end(primary, 3), Kill) == [Kill(first), Kill(second)]
    assert world.task.state is TaskState.RUNNING
    world.end(second, None)
    (saved,) = kinds(world.end(first, None), SaveSubtasks)
    assert (world.task.state, world.task.exit_code) == (TaskState.COMPLETED, 3)
    assert [one.state for one in saved.subtasks] == [SubtaskState.COMPLETED] * 2
    assert [one.result for one in saved.subtasks] == [TaskResult.SUCCESS] * 2


def test_constraints_that_change_hold_for_the_primary_with_which_all_end(world):
    primary, *_ = world.executions(world.started)
    limit = timedelta(hours=1)
    commands = world(task_requests.change_constraints, world.task, 0, limit, limit)
    assert kinds(commands, Constrain) == [Constrain(primary, world.task, limit)]


def test_a_subtask_that_fails_ends_all(world):
    primary, first, second = world.executions(world.started)
    assert kinds(world.end(first, 7), Kill) == [Kill(second), Kill(primary)]
    world.end(primary, None)
    world.end(second, None)
    assert (world.task.result, world.task.exit_code) == (TaskResult.FAILURE, 7)


def test_the_first_failure_counts(world):
    """What ends later was ended by it, or came too late."""
    primary, first, second = world.executions(world.started)
    world.end(first, 7)
    world.end(second, 8)
    world.end(primary, 9)
    assert world.task.exit_code == 7


def test_a_retry_begins_with_all_instances_again():
    world = World(retries=1)
    primary, first, second = world.executions(world.started)
    world.end(first, 7)
    world.end(second, None)
    again = kinds(world.end(primary, None), StartInstance)
    assert [(one.number, one.is_retry) for one in again] == [(0, True), (1, True), (2, True)]
    assert world.task.retry_count == 1


def test_termination_is_at_once_for_the_task_and_later_for_subtasks(world):
    primary, first, second = world.executions(world.started)
    ended = world(task_requests.terminate_task, world.task)
    assert kinds(ended, Kill) == [Kill(primary, uploads=True)]
    assert world.task.state is TaskState.COMPLETED
    assert kinds(world.end(primary, None), Kill) == [Kill(first), Kill(second)]


def test_a_deleted_task_leaves_no_subtasks_behind(world):
    """What is forgotten is not remembered again while it ends."""
    primary, first, second = world.executions(world.started)
    world(task_requests.delete_task, world.task)
    ended = [*world.end(primary, None), *world.end(first, None), *world.end(second, None)]
    assert not kinds(ended, SaveSubtasks)


def test_a_lost_agent_ends_nothing_twice(world):
    """Nobody is left to be ended, and the task is queued again for nothing."""
    commands = world(reports.on_agent_lost)
    assert not kinds(commands, Kill)
    assert len(world.executions(commands)) == 3
    assert (world.task.retry_count, world.task.requeue_count) == (0, 0)


@pytest.mark.parametrize("retries", [0, 1])
def test_a_task_that_has_ended_before_its_node_went_stays_so(retries):
    """As one on a single node does; only what would be run again goes back to the queue."""
    world = World(retries)
    primary, *others = world.executions(world.started)
    for execution in (primary, *others):
        world(reports.on_coordinated, execution)
    world.end(primary, 3)
    world(losses.on_node_lost, "pool", world.task.node_id)
    for execution in others:
        world.end(execution, None)
    if retries:
        assert (world.task.state, world.task.retry_count) == (TaskState.ACTIVE, 0)
    else:
        assert (world.task.state, world.task.exit_code) == (TaskState.COMPLETED, 3)
