"""The life of a task: it is placed on a node, runs, is retried, requeued, ended or completed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from runfleet.batch.records import Failure, Task
from runfleet.batch.states import EndedBy, NodeState, SchedulingState, TaskResult, TaskState
from runfleet.scheduler import instances, managers, task_counts
from runfleet.scheduler.commands import (
    Kill,
    RemoveTaskFiles,
    SaveNode,
    SaveSubtasks,
    SaveTask,
    StartTask,
)
from runfleet.scheduler.ended_tasks import count_end
from runfleet.scheduler.entries import DECIDED, Fate, JobEntry, NodeEntry, RunningTask
from runfleet.scheduler.exit_conditions import note_end
from runfleet.scheduler.outcomes import Outcome, ended_failure, failure_of, wants_retry
from runfleet.scheduler.state import State

AT_WORK = frozenset({NodeState.IDLE, NodeState.RUNNING})


def refresh_room(entry: NodeEntry) -> None:
    """Tell the pool how many slots the node has free for new tasks."""
    takes_tasks = (
        entry.node.state in AT_WORK
        and entry.node.scheduling_state is SchedulingState.ENABLED
        and entry.emptied_for is None
        and not entry.is_reserved
    )
    room = entry.pool.pool.spec.task_slots_per_node - entry.node.running_slots
    entry.pool.free.set(entry.node.node_id, room if takes_tasks else 0)


def place(
    state: State, job: JobEntry, task: Task, nodes: Sequence[NodeEntry], now: datetime
) -> RunningTask:
    """Take a waiting task's slots on its node, or nodes; it is started, or prepared for, next."""
    job.queue.remove(task)
    node = nodes[0]
    task.pool_id, task.node_id = node.node.pool_id, node.node.node_id
    running = RunningTask(task, job, node)
    if task.instances:
        instances.form_team(running, nodes[1:], now)
    job.running[task.sequence] = running
    job.running_slots += task.required_slots
    for node in nodes:
        _occupy(state, running, node)
    task_counts.move(job, task, "active", "running")
    return running


def _occupy(state: State, running: RunningTask, node: NodeEntry) -> None:
    node.tasks[running.task.sequence] = running
    node.node.running_tasks += 1
    node.node.running_slots += running.task.required_slots
    node.is_reserved = managers.is_exclusive(running.job.job.spec, running.task)
    refresh_room(node)
    state.touch_node(node)


def start(state: State, running: RunningTask, now: datetime) -> None:
    """Run a placed task for the first time since it was last waiting."""
    running.task.start_time = now
    change_state(running.task, TaskState.RUNNING, now)
    _execute(state, running, now, is_retry=False)


def await_preparation(state: State, running: RunningTask, now: datetime) -> None:
    """Keep a placed task until its node is prepared for the job."""
    change_state(running.task, TaskState.PREPARING, now)
    state.emit(SaveTask(running.task))
    if running.team is not None:
        instances.save(state, running)


def _execute(state: State, running: RunningTask, now: datetime, *, is_retry: bool) -> None:
    running.execution = state.begin(running, running.node)
    state.emit(SaveTask(running.task))
    if running.team is not None:
        instances.start(state, running, now, is_retry=is_retry)
    else:
        state.emit(StartTask(running.execution, running.task, running.node.node, is_retry))


def on_task_ended(state: State, running: RunningTask, outcome: Outcome, now: datetime) -> None:
    """Retry the task, put it back in the queue or complete it, as its fate has it."""
    task = running.task
    succeeded = outcome.ended_by is EndedBy.EXIT and failure_of(outcome) is None
    if running.fate in DECIDED:
        release(state, running)
    elif running.fate in {Fate.REQUEUE, Fate.LOST} and not succeeded:
        requeue(state, running, now, is_counted=running.fate is Fate.REQUEUE)
    elif wants_retry(outcome, task.retry_count, task.max_task_retry_count):
        _retry(state, running, now)
    else:
        release(state, running)
        complete(state, running.job, task, outcome, now)


def _retry(state: State, running: RunningTask, now: datetime) -> None:
    running.task.retry_count += 1
    running.task.start_time = running.task.last_retry_time = now
    _execute(state, running, now, is_retry=True)


def release(state: State, running: RunningTask) -> None:
    """Give a task's slots back."""
    task, job = running.task, running.job
    del job.running[task.sequence]
    job.running_slots -= task.required_slots
    for node in running.nodes:
        _vacate(state, running, node)
    state.touch_job(job)


def _vacate(state: State, running: RunningTask, node: NodeEntry) -> None:
    del node.tasks[running.task.sequence]
    node.node.running_tasks -= 1
    node.node.running_slots -= running.task.required_slots
    if managers.is_exclusive(running.job.job.spec, running.task):
        node.is_reserved = False
    refresh_room(node)
    state.touch_node(node)


def complete(state: State, job: JobEntry, task: Task, outcome: Outcome, now: datetime) -> None:
    """Record how a task that had been running ended."""
    record_outcome(task, outcome, now)
    note_end(state, job, task, outcome)
    task_counts.move(job, task, "running", task_counts.counted_as(task))
    _note_on_node(state, task)
    state.emit(SaveTask(task))


def record_outcome(task: Task, outcome: Outcome, now: datetime) -> None:
    """Make a task a completed one that ended so."""
    task.start_time = task.start_time or outcome.start_time
    task.end_time, task.exit_code = outcome.end_time, outcome.exit_code
    _record_result(task, failure_of(outcome), now)


def record_ended(task: Task, now: datetime) -> None:
    """Make a task a completed one that was ended by request."""
    task.end_time = now
    _record_result(task, ended_failure("Task Was Ended by User Request"), now)


def _record_result(task: Task, failure: Failure | None, now: datetime) -> None:
    task.failure = failure
    task.result = TaskResult.SUCCESS if failure is None else TaskResult.FAILURE
    change_state(task, TaskState.COMPLETED, now)


def _note_on_node(state: State, task: Task) -> None:
    pool = state.pools.get((task.pool_id or "").lower())
    entry = pool.nodes.get(task.node_id or "") if pool else None
    if entry is not None and count_end(entry.node, task):
        state.emit(SaveNode(entry.node))


def requeue(state: State, running: RunningTask, now: datetime, *, is_counted: bool) -> None:
    """Put a task that held slots back among the waiting ones of its job; its files go."""
    task = running.task
    release(state, running)
    task_counts.move(running.job, task, "running", "active")
    if task.start_time is not None:
        state.emit(RemoveTaskFiles(replace(task)))
    if is_counted:
        task.requeue_count += 1
        task.last_requeue_time = now
    task.start_time = task.pool_id = task.node_id = None
    change_state(task, TaskState.ACTIVE, now)
    running.job.queue.put_back(task)
    state.emit(SaveTask(task))
    if running.team is not None:
        state.emit(SaveSubtasks(task, ()))


def end_running(state: State, running: RunningTask, fate: Fate, now: datetime) -> None:
    """End a task's processes, if it has any yet, and let `fate` decide what becomes of it."""
    if fate in DECIDED or (running.fate is Fate.ITS_OWN and not _is_over(running)):
        running.fate = fate
    if running.execution is not None:
        state.emit(Kill(running.execution, uploads=fate is Fate.COMPLETED))
    elif running.is_executed:
        # The primary has ended, and its other instances are being ended.
        return
    elif fate in DECIDED:
        release(state, running)
        if running.team is not None:
            instances.end_unstarted(state, running, running.team, now)
    else:
        requeue(state, running, now, is_counted=fate is Fate.REQUEUE)


def _is_over(running: RunningTask) -> bool:
    """Whether a task has ended for good, and only the rest of its instances is being ended."""
    task, outcome = running.task, running.team.outcome if running.team is not None else None
    return outcome is not None and not wants_retry(
        outcome, task.retry_count, task.max_task_retry_count
    )


def terminate_running(state: State, running: RunningTask, now: datetime) -> None:
    """Complete a running task at once as ended by request; its processes follow."""
    if running.fate in DECIDED:
        return
    _complete_ended(state, running.job, running.task, now)
    _note_on_node(state, running.task)
    end_running(state, running, Fate.COMPLETED, now)
    state.touch_job(running.job)


def terminate_waiting(state: State, job: JobEntry, task: Task, now: datetime) -> None:
    """Complete a task that never ran as ended by request."""
    leave_queue(job, task)
    _complete_ended(state, job, task, now)
    state.touch_job(job)


def enter_queue(job: JobEntry, task: Task) -> None:
    """Let a task that has become active wait: in the queue, or blocked by its parents."""
    if task.is_blocked:
        task_counts.enter(job, task, "blocked")
    else:
        job.queue.put_back(task)


def leave_queue(job: JobEntry, task: Task) -> None:
    """An active task waits no more, neither for a node nor for its parents."""
    if task.is_blocked:
        task_counts.leave(job, task, "blocked")
    else:
        job.queue.remove(task)


def _complete_ended(state: State, job: JobEntry, task: Task, now: datetime) -> None:
    before = task_counts.counted_as(task)
    task.last_modified = now
    record_ended(task, now)
    note_end(state, job, task, Outcome(now, now, EndedBy.KILL))
    task_counts.move(job, task, before, task_counts.counted_as(task))
    state.emit(SaveTask(task))


def change_state(task: Task, to: TaskState, now: datetime) -> None:
    """Move a task to another state, remembering the one before."""
    task.previous_state, task.previous_state_time = task.state, task.state_time
    task.state, task.state_time = to, now
