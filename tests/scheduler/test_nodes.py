"""Nodes between what is asked of them and what their start tasks, their tasks and agents do."""

from __future__ import annotations

import pytest

from runfleet.batch.specs import (
    CommandSpec,
    PoolSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
    StartTaskSpec,
)
from runfleet.batch.states import NodeDeallocationOption, NodeState
from runfleet.scheduler import job_requests, node_requests, pool_requests, reports
from runfleet.scheduler.commands import Kill, StartNodeTask, StartPreparation, StartRelease

_COMPLETION = NodeDeallocationOption.TASK_COMPLETION


def start_task(world) -> int:
    """The last execution of a start task."""
    return world.of(StartNodeTask)[-1].execution


def test_a_node_is_not_offline_before_its_start_task_has_succeeded(world):
    """What it had left went with the agent, while the node awaited its last task."""
    world.make_pool(start_task=StartTaskSpec(CommandSpec("serve")))
    world.end(start_task(world), has_background=True)
    world.make_job()
    world.add_tasks("a", "b")
    node_id = world.nodes()[0].node.node_id
    world(node_requests.disable_scheduling, "pool", node_id, _COMPLETION)
    world(reports.on_agent_lost)
    assert world.states() == [NodeState.WAITING_FOR_START_TASK]
    world(node_requests.enable_scheduling, "pool", node_id)
    assert world.states() == [NodeState.WAITING_FOR_START_TASK]
    assert world.started() == ["a"]
    world.end(start_task(world))
    assert world.started() == ["a", "a"]


def test_a_node_taken_off_scheduling_is_offline_when_its_start_task_has_succeeded(world):
    world.make_pool(start_task=StartTaskSpec(CommandSpec("serve")))
    node_id = world.nodes()[0].node.node_id
    world.end(start_task(world), has_background=True)
    world.make_job()
    world.add_tasks("a")
    world(node_requests.disable_scheduling, "pool", node_id, _COMPLETION)
    world(reports.on_agent_lost)
    world.end(start_task(world))
    assert world.states() == [NodeState.OFFLINE]


@pytest.mark.parametrize("event", ["agent lost", "reboot"])
def test_a_start_task_that_is_asked_no_more_is_not_told_after_the_next_boot(world, event):
    """It was told as running for good where the agent was lost while it ran."""
    world.make_pool(start_task=StartTaskSpec(CommandSpec("serve")))
    world(pool_requests.update_pool, PoolSpec("pool", "standard_f2s_v2"), "{}")
    if event == "agent lost":
        world(reports.on_agent_lost)
    else:
        world.end(start_task(world))
        node_id = world.nodes()[0].node.node_id
        world(node_requests.reboot_node, "pool", node_id, NodeDeallocationOption.REQUEUE)
        world.wait(10)
    assert world.states() == [NodeState.IDLE]
    assert world.nodes()[0].node.start_task is None


def test_a_node_whose_state_does_not_change_is_in_it_since_it_came_to_it(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", "b")
    node_id, since = world.nodes()[0].node.node_id, world.nodes()[0].node.state_time
    world.wait(10)
    world(node_requests.disable_scheduling, "pool", node_id, _COMPLETION)
    world(node_requests.enable_scheduling, "pool", node_id)
    assert world.nodes()[0].node.state_time == since
    world.end("a")
    assert world.started() == ["a", "b"]


@pytest.mark.parametrize("option", list(NodeDeallocationOption))
def test_a_node_that_awaits_its_tasks_awaits_their_jobs_release(world, option):
    """A release task is not run again, so what it was to save or clear away would be lost."""
    command = CommandSpec("true")
    world.make_pool()
    world.make_job(
        preparation=PreparationTaskSpec("prepare", command),
        release=ReleaseTaskSpec("release", command),
    )
    world.add_tasks("a")
    world.end(world.of(StartPreparation)[0].execution)
    world.end("a")
    world(job_requests.terminate_job, "job", None)
    release = world.of(StartRelease)[0].execution
    node_id, booted = world.nodes()[0].node.node_id, world.nodes()[0].node.boot_time
    world(node_requests.reboot_node, "pool", node_id, option)
    awaits = option.value in {"taskcompletion", "retaineddata"}
    assert world.of(Kill) == ([] if awaits else [Kill(release)])
    world.end(release)
    world.wait(minutes=8 * 24 * 60)
    assert world.states() == [NodeState.IDLE]
    assert world.nodes()[0].node.boot_time > booted
