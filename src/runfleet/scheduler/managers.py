"""Job manager tasks: where they may run, and what their end means for their job."""

from __future__ import annotations

from runfleet.batch.records import Task
from runfleet.batch.specs import JobSpec
from runfleet.scheduler.entries import NodeEntry

MANAGER_COMPLETED = "JMComplete"


def is_manager(spec: JobSpec, task: Task) -> bool:
    """Whether a task is the manager of its job."""
    return spec.manager is not None and task.task_id.lower() == spec.manager.task_id.lower()


def is_exclusive(spec: JobSpec, task: Task) -> bool:
    """Whether a task wants a node that runs nothing else, for as long as it runs."""
    return spec.manager is not None and spec.manager.run_exclusive and is_manager(spec, task)


def ends_job(spec: JobSpec, task: Task) -> bool:
    """Whether the end of a task, whatever it is, is that of its job."""
    is_last = spec.manager is not None and spec.manager.kill_job_on_completion
    return is_last and is_manager(spec, task)


def suits(spec: JobSpec, task: Task, node: NodeEntry) -> bool:
    """Whether a task may go to a node: a manager may be too good for low priority."""
    manager = spec.manager
    is_choosy = manager is not None and not manager.allow_low_priority_node
    return node.node.dedicated or not is_choosy or not is_manager(spec, task)


def runs_on(node: NodeEntry) -> bool:
    """Whether the manager of some job runs on a node."""
    return any(is_manager(run.job.job.spec, run.task) for run in node.tasks.values())
