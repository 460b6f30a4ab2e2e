"""All that the scheduler knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Job
from runfleet.scheduler.commands import Command
from runfleet.scheduler.entries import (
    Execution,
    JobEntry,
    JobScheduleEntry,
    NodeEntry,
    PoolEntry,
    SubtaskRun,
)
from runfleet.scheduler.queue import WINDOW, TaskQueue
from runfleet.scheduler.timers import Timers

_MOMENT = timedelta(milliseconds=50)


@dataclass(slots=True)
class State:
    """
    All that decisions are made from.

    Parameters
    ----------
    random
        Where names, and the numbers that formulas draw, come from.
    node_delay
        How long a node takes to come, to boot and to be deallocated; None for as short as it can
        be, see `delay`.
    window
        How many waiting tasks of each job are held in memory.
    next_execution
        Number of the next execution; never used twice.
    pools, jobs, job_schedules
        By their ids in lower case.
    living_jobs
        The jobs that have not ended, so that what has is not walked.
    executions
        All that runs on nodes, by its number.
    addresses
        Those that nodes have.
    timers
        What falls due.
    commands
        What the decision in hand wants done so far.
    touched_pools, touched_nodes, touched_jobs, touched_job_schedules
        What has changed since all that follows was worked out, by id.
    """

    random: Random
    node_delay: timedelta | None = None
    window: int = WINDOW
    next_execution: int = 1
    pools: dict[str, PoolEntry] = field(default_factory=dict)
    jobs: dict[str, JobEntry] = field(default_factory=dict)
    living_jobs: dict[str, JobEntry] = field(default_factory=dict)
    job_schedules: dict[str, JobScheduleEntry] = field(default_factory=dict)
    executions: dict[int, Execution] = field(default_factory=dict)
    addresses: set[str] = field(default_factory=set)
    timers: Timers = field(default_factory=Timers)
    commands: list[Command] = field(default_factory=list)
    touched_pools: dict[str, PoolEntry] = field(default_factory=dict)
    touched_nodes: dict[str, NodeEntry] = field(default_factory=dict)
    touched_jobs: dict[str, JobEntry] = field(default_factory=dict)
    touched_job_schedules: dict[str, JobScheduleEntry] = field(default_factory=dict)

    def delay(self, *, is_new: bool) -> timedelta:
        """
        How long the next step of a node takes.

        Unless it was chosen, whoever makes a pool does not wait for its first nodes, nor anybody
        for a new node to boot. What is done to those that are there can be seen, and stopped.
        """
        if self.node_delay is not None:
            return self.node_delay
        return timedelta() if is_new else _MOMENT

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
        if not entry.has_ended:
            self.living_jobs[entry.key] = entry
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
        """Have what follows from a change of a job worked out; of one that is gone nothing does."""
        if not entry.is_forgotten:
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

    def unsettled(self) -> set[int]:
        """
        The executions that run, and those that have ended and of whose end nothing is saved yet.

        How a primary ended is saved only when the rest of its task's instances has ended, too.
        """
        subtasks = (run for run in self.executions.values() if isinstance(run, SubtaskRun))
        teams = filter(None, (run.primary.team for run in subtasks))
        ended = (team.ended for team in teams if team.ended is not None)
        return {*self.executions, *ended}
