"""What clients ask of pools."""

from __future__ import annotations

from runfleet.scheduler import pool_requests


def test_a_node_that_is_named_twice_is_removed_once_whatever_the_case(world):
    world.make_pool(nodes=3)
    node_id = world.nodes()[0].node.node_id
    world(pool_requests.remove_nodes, "pool", [node_id, node_id.upper(), node_id])
    world.wait(10)
    assert world.pool.target_dedicated == 2
    assert node_id not in world.entry.nodes
    assert len(world.nodes()) == 2


def test_removing_a_node_brings_no_other_one(world):
    """Neither of a resize that was stopped before, of whichever kind its nodes were to be."""
    world.make_pool(nodes=2, spot=1)
    world(pool_requests.resize_pool, "pool", target_dedicated=4, target_low_priority=2)
    world(pool_requests.stop_resize, "pool")
    first = world.nodes()[0].node
    world(pool_requests.remove_nodes, "pool", [first.node_id])
    assert (world.pool.target_dedicated, world.pool.target_low_priority) == (1, 1)
    world.wait(10)
    assert len(world.nodes()) == 2
