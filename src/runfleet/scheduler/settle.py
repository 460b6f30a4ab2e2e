"""What follows from a change: nodes fall empty, tasks are assigned, jobs complete, pools settle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from runfleet.batch.errors import BatchRuleError
from runfleet.scheduler.assign import assign_tasks
from runfleet.scheduler.commands import Command
from runfleet.scheduler.jobs import settle_job
from runfleet.scheduler.nodes import settle_node
from runfleet.scheduler.pools import settle_pool
from runfleet.scheduler.schedules import settle_job_schedule
from runfleet.scheduler.state import State

P = ParamSpec("P")


def decision(
    change: Callable[Concatenate[State, datetime, P], None],
) -> Callable[Concatenate[State, datetime, P], list[Command]]:
    """Make of a change of the state a function that returns what is to be done about it."""

    @wraps(change)
    def decide(state: State, now: datetime, /, *args: P.args, **kwargs: P.kwargs) -> list[Command]:
        try:
            change(state, now, *args, **kwargs)
            settle(state, now)
        except BatchRuleError:
            assert not state.commands, "what is refused has changed nothing"
            raise
        return state.take_commands()

    return decide


def settle(state: State, now: datetime) -> None:
    """Work out what follows from all that was touched, until nothing more follows."""
    while (
        state.touched_pools
        or state.touched_nodes
        or state.touched_jobs
        or state.touched_job_schedules
    ):
        _settle_jobs(state, now)
        touched_pools, state.touched_pools = state.touched_pools, {}
        for pool in touched_pools.values():
            assign_tasks(state, pool, now)
        # Nodes come after the assignment, so that one that is given its next task at once
        # is not announced idle in between.
        touched_nodes, state.touched_nodes = state.touched_nodes, {}
        for node in touched_nodes.values():
            settle_node(state, node, now)
        for pool in touched_pools.values():
            settle_pool(state, pool, now)


def _settle_jobs(state: State, now: datetime) -> None:
    """Jobs come before the assignment: one that ends with its last task starts no other."""
    while state.touched_jobs or state.touched_job_schedules:
        while state.touched_jobs:
            settle_job(state, state.touched_jobs.popitem()[1], now)
        while state.touched_job_schedules:
            settle_job_schedule(state, state.touched_job_schedules.popitem()[1], now)
