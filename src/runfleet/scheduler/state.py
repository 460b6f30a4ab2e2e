"""What the scheduler knows: pools, nodes and jobs with their running tasks, and what falls due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Failure, Job, JobNode, JobSchedule, Node, Pool, Subtask, Task
from runfleet.batch.states import EndedBy, JobState
from runfleet.scheduler.commands import Command
from runfleet.scheduler.queue import WINDOW, TaskQueue
from runfleet.scheduler.slots import FreeSlots

if TYPE_CHECKING:
    from runfleet.autoscale import SampleHistory


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended; `failure` is set when more than the exit code went wrong."""

    start_time: datetime
    end_time: datetime
    ended_by: EndedBy = EndedBy.EXIT
    exit_code: int | None = None
    failure: Failure | None = None


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
    A task that holds slots of a node; no execution yet while the job is being prepared there.

    Parameters
    ----------
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
    """An instance of a multi-instance task beside the primary."""

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
    """

    subtasks: list[SubtaskRun]
    uncoordinated: set[int] = field(default_factory=set)
    outcome: Outcome | None = None

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


class Purpose(StrEnum):
    """Why a node is being emptied of its tasks."""

    LEAVE = "leave"
    REBOOT = "reboot"
    DEALLOCATE = "deallocate"
    GO_OFFLINE = "go offline"
    RETURN = "return"
    STAY_AWAY = "stay away"


@dataclass(slots=True, eq=False)
class NodeEntry:
    """
    A node with what runs on it.

    Parameters
    ----------
    tasks
        By their sequence: one that was deleted may still be ending while another of its id runs.
    emptied_for
        Set while the tasks are being ended.
    keeps_data
        Whether what it is emptied for has to wait until its files need not be kept.
    is_reserved
        Whether it takes no task beside the one that it runs.
    """

    node: Node
    pool: PoolEntry
    tasks: dict[int, RunningTask] = field(default_factory=dict)
    executions: set[int] = field(default_factory=set)
    emptied_for: Purpose | None = None
    keeps_data: bool = False
    is_reserved: bool = False


@dataclass(slots=True)
class Sampling:
    """What the formula of a pool can look back at."""

    history: SampleHistory
    next_sample: datetime


@dataclass(slots=True, eq=False)
class PoolEntry:
    """
    A pool with its nodes.

    Parameters
    ----------
    sampling
        None where the pool is not autoscaled.
    """

    pool: Pool
    nodes: dict[str, NodeEntry] = field(default_factory=dict)
    free: FreeSlots = field(default_factory=FreeSlots)
    jobs: dict[str, JobEntry] = field(default_factory=dict)
    sampling: Sampling | None = None


@dataclass(slots=True, eq=False)
class JobEntry:
    """
    A job with its waiting and running tasks and the nodes it was prepared on.

    Parameters
    ----------
    running
        Its tasks on nodes, by their sequence.
    preparing, releasing
        The executions of its preparation and release tasks.
    schedule
        The job schedule that made it, if one did.
    awaits_manager
        Whether its manager is yet to be added to its tasks.
    end_reason, is_to_disable
        What is due because of tasks that have completed, until the job is settled.
    """

    job: Job
    queue: TaskQueue
    running: dict[int, RunningTask] = field(default_factory=dict)
    running_slots: int = 0
    nodes: dict[str, JobNode] = field(default_factory=dict)
    preparing: set[int] = field(default_factory=set)
    releasing: set[int] = field(default_factory=set)
    has_released: bool = False
    schedule: JobScheduleEntry | None = None
    awaits_manager: bool = False
    end_reason: str | None = None
    is_to_disable: bool = False

    @property
    def key(self) -> str:
        """The job's id as the state knows it."""
        return self.job.spec.job_id.lower()

    @property
    def is_ending(self) -> bool:
        """Whether its tasks are being ended for good."""
        return self.job.state in {JobState.TERMINATING, JobState.DELETING}


@dataclass(slots=True, eq=False)
class JobScheduleEntry:
    """
    A job schedule with its jobs that are not deleted.

    Parameters
    ----------
    next_timer
        The last timer that was set for it.
    """

    schedule: JobSchedule
    jobs: dict[str, JobEntry] = field(default_factory=dict)
    next_timer: datetime | None = None

    @property
    def key(self) -> str:
        """The schedule's id as the state knows it."""
        return self.schedule.spec.schedule_id.lower()


class Due(StrEnum):
    """What can fall due."""

    NODE_ARRIVES = "node arrives"
    NODE_BOOTS = "node boots"
    NODE_DEALLOCATED = "node deallocated"
    NODE_DATA_EXPIRES = "node data expires"
    NODE_RETURNS = "node returns"
    RESIZE_TIMEOUT = "resize timeout"
    EVALUATION = "evaluation"
    SAMPLE = "sample"
    JOB_TIME_LIMIT = "job time limit"
    JOB_SCHEDULE = "job schedule"


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """Something that falls due: for a pool, a node of it, a job or a job schedule."""

    due: datetime
    number: int
    what: Due
    owner_id: str
    node_id: str = ""


@dataclass(slots=True)
class State:
    """
    All that decisions are made from.

    Parameters
    ----------
    node_delay
        How long a node takes to come, to boot and to be deallocated.
    window
        How many waiting tasks of each job are held in memory.
    next_execution
        Number of the next execution; never used twice.
    addresses
        Those that nodes have.
    """

    node_delay: timedelta = timedelta(milliseconds=50)
    window: int = WINDOW
    next_execution: int = 1
    pools: dict[str, PoolEntry] = field(default_factory=dict)
    jobs: dict[str, JobEntry] = field(default_factory=dict)
    job_schedules: dict[str, JobScheduleEntry] = field(default_factory=dict)
    executions: dict[int, Execution] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    timers: list[Timer] = field(default_factory=list)
    timers_made: int = 0
    commands: list[Command] = field(default_factory=list)
    touched_pools: dict[str, PoolEntry] = field(default_factory=dict)
    touched_nodes: dict[str, NodeEntry] = field(default_factory=dict)
    touched_jobs: dict[str, JobEntry] = field(default_factory=dict)
    touched_job_schedules: dict[str, JobScheduleEntry] = field(default_factory=dict)

    def pool(self, pool_id: str) -> PoolEntry:
        """The pool of that id; `PoolNotFound` where there is none."""
        entry = self.pools.get(pool_id.lower())
        if entry is None:
            raise BatchRuleError("PoolNotFound")
        return entry

    def node(self, pool_id: str, node_id: str) -> NodeEntry:
        """The node of that id; `PoolNotFound` or `NodeNotFound` where there is none."""
        entry = self.pool(pool_id).nodes.get(node_id.lower())
        if entry is None:
            raise BatchRuleError("NodeNotFound")
        return entry

    def job(self, job_id: str) -> JobEntry:
        """The job of that id; `JobNotFound` where there is none."""
        entry = self.jobs.get(job_id.lower())
        if entry is None:
            raise BatchRuleError("JobNotFound")
        return entry

    def job_schedule(self, schedule_id: str) -> JobScheduleEntry:
        """The job schedule of that id; `JobScheduleNotFound` where there is none."""
        entry = self.job_schedules.get(schedule_id.lower())
        if entry is None:
            raise BatchRuleError("JobScheduleNotFound")
        return entry

    def add_job(self, job: Job) -> JobEntry:
        """Take in a job; the id of one that a schedule made names that before a colon."""
        entry = JobEntry(job, TaskQueue(self.window))
        self.jobs[entry.key] = entry
        schedule_key, colon, _ = entry.key.partition(":")
        if colon:
            entry.schedule = self.job_schedules[schedule_key]
            entry.schedule.jobs[entry.key] = entry
        return entry

    def emit(self, command: Command) -> None:
        """Add to what the decision in hand wants done."""
        self.commands.append(command)

    def take_commands(self) -> list[Command]:
        """What is wanted since the last call, in order."""
        commands, self.commands = self.commands, []
        return commands

    def touch_pool(self, entry: PoolEntry) -> None:
        """Have what follows from a change of a pool worked out."""
        self.touched_pools[entry.pool.spec.pool_id] = entry

    def touch_node(self, entry: NodeEntry) -> None:
        """Have what follows from a change of a node, and so of its pool, worked out."""
        self.touched_nodes[entry.node.node_id] = entry
        self.touch_pool(entry.pool)

    def touch_job(self, entry: JobEntry) -> None:
        """Have what follows from a change of a job worked out."""
        self.touched_jobs[entry.key] = entry

    def touch_job_schedule(self, entry: JobScheduleEntry) -> None:
        """Have what follows from a change of a job schedule worked out."""
        self.touched_job_schedules[entry.key] = entry

    def begin(self, run: Execution, node: NodeEntry) -> int:
        """Number a new execution on a node."""
        execution = self.next_execution
        self.next_execution += 1
        self.executions[execution] = run
        node.executions.add(execution)
        return execution

    def set_timer(self, due: datetime, what: Due, owner_id: str, node_id: str = "") -> None:
        """Let something fall due."""
        self.timers_made += 1
        heappush(self.timers, Timer(due, self.timers_made, what, owner_id.lower(), node_id))

    def next_due(self) -> datetime | None:
        """When the next thing falls due."""
        return self.timers[0].due if self.timers else None

    def take_due(self, now: datetime) -> Timer | None:
        """The next thing that has fallen due by now."""
        return heappop(self.timers) if self.timers and self.timers[0].due <= now else None
