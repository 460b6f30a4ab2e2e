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
    Purpose,
    SchedulingState,
    SubtaskState,
    TaskResult,
    TaskState,
)

RECENT_TASKS = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Why a task of any kind failed, as `failureInfo` has it.

    Parameters
    ----------
    category
        Who is to blame: the user or the service.
    code, message, details
        What it was: for programs, for people, and by the particulars.
    """

    category: ErrorCategory
    code: str
    message: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResizeError:
    """
    Why a resize did not reach its target.

    Parameters
    ----------
    code, message
        What it was: for programs, and for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class AuxiliaryTaskInfo:
    """
    How a start, preparation or release task went on one node.

    Parameters
    ----------
    state
        Whether it has ended.
    start_time, end_time
        When its last attempt began, and when it ended for good.
    exit_code, failure, result
        How it ended; None until it has.
    retry_count, last_retry_time
        How often it was run again, and when last.
    has_background
        Whether processes that it has left still run: those of a start task may.
    """

    state: AuxiliaryTaskState
    start_time: datetime
    end_time: datetime | None = None
    exit_code: int | None = None
    failure: Failure | None = None
    result: TaskResult | None = None
    retry_count: int = 0
    last_retry_time: datetime | None = None
    has_background: bool = False


@dataclass(frozen=True, slots=True)
class AutoscaleError:
    """
    Why a formula has no result; `detail` says where and what.

    Parameters
    ----------
    code, message, detail
        What it was: for programs, for people, and in full.
    """

    code: str
    message: str
    detail: str


@dataclass(frozen=True, slots=True)
class AutoscaleRun:
    """
    What a formula came to, its variables spelled as the service spells them.

    Parameters
    ----------
    time
        When it was evaluated.
    results
        Its variables with their values; as far as it came, where it failed.
    error
        Why it failed, if it did.
    """

    time: datetime
    results: str
    error: AutoscaleError | None = None


@dataclass(slots=True)
class Autoscale:
    """
    How a pool follows a formula.

    Parameters
    ----------
    spec
        The formula, and how often it is evaluated.
    next_evaluation
        When it is evaluated next.
    last_run
        What it came to last; None as long as it was not evaluated.
    """

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
    spec
        What the client asked for, as far as it decides what happens.
    creation_time, last_modified
        When it was made, and when a user last changed it.
    state, state_time
        Whether it is being deleted, and since when.
    allocation_state, allocation_time
        Whether its nodes are being made or removed, and since when.
    target_dedicated, target_low_priority
        How many nodes of either kind it is to have.
    resize_errors
        Why the last resize did not reach these.
    resize_deadline
        When the resize that is under way is given up; None while there is none.
    deallocation_option
        What becomes of the tasks of nodes that it gives up.
    nodes_made
        How many nodes it has ever had.
    autoscale
        None where clients set the targets.
    autoscale_enable_time
        When a client last turned autoscale on or changed it.
    """

    spec: PoolSpec
    body: str
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
    """
    A task that a node ran lately, or an instance of one.

    Parameters
    ----------
    job_id, task_id, subtask_id
        Which; the last is None unless it is an instance beside the primary.
    state, start_time, end_time
        How far it is, and when it began and ended.
    exit_code, result, failure
        How it ended; None until it has.
    retry_count, requeue_count
        How often it was run again, after failures and after losses of nodes.
    """

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
    """
    A user account on a node, without its secrets.

    Parameters
    ----------
    name, is_admin
        What it is called, and whether it may do everything.
    expiry_time
        Until when the client wants it; it is only remembered, for nobody can log in.
    """

    name: str
    is_admin: bool
    expiry_time: datetime


@dataclass(frozen=True, slots=True)
class Emptying:
    """
    That a node takes no new tasks, and what for.

    Parameters
    ----------
    purpose
        What is done once it is empty.
    option
        What becomes of the tasks that it has, and of their files.
    """

    purpose: Purpose
    option: NodeDeallocationOption


@dataclass(slots=True)
class Node:
    """
    A virtual machine of a pool; `number` is unique in the pool, the address in the account.

    Parameters
    ----------
    node_id, pool_id
        Which node it is, of which pool.
    number
        Counts the nodes that the pool has ever had.
    dedicated
        False for a spot node.
    allocation_time
        When it became part of its pool.
    state, state_time
        What it does, and since when.
    address
        Where other nodes reach it.
    scheduling_state
        Whether it takes tasks.
    boot_time
        When it last began to run; None while it has not.
    start_task
        How its start task went; None where it has run none.
    errors
        What is wrong with it.
    total_tasks_run, total_tasks_succeeded
        Of all the time that it has been there.
    running_tasks, running_slots
        How many tasks it runs now, and how many slots they take.
    recent_tasks
        The last tasks that it ran, up to `RECENT_TASKS`.
    users
        The accounts that clients made on it.
    data_until
        When the files of all tasks that ended there need not be kept any longer.
    counted_until
        When the last task ended that the totals, the recent tasks and `data_until` include.
    machine_since
        When it got the machine that it has; None while it has none.
    emptying
        Set while its tasks are being ended or awaited.
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
    counted_until: datetime | None = None
    machine_since: datetime | None = None
    emptying: Emptying | None = None


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
    succeeded, failed
        Those that have ended.
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
    spec
        What the client asked for, as far as it decides what happens.
    creation_time, last_modified
        When it was made, and when a user last changed it.
    state, state_time
        How far it is, and since when.
    previous_state, previous_state_time
        The state before it, and since when it was in that.
    end_time, terminate_reason
        When it ended, and why; None until it has.
    scheduling_error
        Why it could not begin; it has completed then.
    counts, slot_counts
        How many tasks are in each state, and how many slots those take.
    """

    spec: JobSpec
    body: str
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
    spec
        When jobs are made, and what they are like.
    creation_time, last_modified
        When it was made, and when a user last changed it.
    state, state_time
        Whether it makes jobs, and since when.
    previous_state, previous_state_time
        The state before it, and since when it was in that.
    end_time
        When it made its last job, or was ended; None until then.
    last_occurrence
        When the last job was due, whether it was made or lost.
    jobs_made
        How many jobs it has made; they are numbered from 1.
    pool_id
        The auto pool that its jobs share, once it has been made.
    """

    spec: JobScheduleSpec
    body: str
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


@dataclass(frozen=True, slots=True)
class JobNode:
    """
    What a job's preparation and release tasks did on one node.

    Parameters
    ----------
    job_id, pool_id, node_id
        Which job, and which node.
    preparation, release
        How either went last; None where it has not begun.
    boot_time
        When the node had booted that was prepared.
    was_cut_short
        Whether the preparation was ended with its node or its job, and so has to start over.
    was_prepared
        Whether a preparation before the last one came to its own end.
    """

    job_id: str
    pool_id: str
    node_id: str
    preparation: AuxiliaryTaskInfo | None = None
    release: AuxiliaryTaskInfo | None = None
    boot_time: datetime | None = None
    was_cut_short: bool = False
    was_prepared: bool = False

    @property
    def has_been_prepared(self) -> bool:
        """Whether a preparation, the last or one before it, came to its own end."""
        info = self.preparation
        is_over = info is not None and info.state is AuxiliaryTaskState.COMPLETED
        return self.was_prepared or (is_over and not self.was_cut_short)


@dataclass(slots=True)
class Task:
    """
    A task; what its client asked for stays in the store until the task is started or read.

    `sequence` orders the tasks of all jobs by when they were added, and no two have the same.

    Parameters
    ----------
    job_id, task_id
        Which task it is, of which job.
    creation_time, last_modified
        When it was added, and when a user last changed it.
    required_slots
        How many slots of its node it takes.
    max_task_retry_count
        How often it is run again when it fails; negative means without end.
    exit_conditions
        What follows from its end, for others; None means what follows by default.
    is_blocked
        Whether it waits for its parents, which the store works out.
    preferred_node
        The node that it goes to if there is room.
    retention_time
        How long its files are kept on the node after its end.
    state, state_time
        How far it is, and since when.
    previous_state, previous_state_time
        The state before it, and since when it was in that.
    start_time, end_time
        When its last attempt began, and when it ended for good.
    exit_code, result, failure
        How it ended; None until it has.
    retry_count, last_retry_time
        How often it was run again because it failed, and when last.
    requeue_count, last_requeue_time
        How often it went back to the queue because its node was lost, and when last.
    pool_id, node_id
        Where it runs, or ran; None while it waits.
    files_removed
        Whether its files on the node are gone.
    instances
        How many nodes a multi-instance task takes at once; 0 for any other task.
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
    pool_id, node_id
        Where it runs.
    state, state_time
        How far it is, and since when.
    previous_state, previous_state_time
        The state before it, and since when it was in that.
    start_time, end_time
        When its command began and ended.
    exit_code, result, failure
        How that ended; None until it has.
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
