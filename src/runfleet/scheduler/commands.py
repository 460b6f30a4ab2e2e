"""What the scheduler wants done; the emulator's engine does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from runfleet.batch.records import Job, JobNode, JobSchedule, Node, Pool, Subtask, Task
from runfleet.batch.usage import NodeUsage


@dataclass(frozen=True, slots=True)
class SavePool:
    """Remember a pool as it is now."""

    pool: Pool


@dataclass(frozen=True, slots=True)
class ForgetPool:
    """A pool is gone."""

    pool_id: str


@dataclass(frozen=True, slots=True)
class SaveNode:
    """Remember a node as it is now."""

    node: Node


@dataclass(frozen=True, slots=True)
class ForgetNode:
    """A node has left its pool; its files go with it."""

    node: Node


@dataclass(frozen=True, slots=True)
class EndBackground:
    """A node goes down: end what its start task has left running."""

    node: Node


@dataclass(frozen=True, slots=True)
class SaveUsage:
    """Remember that a node had its machine until now."""

    usage: NodeUsage


@dataclass(frozen=True, slots=True)
class SaveJob:
    """Remember a job as it is now."""

    job: Job


@dataclass(frozen=True, slots=True)
class AddManager:
    """Add the manager of a new job to its tasks."""

    job: Job


@dataclass(frozen=True, slots=True)
class ForgetJob:
    """A job is gone, with all its tasks and their files."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SaveJobSchedule:
    """Remember a job schedule as it is now."""

    schedule: JobSchedule


@dataclass(frozen=True, slots=True)
class ForgetJobSchedule:
    """A job schedule is gone; its jobs went before it."""

    schedule_id: str


@dataclass(frozen=True, slots=True)
class SaveJobNode:
    """Remember what a job's preparation and release tasks did on a node."""

    job_node: JobNode


@dataclass(frozen=True, slots=True)
class SaveTask:
    """Remember a task as it is now."""

    task: Task


@dataclass(frozen=True, slots=True)
class SaveSubtasks:
    """Remember the subtasks of a multi-instance task as they are now."""

    task: Task
    subtasks: Sequence[Subtask]


@dataclass(frozen=True, slots=True)
class ForgetTask:
    """A task is gone; its files are removed."""

    task: Task


@dataclass(frozen=True, slots=True)
class RemoveTaskFiles:
    """Remove the folders of a task on the nodes where it ran."""

    task: Task


@dataclass(frozen=True, slots=True)
class LoadTasks:
    """
    Hand over the next active tasks of a job, in the order they were added.

    Parameters
    ----------
    after_sequence
        Of the last task that the scheduler has, or had, in memory.
    limit
        How many at most.
    """

    job_id: str
    after_sequence: int
    limit: int


@dataclass(frozen=True, slots=True)
class Satisfy:
    """Children need not wait for this task any more; hand over those that are free now."""

    job_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class RemoveJobFiles:
    """Remove what is left on a node of a job that is gone."""

    job_id: str
    node: Node


@dataclass(frozen=True, slots=True)
class StartTask:
    """
    Run a task on a node.

    Parameters
    ----------
    execution
        The number by which its end is reported; never used twice.
    is_retry
        Whether the folder of the attempt before is kept.
    """

    execution: int
    task: Task
    node: Node
    is_retry: bool


@dataclass(frozen=True, slots=True)
class StartInstance:
    """
    Coordinate one instance of a multi-instance task on a node.

    Parameters
    ----------
    execution, is_retry
        As `StartTask` has them; each instance is an execution of its own.
    number
        Which one; 0 is the primary.
    nodes
        Those of all instances, in order.
    """

    execution: int
    task: Task
    number: int
    nodes: Sequence[Node]
    is_retry: bool

    @property
    def node(self) -> Node:
        """The node of this instance."""
        return self.nodes[self.number]


@dataclass(frozen=True, slots=True)
class Proceed:
    """
    Run the command of a multi-instance task: all its instances are coordinated.

    Parameters
    ----------
    execution
        The primary's.
    """

    execution: int


@dataclass(frozen=True, slots=True)
class Constrain:
    """
    Hold a task that runs to other constraints than it was started with.

    Parameters
    ----------
    execution
        Of a multi-instance task, the primary's.
    time_limit
        How long it may take from its start; None for as long as it likes.
    """

    execution: int
    task: Task
    time_limit: timedelta | None


@dataclass(frozen=True, slots=True)
class StartNodeTask:
    """
    Run the pool's start task on a node.

    Parameters
    ----------
    execution, is_retry
        As `StartTask` has them.
    """

    execution: int
    pool: Pool
    node: Node
    is_retry: bool


@dataclass(frozen=True, slots=True)
class StartPreparation:
    """
    Run a job's preparation task on a node.

    Parameters
    ----------
    execution, is_retry
        As `StartTask` has them.
    """

    execution: int
    job: Job
    node: Node
    is_retry: bool


@dataclass(frozen=True, slots=True)
class StartRelease:
    """
    Run a job's release task on a node, which is never tried again.

    Parameters
    ----------
    execution
        As `StartTask` has it.
    """

    execution: int
    job: Job
    node: Node


@dataclass(frozen=True, slots=True)
class Kill:
    """
    End an execution with all its processes; its end is reported as any other.

    Parameters
    ----------
    uploads
        Upload output files all the same: the task will not run again.
    """

    execution: int
    uploads: bool = False


Command = (
    SavePool
    | ForgetPool
    | SaveNode
    | ForgetNode
    | EndBackground
    | SaveUsage
    | SaveJob
    | AddManager
    | ForgetJob
    | SaveJobSchedule
    | ForgetJobSchedule
    | SaveJobNode
    | SaveTask
    | SaveSubtasks
    | ForgetTask
    | RemoveTaskFiles
    | RemoveJobFiles
    | LoadTasks
    | Satisfy
    | StartTask
    | StartInstance
    | Proceed
    | Constrain
    | StartNodeTask
    | StartPreparation
    | StartRelease
    | Kill
)
