"""Pools, nodes and jobs as decisions see them, with all that runs on them and its fate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from runfleet.batch.records import Job, JobNode, JobSchedule, Node, Pool, Subtask, Task, TaskCounts
from runfleet.batch.states import JobState, Purpose
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.queue import TaskQueue
from runfleet.scheduler.slots import FreeSlots

if TYPE_CHECKING:
    from runfleet.autoscale import SampleHistory


class Fate(StrEnum):
    """
    What becomes of a running task once its processes are gone.

    Its own outcome decides, or it goes back to the queue (counted as a requeue, or not where its
    machine was lost), or nothing, since the task is completed or deleted already.
    """

    ITS_OWN = "its own"
    REQUEUE = "requeue"
    LOST = "lost"
    COMPLETED = "completed"
    DELETED = "deleted"


DECIDED = frozenset({Fate.COMPLETED, Fate.DELETED})


@dataclass(slots=True)
class RunningTask:
    """
    A task that holds slots of a node.

    Parameters
    ----------
    execution
        None while the job is still being prepared on the node; that of a primary is None, too,
        once it has ended.
    fate
        What becomes of the task once its processes are gone.
    team
        Set for a multi-instance task, which this is the primary of.
    """

    task: Task
    job: JobEntry
    node: NodeEntry
    execution: int | None = None
    fate: Fate = Fate.ITS_OWN
    team: Team | None = None

    @property
    def nodes(self) -> list[NodeEntry]:
        """All nodes of which it holds slots."""
        others = () if self.team is None else self.team.subtasks
        return [self.node, *(subtask.node for subtask in others)]

    @property
    def is_executed(self) -> bool:
        """Whether anything of it runs, or is being ended."""
        return self.execution is not None or (self.team is not None and self.team.is_executed)


@dataclass(slots=True, eq=False)
class SubtaskRun:
    """
    An instance of a multi-instance task beside the primary.

    Parameters
    ----------
    subtask
        What clients see of it.
    primary
        The task, which its first instance stands for.
    execution
        None before it is started, and once it has ended.
    """

    subtask: Subtask
    primary: RunningTask
    node: NodeEntry
    execution: int | None = None


@dataclass(slots=True)
class Team:
    """
    The instances of a multi-instance task beside the primary.

    Parameters
    ----------
    uncoordinated
        The executions, the primary's included, that are still to be coordinated.
    outcome
        How the task ended, while the rest of its instances is being ended.
    ended
        The primary's execution once it has ended, while the rest is being ended.
    """

    subtasks: list[SubtaskRun]
    uncoordinated: set[int] = field(default_factory=set)
    outcome: Outcome | None = None
    ended: int | None = None

    @property
    def is_executed(self) -> bool:
        """Whether any of them runs, or is being ended."""
        return any(subtask.execution is not None for subtask in self.subtasks)


@dataclass(frozen=True, slots=True)
class NodeTaskRun:
    """A start task that runs."""

    node: NodeEntry


@dataclass(frozen=True, slots=True)
class PreparationRun:
    """A preparation task that runs."""

    job: JobEntry
    node: NodeEntry


@dataclass(frozen=True, slots=True)
class ReleaseRun:
    """A release task that runs."""

    job: JobEntry
    node: NodeEntry


Execution = RunningTask | SubtaskRun | NodeTaskRun | PreparationRun | ReleaseRun


@dataclass(slots=True, eq=False)
class NodeEntry:
    """
    A node with what runs on it.

    Parameters
    ----------
    tasks
        By their sequence: one that was deleted may still be ending while another of its id runs.
    executions
        The numbers of all that runs on it, of tasks of every kind.
    is_reserved
        Whether it takes no task beside the one that it runs.
    awaited_by
        Jobs that end, by their keys, whose release tasks wait until it is up.
    """

    node: Node
    pool: PoolEntry
    tasks: dict[int, RunningTask] = field(default_factory=dict)
    executions: set[int] = field(default_factory=set)
    is_reserved: bool = False
    awaited_by: dict[str, JobEntry] = field(default_factory=dict)

    @property
    def emptied_for(self) -> Purpose | None:
        """Why its tasks are being ended or awaited; None where they are not."""
        return None if self.node.emptying is None else self.node.emptying.purpose

    @property
    def stays(self) -> bool:
        """Whether it neither leaves nor goes down nor is away."""
        return self.emptied_for in {None, Purpose.GO_OFFLINE}


@dataclass(slots=True)
class Sampling:
    """
    What the formula of a pool can look back at.

    Parameters
    ----------
    history
        The samples taken so far.
    next_sample
        When another one is due.
    """

    history: SampleHistory
    next_sample: datetime


@dataclass(slots=True, eq=False)
class EndedTasks:
    """How many tasks have succeeded, and failed, of all jobs that have ended on a pool."""

    succeeded: int = 0
    failed: int = 0

    def add(self, counts: TaskCounts, sign: int = 1) -> None:
        """Count in the tasks of a job that has ended; with -1 those of one that is gone."""
        self.succeeded += sign * counts.succeeded
        self.failed += sign * counts.failed


@dataclass(slots=True, eq=False)
class PoolEntry:
    """
    A pool with its nodes.

    Parameters
    ----------
    nodes
        By their ids.
    free
        The slots that tasks may take.
    jobs
        Those on it that have not ended, by their keys.
    ended_tasks
        What is still counted of the others.
    sampling
        None where the pool is not autoscaled.
    """

    pool: Pool
    nodes: dict[str, NodeEntry] = field(default_factory=dict)
    free: FreeSlots = field(default_factory=FreeSlots)
    jobs: dict[str, JobEntry] = field(default_factory=dict)
    ended_tasks: EndedTasks = field(default_factory=EndedTasks)
    sampling: Sampling | None = None


@dataclass(slots=True, eq=False)
class JobEntry:
    """
    A job with its waiting and running tasks and the nodes it was prepared on.

    Parameters
    ----------
    running
        Its tasks on nodes, by their sequence.
    running_slots
        How many slots these need together; a multi-instance task counts once.
    nodes
        What its preparation and release tasks did, by the ids of nodes.
    preparing, releasing
        The executions of its preparation and release tasks.
    unreleased
        The nodes whose release tasks are yet to be started; None until the job ends.
    schedule
        The job schedule that made it, if one did.
    awaits_manager
        Whether its manager is yet to be added to its tasks.
    end_reason, is_to_disable
        What is due because of tasks that have completed, until the job is settled.
    counted_in
        Where the tasks of a job that has ended are counted; None where its pool was gone.
    is_forgotten
        Whether it is gone, although something of it may still be ending on nodes.
    """

    job: Job
    queue: TaskQueue
    running: dict[int, RunningTask] = field(default_factory=dict)
    running_slots: int = 0
    nodes: dict[str, JobNode] = field(default_factory=dict)
    preparing: set[int] = field(default_factory=set)
    releasing: set[int] = field(default_factory=set)
    unreleased: list[str] | None = None
    schedule: JobScheduleEntry | None = None
    awaits_manager: bool = False
    end_reason: str | None = None
    is_to_disable: bool = False
    counted_in: EndedTasks | None = None
    is_forgotten: bool = False

    @property
    def key(self) -> str:
        """The job's id as the state knows it."""
        return self.job.spec.job_id.lower()

    @property
    def is_ending(self) -> bool:
        """Whether its tasks are being ended for good."""
        return self.job.state in {JobState.TERMINATING, JobState.DELETING}

    @property
    def has_ended(self) -> bool:
        """Whether it has completed, and may be being deleted by now."""
        return JobState.COMPLETED in {self.job.state, self.job.previous_state}

    @property
    def is_over(self) -> bool:
        """Whether none of its tasks will be started any more."""
        return self.is_ending or self.has_ended


@dataclass(slots=True, eq=False)
class JobScheduleEntry:
    """A job schedule with its jobs that are not deleted."""

    schedule: JobSchedule
    jobs: dict[str, JobEntry] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The schedule's id as the state knows it."""
        return self.schedule.spec.schedule_id.lower()
