"""Why a study is where it is: one sentence, and the next step."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.azure import Failure, JobInfo, NodeCounts, PoolInfo
from runfleet.launch.names import study_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Why a study is where it is.

    Parameters
    ----------
    sentence
        What is the matter.
    next_step
        What to do about it; empty where there is nothing to do but to wait.
    is_stuck
        Whether nothing will run unless somebody does something.
    output
        What the task that is to blame wrote to stderr last, if one is.
    """

    sentence: str
    next_step: str = ""
    is_stuck: bool = False
    output: str = ""


@dataclass(frozen=True)
class FailedTask:
    """
    A start or preparation task that failed on a node: why, and what it wrote last.

    Parameters
    ----------
    node_id
        The node.
    reason
        Why, in words.
    output
        The end of its stderr, if there was any.
    """

    node_id: str
    reason: str
    output: str = ""


@dataclass(frozen=True)
class Situation:
    """
    What there is to know about a study that is waiting.

    Parameters
    ----------
    pool_id
        Where its runs shall run.
    pool
        None where there is no such pool.
    nodes
        The nodes of the pool by state.
    job
        The job of the newest generation; None where there is none.
    unusable
        Why a node is, where one is.
    start_task, preparation
        A failed one, if there is any.
    prepared
        Whether the preparation succeeded on some other node, or may still.
    nodes_per_run
        How many nodes the next run takes.
    study
        The study; or what stands for its name in commands.
    """

    pool_id: str
    pool: PoolInfo | None
    nodes: NodeCounts
    job: JobInfo | None
    unusable: Failure | None = None
    start_task: FailedTask | None = None
    preparation: FailedTask | None = None
    prepared: bool = False
    nodes_per_run: int = 1
    study: str = "STUDY"


def explain_waiting(situation: Situation) -> Explanation:
    """
    Explain why runs wait while none is running.

    Parameters
    ----------
    situation
        What is known about it.
    """
    return explain_hindrance(situation) or _ordinary_reason(situation)


def explain_hindrance(situation: Situation) -> Explanation | None:
    """Explain what is in the way; None if there is nothing but other tasks, see `Situation`."""
    return (
        _job_reason(situation)
        or _pool_reason(situation)
        or _node_reason(situation)
        or _preparation_reason(situation)
        or _size_reason(situation)
    )


def _job_reason(situation: Situation) -> Explanation | None:
    job = situation.job
    if job is None:
        return Explanation(
            "the job of this study is not there: its submission was interrupted, or it was deleted",
            f"run the study again: `runfleet run {situation.study}` goes on where it ended",
            is_stuck=True,
        )
    if job.state in ("disabled", "disabling"):
        return Explanation(
            f"job `{job.id}` is disabled, so that none of its runs starts",
            "enable it in the tool that disabled it, for example with `az batch job enable`",
            is_stuck=True,
        )
    if job.failure is not None:
        return Explanation(
            f"job `{job.id}` could not be scheduled: {job.failure}",
            "mend the reason, then run the study again",
            is_stuck=True,
        )
    return None


def _pool_reason(situation: Situation) -> Explanation | None:
    pool = situation.pool
    if pool is None or pool.state == "deleting":
        return Explanation(
            f"pool `{situation.pool_id}` is not there any more, so the runs have no nodes",
            f"run the study again: `runfleet run {situation.study}` makes the pool",
            is_stuck=True,
        )
    if situation.nodes.total:
        return None
    return _resize_reason(pool) or _formula_reason(pool) or _no_nodes_reason(pool, situation.study)


def _resize_reason(pool: PoolInfo) -> Explanation | None:
    if not pool.resize_errors:
        return None
    failure = pool.resize_errors[0]
    return Explanation(
        f"pool `{pool.id}` got no nodes: {failure}",
        _RESIZE_STEPS.get(failure.code, "resize the pool, or choose another size of machine"),
        is_stuck=True,
    )


_RESIZE_STEPS = {
    "AccountCoreQuotaReached": "ask for fewer nodes, or ask Azure for a larger core quota",
    "AccountLowPriorityCoreQuotaReached": "ask for fewer spot nodes, or Azure for a larger quota",
    "AllocationFailed": "try again later, or choose another size of machine or region",
    "AllocationTimedout": "try again later, or choose another size of machine or region",
    "ResizeStopped": "somebody stopped the resizing: resize the pool again",
}


def _formula_reason(pool: PoolInfo) -> Explanation | None:
    if not pool.scales_itself:
        return None
    if pool.formula_failure is not None:
        return Explanation(
            f"the autoscale formula of pool `{pool.id}` failed: {pool.formula_failure}",
            "mend the formula, or delete the pool and run the study again",
            is_stuck=True,
        )
    if pool.target:
        return None
    return Explanation(
        f"pool `{pool.id}` has no nodes yet: its formula looks for runs every few minutes",
        "wait; or run the study again, and it gets nodes at once",
    )


def _no_nodes_reason(pool: PoolInfo, study: str) -> Explanation:
    if pool.allocation_state == "steady" and pool.target == 0:
        return Explanation(
            f"pool `{pool.id}` has no nodes and shall have none",
            f"run the study again: `runfleet run {study}` enlarges the pool",
            is_stuck=True,
        )
    return Explanation(f"pool `{pool.id}` is getting its {pool.target} nodes", "wait")


def _node_reason(situation: Situation) -> Explanation | None:
    nodes = situation.nodes
    if nodes.ready:
        return None
    if situation.start_task is not None:
        failed = situation.start_task
        return Explanation(
            f"the start task of pool `{situation.pool_id}` failed on node {failed.node_id}: "
            f"{failed.reason}",
            "mend the start task, delete the pool, and run the study again",
            is_stuck=nodes["starttaskfailed"] + nodes["unusable"] == nodes.total,
            output=failed.output,
        )
    if situation.unusable is not None:
        return Explanation(
            f"the nodes of pool `{situation.pool_id}` are unusable: {situation.unusable}",
            "mend the reason, delete the pool, and run the study again",
            is_stuck=nodes["unusable"] == nodes.total,
        )
    return _unready_reason(situation)


def _unready_reason(situation: Situation) -> Explanation | None:
    nodes = situation.nodes
    if nodes["offline"] == nodes.total:
        return Explanation(
            f"all nodes of pool `{situation.pool_id}` are offline",
            "enable scheduling on them, or enlarge the pool",
            is_stuck=True,
        )
    states = ", ".join(f"{count} {state}" for state, count in nodes.states.items())
    return Explanation(f"the nodes of pool `{situation.pool_id}` are not ready: {states}", "wait")


_STAGING = "the preparation, which stages shared inputs,"


def _preparation_reason(situation: Situation) -> Explanation | None:
    failed = situation.preparation
    if failed is None:
        return None
    job = situation.job
    by_hand = job is not None and study_of(job.metadata) is None
    what = f"the preparation of job `{job.id}`" if job and by_hand else _STAGING
    return Explanation(
        f"{what} failed on node {failed.node_id}: {failed.reason}",
        "mend the reason, and make the job anew"
        if by_hand
        else "mend the reason, `runfleet cancel` the study, and run it again",
        is_stuck=not situation.prepared,
        output=failed.output,
    )


def _size_reason(situation: Situation) -> Explanation | None:
    pool, wanted = situation.pool, situation.nodes_per_run
    if pool is None or pool.scales_itself or wanted <= pool.target:
        return None
    return Explanation(
        f"a run takes {wanted} nodes at once, and pool `{pool.id}` has {pool.target}",
        f"`runfleet pool resize {pool.id} --nodes {wanted}`",
        is_stuck=True,
    )


def _ordinary_reason(situation: Situation) -> Explanation:
    pool = situation.pool
    slots = (pool.slots if pool else 1) * situation.nodes.ready
    if situation.nodes["running"]:
        return Explanation(
            f"the {slots} task slots of pool `{situation.pool_id}` are taken by other studies",
            "wait, or give the study more nodes",
        )
    ready = situation.nodes.ready
    nodes = "node" if ready == 1 else f"{ready} nodes"
    return Explanation(
        f"the runs are about to start on the {nodes} of pool `{situation.pool_id}`", "wait"
    )
