"""The tasks that a node ran lately, or runs: what is told of the node shows them."""

from __future__ import annotations

from runfleet.batch.records import RECENT_TASKS, Node, RecentTask, Subtask, Task
from runfleet.batch.states import TaskState
from runfleet.scheduler.entries import Fate, NodeEntry, RunningTask

_AT_WORK = {TaskState.PREPARING, TaskState.RUNNING}


def note_task(node: Node, task: Task) -> None:
    """Remember a task that has ended on a node."""
    _note(node, _of_task(task))


def note_subtask(node: Node, task: Task, subtask: Subtask) -> None:
    """Remember an instance of a task, beside the primary, that has ended on a node."""
    _note(node, _of_subtask(task, subtask))


def recent_tasks(entry: NodeEntry) -> list[RecentTask]:
    """Tell the tasks that a node runs, then those that ended there, newest first."""
    running = (_running_on(entry, one) for one in reversed(entry.tasks.values()))
    at_work = [one for one in running if one is not None and one.state in _AT_WORK]
    return [*at_work, *entry.node.recent_tasks][:RECENT_TASKS]


def _running_on(entry: NodeEntry, running: RunningTask) -> RecentTask | None:
    if running.fate is Fate.DELETED:
        return None
    if running.node is entry or running.team is None:
        return _of_task(running.task)
    subtasks = (run.subtask for run in running.team.subtasks if run.node is entry)
    return _of_subtask(running.task, next(subtasks))


def _note(node: Node, recent: RecentTask) -> None:
    node.recent_tasks = [recent, *node.recent_tasks[: RECENT_TASKS - 1]]


def _of_task(task: Task) -> RecentTask:
    return RecentTask(
        job_id=task.job_id,
        task_id=task.task_id,
        state=task.state,
        start_time=task.start_time,
        end_time=task.end_time,
        exit_code=task.exit_code,
        result=task.result,
        failure=task.failure,
        retry_count=task.retry_count,
        requeue_count=task.requeue_count,
    )


def _of_subtask(task: Task, subtask: Subtask) -> RecentTask:
    return RecentTask(
        job_id=task.job_id,
        task_id=task.task_id,
        state=TaskState(subtask.state.value),
        start_time=subtask.start_time,
        end_time=subtask.end_time,
        exit_code=subtask.exit_code,
        result=subtask.result,
        failure=subtask.failure,
        retry_count=task.retry_count,
        requeue_count=task.requeue_count,
        subtask_id=subtask.number,
    )
