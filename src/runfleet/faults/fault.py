"""What can be made to go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Occasion(StrEnum):
    """What has to happen for a fault to be considered."""

    REQUEST = "a request is received"
    TASK = "a task is started on a node"
    PREPARATION_TASK = "a job preparation task is started on a node"
    START_TASK = "a start task is started on a node"


class FaultKind(StrEnum):
    """The faults by name."""

    BUSY = "busy"
    ERROR = "error"
    DROP = "drop"
    SLOW = "slow"
    CLOCK_SKEW = "clock_skew"
    EXPIRED_SAS = "expired_sas"
    STORAGE_ERROR = "storage_error"
    NODE_LOST = "node_lost"
    NODE_PREEMPTED = "node_preempted"
    DISK_FULL = "disk_full"
    START_TASK_FAILS = "start_task_fails"

    @property
    def occasion(self) -> Occasion:
        """When it can happen, unless it asks for tasks of another kind."""
        return _OCCASIONS.get(self, Occasion.TASK)


_OCCASIONS: Mapping[FaultKind, Occasion] = {
    FaultKind.BUSY: Occasion.REQUEST,
    FaultKind.ERROR: Occasion.REQUEST,
    FaultKind.DROP: Occasion.REQUEST,
    FaultKind.SLOW: Occasion.REQUEST,
    FaultKind.CLOCK_SKEW: Occasion.REQUEST,
    FaultKind.START_TASK_FAILS: Occasion.START_TASK,
}


class When(StrEnum):
    """Whether a request has been acted upon when it fails."""

    BEFORE = "before"
    AFTER = "after"


class TaskKind(StrEnum):
    """The kinds of task that a fault of nodes may be asked to hit."""

    TASKS = "tasks"
    PREPARATION_TASKS = "preparation_tasks"
    START_TASKS = "start_tasks"


_OCCASIONS_OF_TASKS: Mapping[TaskKind, Occasion] = {
    TaskKind.PREPARATION_TASKS: Occasion.PREPARATION_TASK,
    TaskKind.START_TASKS: Occasion.START_TASK,
}


class Transfer(StrEnum):
    """Which files of a task cannot be moved."""

    INPUTS = "inputs"
    OUTPUTS = "outputs"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that goes wrong, and how often.

    Parameters
    ----------
    fault
        What goes wrong.
    operations
        Of requests: names or patterns of the operations it may hit.
    pools
        Of tasks and start tasks: ids or patterns of the pools it may hit.
    probability
        How likely it is each time; 1 where neither this nor `nth` is given.
    nth
        Which times it happens, counted from 1 among those that it may hit.
    times
        How often it happens at most; None is without limit.
    status
        The HTTP status of `busy`, `error` and `storage_error`; None for the usual one.
    retry_after
        What `busy` asks clients to wait, in seconds; 0 asks nothing.
    when
        Whether the request is acted upon first.
    seconds
        How long `slow` takes, by how much `clock_skew` is ahead, and how long after the task has
        started the node goes.
    files
        What cannot be moved with `expired_sas` and `storage_error`.
    recovers
        Whether a node that was lost, or whose disk was full, comes back.
    of
        Which tasks are hit where a node goes, its disk is full, or files cannot be moved.
    """

    fault: FaultKind
    operations: tuple[str, ...] = ("*",)
    pools: tuple[str, ...] = ("*",)
    probability: float | None = None
    nth: tuple[int, ...] = ()
    times: int | None = None
    status: int | None = None
    retry_after: int = 1
    when: When = When.BEFORE
    seconds: float = 1.0
    files: Transfer = Transfer.INPUTS
    recovers: bool = True
    of: TaskKind = TaskKind.TASKS

    @property
    def occasion(self) -> Occasion:
        """When it can happen."""
        return _OCCASIONS_OF_TASKS.get(self.of, self.fault.occasion)

    @property
    def is_lasting(self) -> bool:
        """Whether it happens to every request."""
        sometimes = (self.probability, self.times, *self.nth)
        return "*" in self.operations and all(one is None for one in sometimes)

    @property
    def needs_spot(self) -> bool:
        """Whether it can only happen to spot nodes."""
        return self.fault is FaultKind.NODE_PREEMPTED


@dataclass(frozen=True, slots=True)
class Faults:
    """
    All that shall go wrong.

    Parameters
    ----------
    faults
        The first that happens on an occasion is the one that does.
    seed
        The same seed, and the same requests in the same order, give the same faults.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 0
