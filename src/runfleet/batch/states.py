"""The states of pools, nodes, jobs and tasks, spelled as the REST API spells them."""

from __future__ import annotations

from enum import StrEnum


class PoolState(StrEnum):
    """Whether a pool is there to stay."""

    ACTIVE = "active"
    DELETING = "deleting"


class AllocationState(StrEnum):
    """Whether the number of nodes in a pool is changing."""

    STEADY = "steady"
    RESIZING = "resizing"
    STOPPING = "stopping"


class NodeState(StrEnum):
    """What a node is doing."""

    CREATING = "creating"
    STARTING = "starting"
    WAITING_FOR_START_TASK = "waitingforstarttask"
    START_TASK_FAILED = "starttaskfailed"
    IDLE = "idle"
    RUNNING = "running"
    OFFLINE = "offline"
    REBOOTING = "rebooting"
    REIMAGING = "reimaging"
    LEAVING_POOL = "leavingpool"
    PREEMPTED = "preempted"
    UNUSABLE = "unusable"
    UNKNOWN = "unknown"
    UPGRADING_OS = "upgradingos"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"


class SchedulingState(StrEnum):
    """Whether tasks may be scheduled on a node."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class JobState(StrEnum):
    """Where a job stands."""

    ACTIVE = "active"
    DISABLING = "disabling"
    DISABLED = "disabled"
    ENABLING = "enabling"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class JobScheduleState(StrEnum):
    """Where a job schedule stands."""

    ACTIVE = "active"
    DISABLED = "disabled"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class TaskState(StrEnum):
    """Where a task stands."""

    ACTIVE = "active"
    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


class SubtaskState(StrEnum):
    """Where an instance of a multi-instance task stands."""

    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


class TaskResult(StrEnum):
    """How a completed task ended."""

    SUCCESS = "success"
    FAILURE = "failure"


class AuxiliaryTaskState(StrEnum):
    """Where a start task, a preparation task or a release task stands."""

    RUNNING = "running"
    COMPLETED = "completed"


class JobDefaultOrder(StrEnum):
    """Which of a pool's jobs of one priority goes first."""

    NONE = "none"
    CREATION_TIME = "creationtime"


class NodeFillType(StrEnum):
    """How tasks are spread over the nodes of a pool."""

    SPREAD = "spread"
    PACK = "pack"


class NodeDeallocationOption(StrEnum):
    """What happens to the tasks of a node that leaves, reboots or is taken off scheduling."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"


class Purpose(StrEnum):
    """Why a node is being emptied of its tasks."""

    LEAVE = "leave"
    REBOOT = "reboot"
    DEALLOCATE = "deallocate"
    GO_OFFLINE = "go offline"
    RETURN = "return"
    STAY_AWAY = "stay away"


class PoolLifetimeOption(StrEnum):
    """How long an auto pool lives."""

    JOB = "job"
    JOB_SCHEDULE = "jobschedule"


class DisableJobOption(StrEnum):
    """What happens to the running tasks of a job that is being disabled."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    WAIT = "wait"


class OnAllTasksComplete(StrEnum):
    """What a job does when all its tasks have completed."""

    NO_ACTION = "noaction"
    TERMINATE_JOB = "terminatejob"


class OnTaskFailure(StrEnum):
    """What a job does when one of its tasks fails."""

    NO_ACTION = "noaction"
    PERFORM_EXIT_OPTIONS_JOB_ACTION = "performexitoptionsjobaction"


class JobAction(StrEnum):
    """What a job does when one of its tasks has ended in a certain way."""

    NONE = "none"
    DISABLE = "disable"
    TERMINATE = "terminate"


class DependencyAction(StrEnum):
    """Whether the end of a task counts for those that depend on it."""

    SATISFY = "satisfy"
    BLOCK = "block"


class UploadCondition(StrEnum):
    """After which outcome of a task an output file is uploaded."""

    TASK_SUCCESS = "tasksuccess"
    TASK_FAILURE = "taskfailure"
    TASK_COMPLETION = "taskcompletion"


class ErrorCategory(StrEnum):
    """Whose fault a failure is."""

    USER_ERROR = "usererror"
    SERVER_ERROR = "servererror"


class OsType(StrEnum):
    """The operating system of a pool's nodes."""

    LINUX = "linux"
    WINDOWS = "windows"


class EndedBy(StrEnum):
    """What ended an execution on a node."""

    EXIT = "exit"
    KILL = "kill"
    TIME_LIMIT = "timelimit"
    FAILURE = "failure"
