"""What was under way when the emulator was killed goes on."""

from __future__ import annotations

import pytest

from runfleet.batch.specs import CommandSpec, StartTaskSpec
from runfleet.batch.states import NodeDeallocationOption, NodeState
from runfleet.scheduler import losses, node_requests, pool_requests
from runfleet.scheduler.commands import StartNodeTask

_AWAITING = [NodeDeallocationOption.TASK_COMPLETION, NodeDeallocationOption.RETAINED_DATA]


def busy_node(world) -> str:
    """Have a task run on the only node of a pool: the node's id."""
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    return world.nodes()[0].node.node_id


@pytest.mark.parametrize("option", _AWAITING)
def test_a_node_that_awaits_its_tasks_is_deallocated_all_the_same(world, option):
    node_id = busy_node(world)
    world(node_requests.deallocate_node, "pool", node_id, option)
    world.restart()
    world.wait(10)
    assert world.states() == [NodeState.DEALLOCATED]
    assert world.started() == ["a"]


@pytest.mark.parametrize("option", _AWAITING)
def test_a_node_that_awaits_its_tasks_reboots_all_the_same(world, option):
    node_id = busy_node(world)
    booted = world.nodes()[0].node.boot_time
    world(node_requests.reboot_node, "pool", node_id, option)
    world.restart()
    world.wait(10)
    assert world.started() == ["a", "a"]
    assert world.nodes()[0].node.boot_time > booted


def test_a_node_leaves_as_it_was_asked_to(world):
    """Whoever takes out a node may ask for something else than the last resize did."""
    node_id = busy_node(world)
    option = NodeDeallocationOption.TASK_COMPLETION
    world(pool_requests.remove_nodes, "pool", [node_id], option=option)
    world.restart()
    assert not world.nodes()


@pytest.mark.parametrize("recovers", [True, False])
def test_a_node_that_was_away_is_tried_again(world, recovers):
    node_id = busy_node(world)
    world(losses.on_node_lost, "pool", node_id, recovers=recovers)
    world.restart()
    world.wait(10)
    assert world.states() == [NodeState.RUNNING]


def test_a_start_task_runs_again_also_on_a_node_that_takes_no_tasks(world):
    world.make_pool(start_task=StartTaskSpec(CommandSpec("serve"), wait_for_success=False))
    node_id = world.nodes()[0].node.node_id
    world(node_requests.disable_scheduling, "pool", node_id, NodeDeallocationOption.REQUEUE)
    world.restart()
    assert len(world.of(StartNodeTask)) == 2
    assert world.states() == [NodeState.OFFLINE]


def test_a_node_awaits_also_the_files_of_tasks_that_ended_since_it_was_saved(world):
    world.make_pool(slots=2)
    world.make_job()
    world.add_tasks("a", "b")
    node_id = world.nodes()[0].node.node_id
    option = NodeDeallocationOption.RETAINED_DATA
    world(node_requests.deallocate_node, "pool", node_id, option)
    world.wait(1)
    world.end("a")
    world.restart()
    world.wait(minutes=1)
    assert world.states() == [NodeState.IDLE]
    world.wait(minutes=7 * 24 * 60)
    assert world.states() == [NodeState.DEALLOCATED]
