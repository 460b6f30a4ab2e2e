"""How a study's pool is described."""

from __future__ import annotations

from dataclasses import replace

from runfleet.cli.pool_texts import pool_text
from runfleet.launch.pool import PoolPlan, Scaling


def test_a_pool_that_follows_its_work_has_up_to_so_many_nodes():
    """Be it for runs or for a calibration."""
    pool = PoolPlan("p", "ubuntu-22.04", "standard_f2s_v2", dedicated=1, spot=0, slots=2)
    places = "2 tasks at a time on each"
    assert pool_text(pool, places) == f"p: 1 node, standard_f2s_v2, ubuntu-22.04, {places}"
    spot = replace(pool, dedicated=0, spot=5, scaling=Scaling(0, "ada"))
    assert (
        pool_text(spot, places) == f"p: up to 5 spot nodes, standard_f2s_v2, ubuntu-22.04, {places}"
    )
