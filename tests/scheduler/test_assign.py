"""Which waiting task goes to which node next."""

from __future__ import annotations

from runfleet.batch.specs import CommandSpec, PreparationTaskSpec
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
