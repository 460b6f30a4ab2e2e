"""Which waiting task goes to which node next."""

from __future__ import annotations

from runfleet.batch.specs import CommandSpec, JobManagerSpec, PreparationTaskSpec
from runfleet.scheduler import job_requests, pool_requests
from runfleet.scheduler.commands import StartPreparation


def test_a_task_that_fits_only_a_node_its_job_may_not_use_lets_smaller_ones_pass(world):
    world.make_pool(nodes=2, slots=4)
    world.make_job(preparation=PreparationTaskSpec("prepare", CommandSpec("false")))
    world.add_tasks("a")
    world.end(world.of(StartPreparation)[-1].execution, exit_code=1)
    world.end(world.of(StartPreparation)[-1].execution)
    world.add_tasks("wide", slots=4)
    world.add_tasks("b", "c")
    assert world.started() == ["a", "b", "c"]
    for ended in ("a", "b", "c"):
        world.end(ended)
    assert world.started() == ["a", "b", "c", "wide"]


def test_tasks_do_not_wait_for_a_manager_that_no_node_is_good_enough_for(world):
    world.make_pool(nodes=0, spot=2)
    world.make_job(manager=JobManagerSpec("m", allow_low_priority_node=False))
    world.add_tasks("m", "x", "y", "z")
    assert world.started() == ["x", "y"]
    world(pool_requests.resize_pool, "pool", target_dedicated=1, target_low_priority=None)
    world.wait(10)
    assert world.started() == ["x", "y", "m"]
    world.end("x")
    assert world.started() == ["x", "y", "m", "z"]


def test_tasks_do_not_wait_for_a_manager_that_waits_for_a_node_of_its_own(world):
    """It is tried first all the same, as soon as a node is empty."""
    world.make_pool(slots=2)
    world.make_job("other")
    world.add_tasks("long", job_id="other")
    world.make_job(manager=JobManagerSpec("m"))
    world.add_tasks("m", "x", "y")
    assert world.started() == ["long", "x"]
    world(job_requests.terminate_job, "other", None)
    world.end_killed("long")
    assert world.started() == ["long", "x", "y"]
    world.end("x")
    world.end("y")
    assert world.started() == ["long", "x", "y", "m"]


def test_a_manager_that_was_passed_over_comes_before_the_others_of_its_job(world):
    world.make_pool(slots=2)
    world.make_job("other")
    world.add_tasks("long", "longer", job_id="other")
    world.make_job(manager=JobManagerSpec("m"))
    world.add_tasks("m", "x", "y", slots=2)
    world.end("long")
    assert world.started() == ["long", "longer"]
    world.end("longer")
    assert world.started() == ["long", "longer", "m"]
