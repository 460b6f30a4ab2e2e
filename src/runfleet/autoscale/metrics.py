"""What the service measures of a pool, and what that comes to in the variables of formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Metric(StrEnum):
    """A read-only variable with samples."""

    ACTIVE_TASKS = "$ActiveTasks"
    RUNNING_TASKS = "$RunningTasks"
    PENDING_TASKS = "$PendingTasks"
    SUCCEEDED_TASKS = "$SucceededTasks"
    FAILED_TASKS = "$FailedTasks"
    TASK_SLOTS_PER_NODE = "$TaskSlotsPerNode"
    CURRENT_DEDICATED_NODES = "$CurrentDedicatedNodes"
    CURRENT_LOW_PRIORITY_NODES = "$CurrentLowPriorityNodes"
    USABLE_NODE_COUNT = "$UsableNodeCount"
    PREEMPTED_NODE_COUNT = "$PreemptedNodeCount"
    SAMPLE_NODE_COUNT = "$SampleNodeCount"
    CPU_PERCENT = "$CPUPercent"
    WALL_CLOCK_SECONDS = "$WallClockSeconds"
    MEMORY_BYTES = "$MemoryBytes"
    DISK_BYTES = "$DiskBytes"
    DISK_READ_BYTES = "$DiskReadBytes"
    DISK_WRITE_BYTES = "$DiskWriteBytes"
    DISK_READ_OPS = "$DiskReadOps"
    DISK_WRITE_OPS = "$DiskWriteOps"
    NETWORK_IN_BYTES = "$NetworkInBytes"
    NETWORK_OUT_BYTES = "$NetworkOutBytes"


# Names of the time before there were low-priority nodes, which public samples still use.
METRIC_ALIASES = {
    "$CurrentDedicated": Metric.CURRENT_DEDICATED_NODES,
    "$CurrentLowPriority": Metric.CURRENT_LOW_PRIORITY_NODES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """
    Tasks and nodes of a pool at one moment.

    Parameters
    ----------
    task_slots_per_node
        How many tasks that need one slot a node runs at once.
    ready_tasks
        Active tasks whose dependencies are met, of all jobs on the pool; a multi-instance task
        counts once for each of its instances.  No variable counts those that wait for others.
    running_tasks, succeeded_tasks, failed_tasks
        Tasks of all jobs on the pool that run or have ended.
    dedicated_nodes
        Those that are no spot nodes.
    low_priority_nodes
        All of them, the preempted ones too.
    preempted_nodes
        Spot nodes that lost their machines.
    usable_nodes
        Nodes that run tasks or could.
    """

    task_slots_per_node: int = 1
    ready_tasks: int = 0
    running_tasks: int = 0
    succeeded_tasks: int = 0
    failed_tasks: int = 0
    dedicated_nodes: int = 0
    low_priority_nodes: int = 0
    preempted_nodes: int = 0
    usable_nodes: int = 0

    def metrics(self) -> Mapping[Metric, float]:
        """What the variables that count tasks and nodes are."""
        return {
            Metric.ACTIVE_TASKS: float(self.ready_tasks),
            Metric.RUNNING_TASKS: float(self.running_tasks),
            Metric.PENDING_TASKS: float(self.ready_tasks + self.running_tasks),
            Metric.SUCCEEDED_TASKS: float(self.succeeded_tasks),
            Metric.FAILED_TASKS: float(self.failed_tasks),
            Metric.TASK_SLOTS_PER_NODE: float(self.task_slots_per_node),
            Metric.CURRENT_DEDICATED_NODES: float(self.dedicated_nodes),
            Metric.CURRENT_LOW_PRIORITY_NODES: float(self.low_priority_nodes),
            Metric.USABLE_NODE_COUNT: float(self.usable_nodes),
            Metric.PREEMPTED_NODE_COUNT: float(self.preempted_nodes),
            Metric.SAMPLE_NODE_COUNT: float(self.usable_nodes),
        }
