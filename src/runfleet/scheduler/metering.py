"""What the formula of a pool is told: its counts of tasks and nodes, now and as samples."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from runfleet import autoscale
from runfleet.batch.errors import BatchRuleError
from runfleet.batch.states import JobState, NodeState
from runfleet.scheduler.entries import JobEntry, PoolEntry, Sampling
from runfleet.scheduler.pools import count_nodes
from runfleet.scheduler.tasks import AT_WORK


def check_formula(text: str) -> None:
    """Refuse what is no formula; whether it has a result shows only when it is evaluated."""
    try:
        autoscale.parse(text)
    except autoscale.FormulaSyntaxError as error:
        raise BatchRuleError(error.request_code, {"Message": error.detail}) from error


def evaluate(random: Random, pool: PoolEntry, formula: str, now: datetime) -> autoscale.Evaluation:
    """What a formula comes to on a pool as it is now; nothing changes."""
    context = autoscale.Context(
        random=random.random,
        target_dedicated=pool.pool.target_dedicated,
        target_low_priority=pool.pool.target_low_priority,
        current=_metrics(pool),
        history=pool.sampling.history if pool.sampling else autoscale.SampleHistory(),
    )
    return autoscale.run(formula, context, now)


def begin_sampling(pool: PoolEntry, now: datetime) -> None:
    """Start a history, whose first sample is due."""
    pool.sampling = Sampling(autoscale.SampleHistory(), now)


def take_sample(pool: PoolEntry, sampling: Sampling, now: datetime) -> None:
    """Add what a pool's metrics are now to its history; the next sample is due in a while."""
    sampling.history.add(now, _metrics(pool))
    sampling.next_sample = now + autoscale.SAMPLE_PERIOD


def sample_delay() -> timedelta:
    """How long a sample takes until formulas see it."""
    return autoscale.SAMPLE_DELAY


def _ready_tasks(entry: JobEntry) -> int:
    """How many tasks wait for nothing but nodes; one with several instances counts as so many."""
    if entry.job.state is not JobState.ACTIVE:
        return 0
    counts = entry.job.counts
    return counts.active - counts.blocked + entry.queue.further_instances()


def _running_tasks(entry: JobEntry) -> int:
    subtasks = (len(running.nodes) - 1 for running in entry.running.values() if running.team)
    return entry.job.counts.running + sum(subtasks)


def _metrics(pool: PoolEntry) -> Mapping[autoscale.Metric, float]:
    """
    What can be counted.

    The nodes of all pools share one machine, so that there is no load of processor, memory, disks
    and network that were a pool's own: those metrics have no samples.
    """
    jobs = [entry.job for entry in pool.jobs.values()]
    nodes = [entry.node for entry in pool.nodes.values()]
    counts = autoscale.PoolCounts(
        task_slots_per_node=pool.pool.spec.task_slots_per_node,
        ready_tasks=sum(map(_ready_tasks, pool.jobs.values())),
        running_tasks=sum(map(_running_tasks, pool.jobs.values())),
        succeeded_tasks=sum(job.counts.succeeded for job in jobs) + pool.ended_tasks.succeeded,
        failed_tasks=sum(job.counts.failed for job in jobs) + pool.ended_tasks.failed,
        dedicated_nodes=count_nodes(pool, dedicated=True),
        low_priority_nodes=count_nodes(pool, dedicated=False),
        preempted_nodes=sum(node.state is NodeState.PREEMPTED for node in nodes),
        usable_nodes=sum(node.state in AT_WORK for node in nodes),
    )
    return counts.metrics()
