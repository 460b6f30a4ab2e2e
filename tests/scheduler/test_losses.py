"""Nodes that are taken away: what happens to their tasks, and how they come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.records import Task
from runfleet.batch.specs import JobSpec, PoolSpec
from runfleet.batch.states import EndedBy, NodeState, TaskState
from runfleet.scheduler import job_requests, losses, pool_requests, reports, task_requests
from runfleet.scheduler.commands import Command, ForgetNode, Kill, StartTask
from runfleet.scheduler.entries import NodeEntry, Outcome
from runfleet.scheduler.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Pool:
    """One node with two slots, both taken by tasks, and a third task that waits."""

    spot: bool = False
    state: State = field(default_factory=State)
    now: datetime = START
    started: list[StartTask] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decide(
            pool_requests.create_pool,
            PoolSpec("p", "standard_f2s_v2", task_slots_per_node=2),
            "{}",
            target_dedicated=0 if self.spot else 1,
            target_low_priority=1 if self.spot else 0,
        )
        self.wait()
        self.decide(job_requests.create_job, JobSpec("j", "p"), "{}")
        tasks = [Task("j", f"t{n}", n, START, START, START) for n in (1, 2, 3)]
        self.decide(task_requests.add_tasks, "j", tasks)

    def decide(self, decision, *args, **kwargs) -> list[Command]:
        commands = decision(self.state, self.now, *args, **kwargs)
        self.started += [one for one in commands if isinstance(one, StartTask)]
        return commands

    def wait(self) -> list[Command]:
        """Let all fall due that is to come."""
        commands = []
        while (due := self.state.next_due()) is not None and due < self.now + timedelta(minutes=1):
            self.now = max(due, self.now)
            commands += self.decide(reports.on_time)
        return commands

    def end(self, execution: int, exit_code: int | None) -> None:
        by = EndedBy.KILL if exit_code is None else EndedBy.EXIT
        outcome = Outcome(self.now, self.now, by, exit_code)
        self.decide(reports.on_ended, execution, outcome)

    @property
    def node(self) -> NodeEntry:
        (entry,) = self.state.pool("p").nodes.values()
        return entry


@pytest.mark.parametrize(
    ("decision", "state"),
    [(losses.on_node_lost, NodeState.UNKNOWN), (losses.on_disk_full, NodeState.UNUSABLE)],
)
def test_a_node_that_is_lost_comes_back_and_its_tasks_cost_nothing(decision, state) -> None:
    """Its tasks are ended, queued again uncounted, and run when it has booted; items of 3.4."""
    pool = Pool()
    first, second = [one.execution for one in pool.started]
    node_id = pool.node.node.node_id
    commands = pool.decide(decision, "p", node_id)
    assert [one for one in commands if isinstance(one, Kill)] == [Kill(first), Kill(second)]
    assert pool.node.node.state is state
    assert bool(pool.node.node.errors) is (decision is losses.on_disk_full)
    pool.end(first, None)
    pool.end(second, None)
    pool.wait()
    again = [one.task for one in pool.started[2:]]
    assert [task.task_id for task in again] == ["t1", "t2"]
    assert all(task.retry_count == task.requeue_count == 0 for task in again)
    assert pool.node.node.node_id == node_id
    assert pool.node.node.state is NodeState.RUNNING
    assert not pool.node.node.errors


def test_a_task_that_had_succeeded_is_not_run_again() -> None:
    """Its end was on its way when the node was lost."""
    pool = Pool()
    first, second = pool.started
    pool.decide(losses.on_node_lost, "p", pool.node.node.node_id)
    pool.end(first.execution, 0)
    pool.end(second.execution, None)
    pool.wait()
    assert first.task.state is TaskState.COMPLETED
    assert [one.task.task_id for one in pool.started[2:]] == ["t2", "t3"]


def test_another_node_comes_for_one_that_was_preempted() -> None:
    """The machine is gone with all its files, so it is another one; only spot nodes are."""
    pool = Pool(spot=True)
    node_id = pool.node.node.node_id
    pool.decide(losses.on_node_preempted, "p", node_id)
    assert pool.node.node.state is NodeState.PREEMPTED
    for one in tuple(pool.started):
        pool.end(one.execution, None)
    commands = pool.wait()
    assert [one.node.node_id for one in commands if isinstance(one, ForgetNode)] == [node_id]
    assert pool.node.node.node_id != node_id
    assert len(pool.started) == 4
    dedicated = Pool()
    assert dedicated.decide(losses.on_node_preempted, "p", dedicated.node.node.node_id) == []


def test_a_node_may_stay_away() -> None:
    """Its tasks wait for another one."""
    pool = Pool()
    pool.decide(losses.on_node_lost, "p", pool.node.node.node_id, recovers=False)
    for one in tuple(pool.started):
        pool.end(one.execution, None)
    pool.wait()
    assert pool.node.node.state is NodeState.UNKNOWN
    assert len(pool.started) == 2
    assert pool.state.job("j").job.counts.active == 3


def test_a_node_that_is_not_there_cannot_be_lost() -> None:
    """Nor one that is leaving already."""
    pool = Pool()
    assert pool.decide(losses.on_node_lost, "p", "none") == []
    assert pool.decide(losses.on_disk_full, "none", "none") == []
    pool.decide(pool_requests.delete_pool, "p")
    assert pool.decide(losses.on_node_lost, "p", pool.node.node.node_id) == []
