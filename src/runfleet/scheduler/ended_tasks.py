"""What a node remembers of the tasks that ended on it, which is not saved at each end."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.records import Node, Task
from runfleet.batch.states import NodeState, TaskResult
from runfleet.scheduler.recent_tasks import note_task

_SAVED_EVERY = 100


def count_end(node: Node, task: Task) -> bool:
    """
    Count a task that has ended on a node, and how long its files are to be kept there.

    Returns
    -------
    is_due
        Whether the node is to be saved. The ends since then are found at a restart, so that a
        node which is never idle is not written with each short task.
    """
    node.total_tasks_run += 1
    node.total_tasks_succeeded += task.result is TaskResult.SUCCESS
    node.counted_until = task.state_time
    if task.end_time is not None:
        until = task.end_time + task.retention_time
        node.data_until = until if node.data_until is None else max(until, node.data_until)
    note_task(node, task)
    return node.total_tasks_run % _SAVED_EVERY == 0


def counted_until(node: Node) -> datetime:
    """Until when the ends of all tasks are counted on a node as it was saved."""
    return node.counted_until or node.state_time


def had_tasks(node: Node) -> bool:
    """Whether tasks may have run on a node as it was saved: some ends may not be counted."""
    return node.state not in {NodeState.IDLE, NodeState.OFFLINE, NodeState.DEALLOCATED}
