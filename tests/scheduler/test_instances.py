"""What the scheduler decides about tasks on several nodes, told by events and commands alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runfleet.batch.records import Task
from runfleet.batch.states import EndedBy, SubtaskState, TaskResult, TaskState
from runfleet.scheduler import losses, reports, task_requests
from runfleet.scheduler.commands import (
    Command,
    Constrain,
    Kill,
    Proceed,
    SaveSubtasks,
    StartInstance,
)
from runfleet.scheduler.outcomes import Outcome


def start(world, retries: int = 0) -> tuple[Task, int, int, int]:
    """Start a task on all nodes of a pool of three: it, and its executions, the primary's first."""
    world.make_pool(nodes=3, enable_inter_node_communication=True)
    world.make_job()
    (task,) = world.add_tasks("t", instances=3, retries=retries)
    return task, *[one.execution for one in world.of(StartInstance)]


def kinds(commands: list[Command], *wanted: type) -> list[Command]:
    return [one for one in commands if isinstance(one, wanted)]


def test_all_instances_start_at_once_on_nodes_of_their_own(world):
    start(world)
    started = world.of(StartInstance)
    assert [one.number for one in started] == [0, 1, 2]
    assert len({one.node.node_id for one in started}) == 3
    assert {tuple(node.address for node in one.nodes) for one in started} == {
        tuple(one.node.address for one in started)
    }


def test_the_command_runs_once_all_are_coordinated(world):
    _, primary, first, second = start(world)
    assert world(reports.on_coordinated, second) == []
    assert world(reports.on_coordinated, primary) == []
    assert world(reports.on_coordinated, first) == [Proceed(primary)]


def test_subtasks_end_with_their_primary_and_the_task_completes_last(world):
    task, primary, first, second = start(world)
    for execution in (primary, first, second):
        world(reports.on_coordinated, execution)
    assert kinds(world.end(primary, 3), Kill) == [Kill(first), Kill(second)]
    assert task.state is TaskState.RUNNING
    world.end_killed(second)
    (saved,) = kinds(world.end_killed(first), SaveSubtasks)
    assert (task.state, task.exit_code) == (TaskState.COMPLETED, 3)
    assert [one.state for one in saved.subtasks] == [SubtaskState.COMPLETED] * 2
    assert [one.result for one in saved.subtasks] == [TaskResult.SUCCESS] * 2


def test_the_end_of_a_primary_stays_noted_until_its_task_is_saved(world):
    """Until the last subtask has ended it is in memory only: a restart has to find it noted."""
    _, primary, first, second = start(world)
    world.end(primary)
    assert world.state.unsettled() == {primary, first, second}
    world.end_killed(first)
    assert world.state.unsettled() == {primary, second}
    world.end_killed(second)
    assert world.state.unsettled() == set()


def test_the_end_of_a_primary_that_was_tried_again_need_not_stay_noted(world):
    _, *executions = start(world, retries=1)
    world.end(executions[0], 3)
    for execution in executions[1:]:
        world.end_killed(execution)
    assert world.state.unsettled() == {one.execution for one in world.of(StartInstance)[3:]}


def test_constraints_that_change_hold_for_the_primary_with_which_all_end(world):
    task, primary, *_ = start(world)
    limit = timedelta(hours=1)
    commands = world(task_requests.change_constraints, task, 0, limit, limit)
    assert kinds(commands, Constrain) == [Constrain(primary, task, limit)]


def test_a_subtask_that_fails_ends_all(world):
    task, primary, first, second = start(world)
    assert kinds(world.end(first, 7), Kill) == [Kill(second), Kill(primary)]
    world.end_killed(primary)
    world.end_killed(second)
    assert (task.result, task.exit_code) == (TaskResult.FAILURE, 7)


def test_the_first_failure_counts(world):
    """What ends later was ended by it, or came too late."""
    task, primary, first, second = start(world)
    world.end(first, 7)
    world.end(second, 8)
    world.end(primary, 9)
    assert task.exit_code == 7


def test_a_retry_begins_with_all_instances_again(world):
    task, primary, first, second = start(world, retries=1)
    world.end(first, 7)
    world.end_killed(second)
    again = kinds(world.end_killed(primary), StartInstance)
    assert [(one.number, one.is_retry) for one in again] == [(0, True), (1, True), (2, True)]
    assert task.retry_count == 1


def test_termination_is_at_once_for_the_task_and_later_for_subtasks(world):
    task, primary, first, second = start(world)
    ended = world(task_requests.terminate_task, task)
    assert kinds(ended, Kill) == [Kill(primary, uploads=True)]
    assert task.state is TaskState.COMPLETED
    assert kinds(world.end_killed(primary), Kill) == [Kill(first), Kill(second)]


def test_a_deleted_task_leaves_no_subtasks_behind(world):
    """What is forgotten is not remembered again while it ends."""
    task, primary, first, second = start(world)
    world(task_requests.delete_task, task)
    ended = [*world.end_killed(primary), *world.end_killed(first), *world.end_killed(second)]
    assert not kinds(ended, SaveSubtasks)


def test_a_lost_agent_ends_nothing_twice(world):
    """Nobody is left to be ended, and the task is queued again for nothing."""
    task, *_ = start(world)
    commands = world(reports.on_agent_lost)
    assert not kinds(commands, Kill)
    assert len(kinds(commands, StartInstance)) == 3
    assert (task.retry_count, task.requeue_count) == (0, 0)


@pytest.mark.parametrize("retries", [0, 1])
def test_an_end_that_a_lost_agent_had_noted_is_that_of_the_task(world, retries):
    """Its own retry counts; nobody is left to be ended."""
    task, primary, *_ = start(world, retries)
    noted = {primary: Outcome(world.now, world.now, EndedBy.EXIT, 3)}
    commands = world(reports.on_agent_lost, noted)
    assert not kinds(commands, Kill)
    assert (task.retry_count, len(kinds(commands, StartInstance))) == (retries, 3 * retries)
    assert (task.exit_code, task.state) == (
        (None, TaskState.RUNNING) if retries else (3, TaskState.COMPLETED)
    )


@pytest.mark.parametrize("retries", [0, 1])
def test_a_task_that_has_ended_before_its_node_went_stays_so(world, retries):
    """As one on a single node does; only what would be run again goes back to the queue."""
    task, primary, *others = start(world, retries)
    for execution in (primary, *others):
        world(reports.on_coordinated, execution)
    world.end(primary, 3)
    world(losses.on_node_lost, "pool", task.node_id)
    for execution in others:
        world.end_killed(execution)
    if retries:
        assert (task.state, task.retry_count) == (TaskState.ACTIVE, 0)
    else:
        assert (task.state, task.exit_code) == (TaskState.COMPLETED, 3)
