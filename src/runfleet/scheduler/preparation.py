"""Job preparation tasks: what runs on a node before its first task of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from runfleet.batch.records import AuxiliaryTaskInfo, JobNode, Task
from runfleet.batch.states import AuxiliaryTaskState, EndedBy, JobState, TaskState
from runfleet.scheduler import tasks
from runfleet.scheduler.auxiliary import ended_info, is_running
from runfleet.scheduler.commands import SaveJobNode, StartPreparation
from runfleet.scheduler.entries import JobEntry, NodeEntry, PreparationRun, RunningTask
from runfleet.scheduler.outcomes import Outcome, lost_outcome
from runfleet.scheduler.state import State


def suits(job: JobEntry, node: NodeEntry) -> bool:
    """Whether tasks of a job may go to a node: not where its preparation has failed for good."""
    spec, job_node = job.job.spec.preparation, job.nodes.get(node.node.node_id)
    if spec is None or job_node is None or job_node.preparation is None or _is_due(job, node):
        return True
    return not spec.wait_for_success or job_node.preparation.failure is None


def _is_due(job: JobEntry, node: NodeEntry) -> bool:
    """Whether a node has to be prepared, for the first time or anew, before its next task."""
    spec, job_node = job.job.spec.preparation, job.nodes.get(node.node.node_id)
    if spec is None or job_node is None:
        return spec is not None
    has_rebooted = job_node.boot_time != node.node.boot_time
    is_outdated = spec.rerun_on_node_reboot_after_success and has_rebooted
    return job_node.was_cut_short or (is_outdated and _has_completed(job_node.preparation))


def place(
    state: State, job: JobEntry, task: Task, nodes: Sequence[NodeEntry], now: datetime
) -> None:
    """Put a task on its node or nodes, running the preparation task there first if need be."""
    running = tasks.place(state, job, task, nodes, now)
    for node in nodes:
        if _is_due(job, node):
            _prepare(state, job, node, _new_job_node(job, node, now), is_retry=False)
    if _are_prepared(job, nodes):
        tasks.start(state, running, now)
    else:
        tasks.await_preparation(state, running, now)


def _new_job_node(job: JobEntry, node: NodeEntry, now: datetime) -> JobNode:
    before = job.nodes.get(node.node.node_id)
    return JobNode(
        job.job.spec.job_id,
        node.node.pool_id,
        node.node.node_id,
        preparation=AuxiliaryTaskInfo(AuxiliaryTaskState.RUNNING, now),
        boot_time=node.node.boot_time,
        was_prepared=before is not None and before.has_been_prepared,
    )


def _are_prepared(job: JobEntry, nodes: Sequence[NodeEntry]) -> bool:
    return all(_is_prepared(job, node) for node in nodes)


def _is_prepared(job: JobEntry, node: NodeEntry) -> bool:
    spec = job.job.spec.preparation
    if spec is None or not spec.wait_for_success:
        return True
    job_node = job.nodes.get(node.node.node_id)
    is_over = job_node is not None and _has_completed(job_node.preparation)
    return is_over and not _is_due(job, node)


def _prepare(
    state: State, job: JobEntry, node: NodeEntry, job_node: JobNode, *, is_retry: bool
) -> None:
    execution = state.begin(PreparationRun(job, node), node)
    job.preparing.add(execution)
    note(state, job, job_node)
    state.emit(StartPreparation(execution, job.job, node.node, is_retry))


def note(state: State, job: JobEntry, job_node: JobNode) -> None:
    """Keep what has become of a node, in memory and for after a restart alike."""
    job.nodes[job_node.node_id] = job_node
    if not job.is_forgotten:
        state.emit(SaveJobNode(job_node))


def on_preparation_ended(
    state: State, run: PreparationRun, outcome: Outcome, now: datetime
) -> None:
    """Retry, start the tasks that waited for it, or send them to other nodes."""
    job, node = run.job, run.node
    job_node = job.nodes[node.node.node_id]
    assert job_node.preparation is not None, "it has been running"
    info, wants_retry = ended_info(job_node.preparation, outcome, _retries(job))
    if wants_retry:
        _prepare(state, job, node, replace(job_node, preparation=info), is_retry=True)
        return
    was_cut_short = outcome.ended_by is EndedBy.KILL
    note(state, job, replace(job_node, preparation=info, was_cut_short=was_cut_short))
    for running in _awaiting(job, node):
        if not (_is_prepared(job, node) and suits(job, node)):
            tasks.requeue(state, running, now, is_counted=False)
        elif _are_prepared(job, running.nodes):
            tasks.start(state, running, now)
    state.touch_job(job)


def _retries(job: JobEntry) -> int:
    spec = job.job.spec.preparation
    return 0 if spec is None or job.is_over else spec.max_task_retry_count


def _awaiting(job: JobEntry, node: NodeEntry) -> list[RunningTask]:
    return [
        running
        for running in node.tasks.values()
        if running.job is job and running.task.state is TaskState.PREPARING
    ]


def resume(state: State, job: JobEntry, job_node: JobNode, now: datetime) -> None:
    """What was cut short starts over: the preparation with the next task, the release at once."""
    if job_node.release is not None and is_running(job_node.release):
        job_node = replace(job_node, release=_resumed_release(job, job_node.release, now))
    if job_node.preparation is not None and is_running(job_node.preparation):
        info, _ = ended_info(job_node.preparation, lost_outcome(now), 0)
        job_node = replace(job_node, preparation=info, was_cut_short=True)
    note(state, job, job_node)


def _resumed_release(
    job: JobEntry, release: AuxiliaryTaskInfo, now: datetime
) -> AuxiliaryTaskInfo | None:
    if job.job.state is not JobState.COMPLETED:
        return None
    # The job had not waited for it, and it is not run again.
    info, _ = ended_info(release, lost_outcome(now), 0)
    return info


def _has_completed(info: AuxiliaryTaskInfo | None) -> bool:
    return info is not None and info.state is AuxiliaryTaskState.COMPLETED
