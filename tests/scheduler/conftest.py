"""A scheduler without clock, store and nodes, for all tests of this folder."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from runfleet.batch.records import Failure, Node, Pool, Task
from runfleet.batch.specs import AutoscaleSpec, JobSpec, PoolSpec
from runfleet.batch.states import EndedBy, NodeState
from runfleet.scheduler import job_requests, pool_requests, reports, restore, task_requests
from runfleet.scheduler.commands import (
    Command,
    LoadTasks,
    SaveJobNode,
    SaveNode,
    SaveTask,
    StartTask,
)
from runfleet.scheduler.entries import JobEntry, NodeEntry, PoolEntry
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.state import State


class World:
    """A scheduler with a clock, and what it wants done; its nodes take a second to come."""

    def __init__(self) -> None:
        self.state = State(Random(1), node_delay=timedelta(seconds=1))
        self.start = self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.commands: list[Command] = []
        self.saved_nodes: dict[str, Node] = {}
        self.sequence = 0

    def __call__(self, decision, *args, **kwargs) -> list[Command]:
        commands = decision(self.state, self.now, *args, **kwargs)
        self.commands += commands
        saved = [one.node for one in commands if isinstance(one, SaveNode)]
        self.saved_nodes |= {node.node_id: copy(node) for node in saved}
        return commands

    def wait(self, seconds: float = 0, *, minutes: float = 0) -> None:
        end = self.now + timedelta(seconds=seconds, minutes=minutes)
        while (due := self.state.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self(reports.on_time)
        self.now = end

    def restart(self) -> None:
        """Forget all but what is remembered over a restart; what ran is to run again."""
        before = self.state
        for job in before.jobs.values():
            self._put_back(job)
        self.state = State(before.random, node_delay=before.node_delay)
        saved = {(one.job_node.job_id, one.job_node.node_id): one for one in self.of(SaveJobNode)}
        remembered = restore.Remembered(
            pools=[entry.pool for entry in before.pools.values()],
            nodes=[
                copy(self.saved_nodes[node_id])
                for entry in before.pools.values()
                for node_id in entry.nodes
            ],
            jobs=[(one.job, one.job.counts, one.job.slot_counts) for one in before.jobs.values()],
            job_nodes=[one.job_node for one in saved.values()],
            ended=[one.task for one in self.of(SaveTask) if one.task.end_time is not None],
        )
        loads = [one for one in self(restore.resume, remembered) if isinstance(one, LoadTasks)]
        for one in loads:
            waiting = list(before.job(one.job_id).queue)
            self(reports.on_tasks_loaded, one.job_id, waiting)

    def _put_back(self, job: JobEntry) -> None:
        for running in job.running.values():
            restore.recover_task(job.job, running.task, None, self.now)
            job.queue.put_back(running.task)
        for counts in (job.job.counts, job.job.slot_counts):
            counts.active, counts.running = counts.active + counts.running, 0

    def make_pool(self, nodes: int = 1, slots: int = 1, *, spot: int = 0, **spec) -> None:
        """Make a pool of a fixed size, and wait until its nodes are there."""
        self.ask_for_pool(nodes, spot, task_slots_per_node=slots, **spec)
        self.wait(10)

    def ask_for_pool(
        self, nodes: int = 0, spot: int = 0, *, autoscale: AutoscaleSpec | None = None, **spec
    ) -> None:
        self(
            pool_requests.create_pool,
            PoolSpec("pool", "standard_f2s_v2", **spec),
            "{}",
            target_dedicated=nodes,
            target_low_priority=spot,
            autoscale=autoscale,
        )

    def make_job(self, job_id: str = "job", **spec) -> None:
        self(job_requests.create_job, JobSpec(job_id, "pool", **spec), "{}")

    def add_tasks(self, *task_ids: str, job_id: str = "job", slots: int = 1, **more) -> list[Task]:
        added = [
            self._new_task(job_id, task_id, required_slots=slots, **more) for task_id in task_ids
        ]
        self(task_requests.add_tasks, job_id, added)
        return added

    def _new_task(self, job_id: str, task_id: str, *, retries: int = 0, **more) -> Task:
        self.sequence += 1
        now = self.now
        return Task(
            job_id, task_id, self.sequence, now, now, now, max_task_retry_count=retries, **more
        )

    def end(
        self,
        ended: str | int,
        exit_code: int | None = 0,
        ended_by: EndedBy = EndedBy.EXIT,
        failure: Failure | None = None,
        *,
        has_background: bool = False,
    ) -> list[Command]:
        """A task, by its id, or else an execution is over."""
        execution = self.execution(ended) if isinstance(ended, str) else ended
        outcome = Outcome(self.now, self.now, ended_by, exit_code, failure, has_background)
        return self(reports.on_ended, execution, outcome)

    def end_killed(self, ended: str | int) -> list[Command]:
        return self.end(ended, None, EndedBy.KILL)

    def of(self, kind: type) -> list:
        """What of a kind was to be done so far, in order."""
        return [one for one in self.commands if isinstance(one, kind)]

    def started(self) -> list[str]:
        """The tasks that were started so far, in order."""
        return [one.task.task_id for one in self.of(StartTask)]

    def execution(self, task_id: str) -> int:
        """The last execution of a task."""
        return self._last_start(task_id).execution

    def task(self, task_id: str) -> Task:
        """The last of its id that was started."""
        return self._last_start(task_id).task

    def _last_start(self, task_id: str) -> StartTask:
        return [one for one in self.of(StartTask) if one.task.task_id == task_id][-1]

    @property
    def entry(self) -> PoolEntry:
        return self.state.pool("pool")

    @property
    def pool(self) -> Pool:
        return self.entry.pool

    def nodes(self) -> list[NodeEntry]:
        return list(self.entry.nodes.values())

    def states(self) -> list[NodeState]:
        return [entry.node.state for entry in self.nodes()]

    def counts(self, job_id: str = "job") -> tuple[int, int, int, int]:
        """How many tasks are active, running, have succeeded and failed."""
        counts = self.state.job(job_id).job.counts
        return counts.active, counts.running, counts.succeeded, counts.failed


@pytest.fixture
def world() -> World:
    return World()
