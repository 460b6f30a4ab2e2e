"""What the service knows of pools, nodes, jobs and tasks while they live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runfleet.batch.specs import (
    DEFAULT_RETENTION,
    AutoscaleSpec,
    ExitConditions,
    JobScheduleSpec,
    JobSpec,
    PoolSpec,
)
from runfleet.batch.states import (
    AllocationState,
    AuxiliaryTaskState,
    ErrorCategory,
    JobScheduleState,
    JobState,
    NodeDeallocationOption,
    NodeState,
    PoolState,
    SchedulingState,
    SubtaskState,
    TaskResult,
    TaskState,
)

RECENT_TASKS = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task of any kind failed, as `failureInfo` has it."""

    category: ErrorCategory
    code: str
    message: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResizeError:
    """Why a resize did not reach its target."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AuxiliaryTaskInfo:
    """How a start, preparation or release task went on one node."""

    state: AuxiliaryTaskState
    start_time: datetime
    end_time: datetime | None = None
    exit_code: int | None = None
    failure: Failure | None = None
    result: TaskResult | None = None
    retry_count: int = 0
    last_retry_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class AutoscaleError:
    """Why a formula has no result; `detail` says where and what."""

    code: str
    message: str
    detail: str


@dataclass(frozen=True, slots=True)
class AutoscaleRun:
    """What a formula came to, its variables spelled as the service spells them."""

    time: datetime
    results: str
    error: AutoscaleError | None = None


@dataclass(slots=True)
class Autoscale:
    """How a pool follows a formula."""

    spec: AutoscaleSpec
    next_evaluation: datetime
    last_run: AutoscaleRun | None = None


@dataclass(slots=True)
class Pool:
    """
    A pool; `body` is what the client asked for, which only `wire` understands.

    `last_modified` moves with user requests alone, never with background progress.

    Parameters
    ----------
    autoscale
        None where clients set the targets.
    autoscale_enable_time
        When a client last turned autoscale on or changed it.
    """

    spec: PoolSpec
    body: bytes
    creation_time: datetime
    last_modified: datetime
    state: PoolState
    state_time: datetime
    allocation_state: AllocationState
    allocation_time: datetime
    target_dedicated: int = 0
    target_low_priority: int = 0
    resize_errors: list[ResizeError] = field(default_factory=list)
    resize_deadline: datetime | None = None
    deallocation_option: NodeDeallocationOption = NodeDeallocationOption.REQUEUE
    nodes_made: int = 0
    autoscale: Autoscale | None = None
    autoscale_enable_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecentTask:
    """A task that a node ran lately, or an instance of one."""

    job_id: str
    task_id: str
    state: TaskState
    start_time: datetime | None = None
    end_time: datetime | None = None
    exit_code: int | None = None
    result: TaskResult | None = None
    failure: Failure | None = None
    retry_count: int = 0
    requeue_count: int = 0
    subtask_id: int | None = None


@dataclass(frozen=True, slots=True)
class NodeUser:
    """A user account on a node, without its secrets."""

    name: str
    is_admin: bool
    expiry_time: datetime


@dataclass(slots=True)
class Node:
    """
    A virtual machine of a pool; `number` is unique in the pool, the address in the account.

    Parameters
    ----------
    data_until
        When the files of all tasks that ended there need not be kept any longer.
    machine_since
        When it got the machine that it has; None while it has none.
    """

    node_id: str
    pool_id: str
    number: int
    dedicated: bool
    allocation_time: datetime
    state: NodeState
    state_time: datetime
    address: str
    scheduling_state: SchedulingState = SchedulingState.ENABLED
    boot_time: datetime | None = None
    start_task: AuxiliaryTaskInfo | None = None
    errors: list[Failure] = field(default_factory=list)
    total_tasks_run: int = 0
    total_tasks_succeeded: int = 0
    running_tasks: int = 0
    running_slots: int = 0
    recent_tasks: list[RecentTask] = field(default_factory=list)
    users: list[NodeUser] = field(default_factory=list)
    data_until: datetime | None = None
    machine_since: datetime | None = None


@dataclass(slots=True)
class TaskCounts:
    """
    How many tasks of a job are in each state.

    Parameters
    ----------
    active
        Including those that are blocked.
    running
        Including those that are preparing.
    blocked
        Those that wait for their parents.
    """

    active: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    blocked: int = 0

    @property
    def completed(self) -> int:
        """Tasks that have ended, either way."""
        return self.succeeded + self.failed


@dataclass(slots=True)
class Job:
    """
    A job; `body` is what the client asked for, which only `wire` understands.

    Parameters
    ----------
    scheduling_error
        Why it could not begin; it has completed then.
    """

    spec: JobSpec
    body: bytes
    creation_time: datetime
    last_modified: datetime
    state: JobState
    state_time: datetime
    previous_state: JobState | None = None
    previous_state_time: datetime | None = None
    end_time: datetime | None = None
    terminate_reason: str | None = None
    scheduling_error: Failure | None = None
    counts: TaskCounts = field(default_factory=TaskCounts)
    slot_counts: TaskCounts = field(default_factory=TaskCounts)


@dataclass(slots=True)
class JobSchedule:
    """
    A job schedule; `body` is what the client asked for beside the jobs.

    Parameters
    ----------
    last_occurrence
        When the last job was due, whether it was made or lost.
    jobs_made
        How many jobs it has made; they are numbered from 1.
    pool_id
        The auto pool that its jobs share, once it has been made.
    """

    spec: JobScheduleSpec
    body: bytes
    creation_time: datetime
    last_modified: datetime
    state: JobScheduleState
    state_time: datetime
    previous_state: JobScheduleState | None = None
    previous_state_time: datetime | None = None
    end_time: datetime | None = None
    last_occurrence: datetime | None = None
    jobs_made: int = 0
    pool_id: str | None = None

    @property
    def next_run_time(self) -> datetime | None:
        """When the next job is due; None if there is to be none."""
        spec, last = self.spec, self.last_occurrence
        due = max(spec.do_not_run_until or self.creation_time, self.creation_time)
        if last is not None:
            if spec.recurrence_interval is None:
                return None
            due = max(due, last + spec.recurrence_interval)
        is_over = spec.do_not_run_after is not None and due > spec.do_not_run_after
        return None if is_over else due

    @property
    def recent_job_id(self) -> str | None:
        """The job that it made last, even if that has been deleted since."""
        return f"{self.spec.schedule_id}:job-{self.jobs_made}" if self.jobs_made else None


@dataclass(slots=True)
class JobNode:
    """What a job's preparation and release tasks did on one node."""

    job_id: str
    pool_id: str
    node_id: str
    preparation: AuxiliaryTaskInfo | None = None
    release: AuxiliaryTaskInfo | None = None


@dataclass(slots=True)
class Task:
    """
    A task; what its client asked for stays in the store until the task is started or read.

    `sequence` orders the tasks of all jobs by when they were added, and no two have the same.

    Parameters
    ----------
    instances
        How many nodes a multi-instance task takes at once; 0 for any other task.
    is_blocked
        Whether it waits for its parents, which the store works out.
    preferred_node
        The node that it goes to if there is room.
    """

    job_id: str
    task_id: str
    sequence: int
    creation_time: datetime
    last_modified: datetime
    state_time: datetime
    required_slots: int = 1
    max_task_retry_count: int = 0
    exit_conditions: ExitConditions | None = None
    is_blocked: bool = False
    preferred_node: str | None = None
    retention_time: timedelta = DEFAULT_RETENTION
    state: TaskState = TaskState.ACTIVE
    previous_state: TaskState | None = None
    previous_state_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    exit_code: int | None = None
    result: TaskResult | None = None
    failure: Failure | None = None
    retry_count: int = 0
    last_retry_time: datetime | None = None
    requeue_count: int = 0
    last_requeue_time: datetime | None = None
    pool_id: str | None = None
    node_id: str | None = None
    files_removed: bool = False
    instances: int = 0


@dataclass(slots=True)
class Subtask:
    """
    An instance of a multi-instance task that is not its primary.

    Parameters
    ----------
    number
        Its place among the instances, of which the primary is 0.
    """

    number: int
    pool_id: str
    node_id: str
    state: SubtaskState
    state_time: datetime
    previous_state: SubtaskState | None = None
    previous_state_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    exit_code: int | None = None
    result: TaskResult | None = None
    failure: Failure | None = None
