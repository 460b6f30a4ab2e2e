"""What clients ask for: the parts of pools, jobs and tasks that decide what happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runfleet.batch.states import (
    DependencyAction,
    JobAction,
    JobDefaultOrder,
    NodeFillType,
    OnAllTasksComplete,
    OnTaskFailure,
    OsType,
    PoolLifetimeOption,
    UploadCondition,
)

DEFAULT_RETENTION = timedelta(days=7)
DEFAULT_RESIZE_TIMEOUT = timedelta(minutes=15)
DEFAULT_EVALUATION_INTERVAL = timedelta(minutes=15)
RELEASE_TASK_TIME_LIMIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ResourceFile:
    """
    A file, or a container of files, to place on the node; exactly one source is set.

    Parameters
    ----------
    http_url
        The source of a single file.
    storage_container_url, auto_storage_container_name
        A container as the source: by its address, or by its name in the auto-storage account.
    blob_prefix
        Which blobs of a container are meant; None means all.
    file_path
        Where the file goes, or the folder for those of a container, below the working directory.
    file_mode
        The permissions in octal; None means `0770`.
    """

    http_url: str | None = None
    storage_container_url: str | None = None
    auto_storage_container_name: str | None = None
    blob_prefix: str | None = None
    file_path: str | None = None
    file_mode: str | None = None


@dataclass(frozen=True, slots=True)
class OutputFile:
    """
    Files to upload to a container once the task has ended.

    Parameters
    ----------
    file_pattern
        Which files, relative to the working directory; it may hold wildcards.
    container_url
        Where they go, with the right to write there.
    path
        What the names of the blobs begin with; where the pattern has no wildcards, the whole name.
    upload_condition
        Which end of the task they are uploaded after.
    upload_headers
        What requests to upload say beside the file, such as its content type.
    """

    file_pattern: str
    container_url: str
    path: str | None = None
    upload_condition: UploadCondition = UploadCondition.TASK_COMPLETION
    upload_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplicationPackageReference:
    """
    An application package to install; no version means the default version.

    Parameters
    ----------
    application_id, version
        Which package, and which of its versions.
    """

    application_id: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """
    What every kind of task has: a command line, its files and its environment.

    Parameters
    ----------
    command_line
        What is run; not by a shell, unless it names one.
    resource_files
        What is placed on the node before.
    environment
        Variables beside those that the service sets.
    user_name
        The user account of its pool that it is to run under; None for one of the service's own.
    """

    command_line: str
    resource_files: tuple[ResourceFile, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user_name: str | None = None


@dataclass(frozen=True, slots=True)
class StartTaskSpec:
    """
    What a node runs when it joins its pool.

    Parameters
    ----------
    command
        What it does.
    max_task_retry_count
        How often it is run again when it fails; negative means without end.
    wait_for_success
        Whether the node takes tasks only when it has succeeded.
    """

    command: CommandSpec
    max_task_retry_count: int = 0
    wait_for_success: bool = True


@dataclass(frozen=True, slots=True)
class PreparationTaskSpec:
    """
    What a node runs before its first task of a job.

    Parameters
    ----------
    task_id
        What it is called.
    command
        What it does.
    max_task_retry_count
        How often it is run again when it fails; negative means without end.
    max_wall_clock_time
        How long it may take; None means for ever.
    wait_for_success
        Whether the node takes tasks of the job only when it has succeeded.
    rerun_on_node_reboot_after_success
        Whether a node that has been rebooted runs it again.
    """

    task_id: str
    command: CommandSpec
    max_task_retry_count: int = 0
    max_wall_clock_time: timedelta | None = None
    wait_for_success: bool = True
    rerun_on_node_reboot_after_success: bool = True


@dataclass(frozen=True, slots=True)
class ReleaseTaskSpec:
    """
    What a node runs at the end of a job that it prepared for.

    Parameters
    ----------
    task_id
        What it is called.
    command
        What it does.
    max_wall_clock_time
        How long it may take.
    """

    task_id: str
    command: CommandSpec
    max_wall_clock_time: timedelta = RELEASE_TASK_TIME_LIMIT


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """
    A pool's machines and how tasks are put on them.

    Parameters
    ----------
    pool_id
        What it is called.
    vm_size, os_type
        What its machines are, and what they run.
    task_slots_per_node
        How many tasks that need one slot a node runs at once.
    node_fill_type
        Whether tasks are packed onto few nodes or spread over all of them.
    job_default_order
        Which of the jobs of equal priority come first.
    enable_inter_node_communication
        Whether nodes reach one another, as multi-instance tasks have to.
    resize_timeout
        How long a resize may take until it is given up.
    start_task
        What every node runs when it joins; None means nothing.
    packages
        What is installed on every node.
    user_names
        The user accounts of every node; None for a pool of which that was not remembered yet.
    """

    pool_id: str
    vm_size: str
    os_type: OsType = OsType.LINUX
    task_slots_per_node: int = 1
    node_fill_type: NodeFillType = NodeFillType.SPREAD
    job_default_order: JobDefaultOrder = JobDefaultOrder.NONE
    enable_inter_node_communication: bool = False
    resize_timeout: timedelta = DEFAULT_RESIZE_TIMEOUT
    start_task: StartTaskSpec | None = None
    packages: tuple[ApplicationPackageReference, ...] = ()
    user_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AutoscaleSpec:
    """
    The formula that a pool's targets follow, and how often it is evaluated.

    Parameters
    ----------
    formula, evaluation_interval
        The one, and the time from one evaluation to the next.
    """

    formula: str
    evaluation_interval: timedelta = DEFAULT_EVALUATION_INTERVAL


@dataclass(frozen=True, slots=True)
class ExitOptions:
    """
    What follows from one kind of end of a task; None means what follows by default.

    Parameters
    ----------
    job_action, dependency_action
        For its job, and for the tasks that depend on it.
    """

    job_action: JobAction | None = None
    dependency_action: DependencyAction | None = None


@dataclass(frozen=True, slots=True)
class ExitCodeOptions:
    """
    What follows from the exit codes from `first` to `last`.

    Parameters
    ----------
    first, last
        The range, with both of its ends.
    options
        What follows.
    """

    first: int
    last: int
    options: ExitOptions


@dataclass(frozen=True, slots=True)
class ExitConditions:
    """
    What follows from the end of a task, by how it ended.

    Parameters
    ----------
    exit_codes
        The first of them that holds an exit code decides.
    pre_processing_error
        Where it could not begin.
    file_upload_error
        Where its output files could not be uploaded.
    default
        Where nothing else here says what follows.
    """

    exit_codes: tuple[ExitCodeOptions, ...] = ()
    pre_processing_error: ExitOptions | None = None
    file_upload_error: ExitOptions | None = None
    default: ExitOptions | None = None


@dataclass(frozen=True, slots=True)
class IdRange:
    """
    The tasks whose ids are integers from `first` to `last`.

    Parameters
    ----------
    first, last
        The range, with both of its ends.
    """

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class TaskDependencies:
    """
    The parents of a task: ids, and ranges of which every integer counts.

    Parameters
    ----------
    task_ids, ranges
        The ones and the others.
    """

    task_ids: tuple[str, ...] = ()
    ranges: tuple[IdRange, ...] = ()


@dataclass(frozen=True, slots=True)
class AutoPoolSpec:
    """
    A pool that is made for a job, or for all jobs of a schedule, and goes with it.

    Parameters
    ----------
    lifetime
        Whether each job has one of its own, or all jobs of a schedule share one.
    pool, pool_body
        What it is made from: it has no id yet, and its body is opaque as a pool's is.
    target_dedicated, target_low_priority
        How many nodes of either kind it has at first.
    autoscale
        What decides that instead; None means nothing does.
    id_prefix
        What its id begins with.
    keep_alive
        Whether it stays when its job or schedule has ended.
    """

    lifetime: PoolLifetimeOption
    pool: PoolSpec
    pool_body: str
    target_dedicated: int = 0
    target_low_priority: int = 0
    autoscale: AutoscaleSpec | None = None
    id_prefix: str = ""
    keep_alive: bool = False


@dataclass(frozen=True, slots=True)
class JobManagerSpec:
    """
    What a job's manager is to its job, beside being one of its tasks.

    Parameters
    ----------
    task_id
        Which task it is.
    kill_job_on_completion
        Whether the job ends with it.
    run_exclusive
        Whether its node runs nothing else meanwhile.
    allow_low_priority_node
        Whether it may run on a spot node.
    required_slots
        How many slots of its node it takes.
    """

    task_id: str
    kill_job_on_completion: bool = True
    run_exclusive: bool = True
    allow_low_priority_node: bool = True
    required_slots: int = 1


@dataclass(frozen=True, slots=True)
class JobSpec:
    """
    How the tasks of a job are run.

    Parameters
    ----------
    job_id
        What it is called.
    pool_id
        May name a pool that does not exist yet; empty until an auto pool has been made.
    priority
        Tasks of jobs with a higher one go first.
    max_parallel_tasks
        How many of its tasks run at once; -1 means any number.
    max_wall_clock_time
        How long it may take; None means for ever.
    max_task_retry_count
        For tasks that do not say it themselves; negative means without end.
    on_all_tasks_complete, on_task_failure
        What becomes of the job then.
    uses_task_dependencies
        Whether its tasks may have parents.
    manager, preparation, release
        The tasks that are there for the job itself; None where it has none.
    common_environment
        Variables of all its tasks.
    auto_pool
        What its pool is made from; None where it names one.
    """

    job_id: str
    pool_id: str
    priority: int = 0
    max_parallel_tasks: int = -1
    max_wall_clock_time: timedelta | None = None
    max_task_retry_count: int = 0
    on_all_tasks_complete: OnAllTasksComplete = OnAllTasksComplete.NO_ACTION
    on_task_failure: OnTaskFailure = OnTaskFailure.NO_ACTION
    uses_task_dependencies: bool = False
    manager: JobManagerSpec | None = None
    preparation: PreparationTaskSpec | None = None
    release: ReleaseTaskSpec | None = None
    common_environment: Mapping[str, str] = field(default_factory=dict)
    auto_pool: AutoPoolSpec | None = None


@dataclass(frozen=True, slots=True)
class JobScheduleSpec:
    """
    When jobs are made, and what they are like.

    Parameters
    ----------
    schedule_id
        What it is called.
    job, job_body
        What every job is made from: it has no id yet, and its body is opaque as a job's is.
    do_not_run_until, do_not_run_after
        The first and the last moment at which a job may be made; None is at once, and for ever.
    start_window
        How late a job may be made; None is as late as the one after it.
    recurrence_interval
        From one job to the next; None makes a single job.
    """

    schedule_id: str
    job: JobSpec
    job_body: str
    do_not_run_until: datetime | None = None
    do_not_run_after: datetime | None = None
    start_window: timedelta | None = None
    recurrence_interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class MultiInstanceSpec:
    """
    How a task runs on several nodes at once: on each it first does this, then on one itself.

    Parameters
    ----------
    instances
        On how many nodes.
    coordination_command_line
        What each of them runs first.
    common_resource_files
        What is placed on each of them before.
    """

    instances: int
    coordination_command_line: str
    common_resource_files: tuple[ResourceFile, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """
    One command line of a job, whole.

    Parameters
    ----------
    task_id
        What it is called.
    command
        What it does.
    output_files
        What is uploaded when it has ended.
    packages
        What is installed on its node, beside what the pool has there.
    max_wall_clock_time
        How long an attempt may take; None means for ever.
    retention_time
        How long its files are kept on the node after its end.
    max_task_retry_count
        How often it is run again when it fails; negative means without end, None what its job says.
    required_slots
        How many slots of its node it takes.
    multi_instance
        How it runs on several nodes; None means that it runs on one.
    """

    task_id: str
    command: CommandSpec
    output_files: tuple[OutputFile, ...] = ()
    packages: tuple[ApplicationPackageReference, ...] = ()
    max_wall_clock_time: timedelta | None = None
    retention_time: timedelta = DEFAULT_RETENTION
    max_task_retry_count: int | None = None
    required_slots: int = 1
    multi_instance: MultiInstanceSpec | None = None
