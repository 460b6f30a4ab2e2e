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
