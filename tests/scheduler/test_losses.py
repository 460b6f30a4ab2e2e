"""Nodes that are taken away: what happens to their tasks, and how they come back."""

from __future__ import annotations

import pytest

from runfleet.batch.states import NodeDeallocationOption, NodeState, TaskState
from runfleet.scheduler import losses, node_requests, pool_requests
from runfleet.scheduler.commands import ForgetNode, Kill, StartTask


def run_tasks(world, **nodes: int) -> str:
    """Have two tasks run on a node with two slots, and a third one wait: the node's id."""
    world.make_pool(slots=2, **nodes)
    world.make_job()
    world.add_tasks("t1", "t2", "t3")
    return node_of(world).node_id


def node_of(world):
    (entry,) = world.nodes()
    return entry.node


@pytest.mark.parametrize(
    ("decision", "state"),
    [(losses.on_node_lost, NodeState.UNKNOWN), (losses.on_disk_full, NodeState.UNUSABLE)],
)
def test_a_node_that_is_lost_comes_back_and_its_tasks_cost_nothing(world, decision, state):
    """Its tasks are ended, queued again uncounted, and run when it has booted; items of 3.4."""
    node_id = run_tasks(world)
    first, second = [one.execution for one in world.of(StartTask)]
    world(decision, "pool", node_id)
    assert world.of(Kill) == [Kill(first), Kill(second)]
    assert node_of(world).state is state
    assert bool(node_of(world).errors) is (decision is losses.on_disk_full)
    world.end_killed(first)
    world.end_killed(second)
    world.wait(minutes=1)
    assert world.started()[2:] == ["t1", "t2"]
    again = [world.task("t1"), world.task("t2")]
    assert all(task.retry_count == task.requeue_count == 0 for task in again)
    assert node_of(world).node_id == node_id
    assert node_of(world).state is NodeState.RUNNING
    assert not node_of(world).errors


def test_a_task_that_had_succeeded_is_not_run_again(world):
    """Its end was on its way when the node was lost."""
    node_id = run_tasks(world)
    world(losses.on_node_lost, "pool", node_id)
    world.end("t1")
    world.end_killed("t2")
    world.wait(minutes=1)
    assert world.task("t1").state is TaskState.COMPLETED
    assert world.started()[2:] == ["t2", "t3"]


def test_another_node_comes_for_one_that_was_preempted(world):
    """The machine is gone with all its files, so it is another one."""
    node_id = run_tasks(world, nodes=0, spot=1)
    world(losses.on_node_preempted, "pool", node_id)
    assert node_of(world).state is NodeState.PREEMPTED
    world.end_killed("t1")
    world.end_killed("t2")
    world.wait(minutes=1)
    assert [one.node.node_id for one in world.of(ForgetNode)] == [node_id]
    assert node_of(world).node_id != node_id
    assert len(world.started()) == 4


def test_only_spot_nodes_are_preempted(world):
    node_id = run_tasks(world)
    assert world(losses.on_node_preempted, "pool", node_id) == []


def test_a_node_may_stay_away(world):
    """Its tasks wait for another one."""
    node_id = run_tasks(world)
    world(losses.on_node_lost, "pool", node_id, recovers=False)
    world.end_killed("t1")
    world.end_killed("t2")
    world.wait(minutes=1)
    assert node_of(world).state is NodeState.UNKNOWN
    assert len(world.started()) == 2
    assert world.counts() == (3, 0, 0, 0)


def test_a_node_that_is_not_there_cannot_be_lost(world):
    """Nor one that is leaving already."""
    node_id = run_tasks(world)
    assert world(losses.on_node_lost, "pool", "none") == []
    assert world(losses.on_disk_full, "none", "none") == []
    world(pool_requests.delete_pool, "pool")
    assert world(losses.on_node_lost, "pool", node_id) == []


@pytest.mark.parametrize("loss", [losses.on_node_lost, losses.on_disk_full])
def test_what_was_asked_of_a_node_once_does_not_keep_it_away(world, loss):
    """It was rebooted once its data had expired; what it has now goes with its loss."""
    world.make_pool()
    world.make_job()
    node_id = node_of(world).node_id
    option = NodeDeallocationOption.RETAINED_DATA
    world(node_requests.reboot_node, "pool", node_id, option)
    world.wait(10)
    world.add_tasks("t1")
    world.end("t1")
    world(loss, "pool", node_id)
    world.wait(minutes=1)
    assert node_of(world).state is NodeState.IDLE
