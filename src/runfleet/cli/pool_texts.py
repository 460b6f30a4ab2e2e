"""What is said of the pool that a study gets."""

from __future__ import annotations

from runfleet.cli.words import count_text
from runfleet.launch.pool import PoolPlan


def pool_text(pool: PoolPlan, places: str) -> str:
    """
    Describe a pool in a line.

    Parameters
    ----------
    pool
        The pool.
    places
        What its nodes have room for: `2 runs at a time on each`.
    """
    nodes = count_text(pool.nodes, node_noun(pool))
    if pool.scaling is not None:
        nodes = f"up to {nodes}"
    return f"{pool.id}: {nodes}, {pool.vm_size}, {pool.image}, {places}"


def node_noun(pool: PoolPlan) -> str:
    """`node`, or `spot node`."""
    return "spot node" if pool.spot else "node"
