"""Job release tasks: what runs at the end of a job on the nodes that were prepared for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from runfleet.batch.records import AuxiliaryTaskInfo, JobNode
from runfleet.batch.states import AuxiliaryTaskState, NodeState
from runfleet.scheduler.auxiliary import ended_info
from runfleet.scheduler.commands import StartRelease
from runfleet.scheduler.entries import JobEntry, NodeEntry, ReleaseRun
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.preparation import note
from runfleet.scheduler.state import State

_UP = frozenset({NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE})
_COMING_UP = frozenset({NodeState.REBOOTING, NodeState.STARTING, NodeState.WAITING_FOR_START_TASK})


def release_nodes(state: State, job: JobEntry, now: datetime) -> None:
    """Run the release task, once, on every node that was prepared, as soon as it is up."""
    awaited = []
    for node_id in _prepared_nodes(job) if job.unreleased is None else job.unreleased:
        node = _node_of(state, job.nodes[node_id])
        if node is not None and node.node.state in _UP:
            _release(state, job, node, now)
        elif node is not None and node.node.state in _COMING_UP:
            node.awaited_by[job.key] = job
            awaited.append(node_id)
    job.unreleased = awaited


def _prepared_nodes(job: JobEntry) -> list[str]:
    if job.job.spec.release is None:
        return []
    return [
        node_id
        for node_id, job_node in job.nodes.items()
        if job_node.release is None and job_node.has_been_prepared
    ]


def _node_of(state: State, job_node: JobNode) -> NodeEntry | None:
    pool = state.pools.get(job_node.pool_id.lower())
    return pool.nodes.get(job_node.node_id) if pool else None


def _release(state: State, job: JobEntry, node: NodeEntry, now: datetime) -> None:
    info = AuxiliaryTaskInfo(AuxiliaryTaskState.RUNNING, now)
    execution = state.begin(ReleaseRun(job, node), node)
    job.releasing.add(execution)
    note(state, job, replace(job.nodes[node.node.node_id], release=info))
    state.emit(StartRelease(execution, job.job, node.node))


def on_node_changed(state: State, node: NodeEntry) -> None:
    """Let jobs look again that wait for a node to come up: it may have, or may never."""
    jobs, node.awaited_by = node.awaited_by, {}
    for job in jobs.values():
        state.touch_job(job)


def on_release_ended(state: State, run: ReleaseRun, outcome: Outcome) -> None:
    """Note how a release task went; the job completes either way."""
    job_node = run.job.nodes[run.node.node.node_id]
    assert job_node.release is not None, "it has been running"
    info, _ = ended_info(job_node.release, outcome, 0)
    note(state, run.job, replace(job_node, release=info))
    state.touch_job(run.job)
