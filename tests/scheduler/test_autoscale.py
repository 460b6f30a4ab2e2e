"""Pools that follow a formula, by a clock of the test's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task
from runfleet.batch.specs import AutoscaleSpec, CommandSpec, JobSpec, PoolSpec
from runfleet.batch.states import AllocationState, DisableJobOption, NodeState, TaskState
from runfleet.scheduler import (
    autoscale_requests,
    job_requests,
    pool_requests,
    pools,
    reports,
    restore,
    task_requests,
)
from runfleet.scheduler.commands import Kill, StartTask
from runfleet.scheduler.entries import Outcome
from runfleet.scheduler.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMAND = CommandSpec("true")
SPEC = PoolSpec("Pool", "standard_f2s_v2")
MINUTE = 60.0
FIVE_MINUTES = timedelta(minutes=5)
BY_PENDING_TASKS = "$TargetDedicatedNodes = min(4, max(0, $PendingTasks.GetSample(1)));"


class World:
    """A scheduler whose pool may be autoscaled, a clock, and tasks that never end by themselves."""

    def __init__(self, node_delay: float = 1) -> None:
        self.state = State(node_delay=timedelta(seconds=node_delay))
        self.now = START
        self.commands: list = []
        self.sequence = 0

    def __call__(self, decision, *args, **kwargs) -> None:
        self.commands += decision(self.state, self.now, *args, **kwargs)

    def wait(self, seconds: float) -> None:
        end = self.now + timedelta(seconds=seconds)
        while (due := self.state.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self(reports.on_time)
        self.now = end

    def make_pool(
        self,
        formula: str | None,
        interval: timedelta = FIVE_MINUTES,
        spec: PoolSpec = SPEC,
    ) -> None:
        self(
            pool_requests.create_pool,
            spec,
            "{}",
            target_dedicated=0,
            target_low_priority=0,
            autoscale=None if formula is None else AutoscaleSpec(formula, interval),
        )

    def add_tasks(self, count: int, job_id: str = "job") -> None:
        if job_id not in self.state.jobs:
            self(job_requests.create_job, JobSpec(job_id, "Pool"), "{}")
        added = []
        for _ in range(count):
            self.sequence += 1
            task_id = f"t{self.sequence}"
            added.append(Task(job_id, task_id, self.sequence, self.now, self.now, self.now))
        self(task_requests.add_tasks, job_id, added)

    def end_all(self) -> None:
        for execution in list(self.state.executions):
            self(reports.on_ended, execution, Outcome(self.now, self.now, exit_code=0))

    def restart(self) -> None:
        before = self.state
        self.state = State(node_delay=before.node_delay)
        remembered = restore.Remembered(
            pools=[entry.pool for entry in before.pools.values()],
            nodes=[one.node for entry in before.pools.values() for one in entry.nodes.values()],
            jobs=[(one.job, one.job.counts, one.job.slot_counts) for one in before.jobs.values()],
            job_nodes=[],
        )
        self(restore.resume, remembered)

    @property
    def entry(self):
        return self.state.pool("pool")

    @property
    def pool(self):
        return self.entry.pool

    @property
    def targets(self) -> tuple[int, int]:
        return self.pool.target_dedicated, self.pool.target_low_priority

    @property
    def run(self):
        return self.pool.autoscale.last_run

    def states(self) -> list[NodeState]:
        return [entry.node.state for entry in self.entry.nodes.values()]


@pytest.fixture
def world() -> World:
    return World()


def evaluated(world: World, formula: str) -> str:
    """The variables of a formula, without those of the service."""
    run = autoscale_requests.evaluate_formula(world.entry, formula, world.now)
    assert run.error is None, run.error
    return run.results.partition("$NodeDeallocationOption=")[2].partition(";")[2]


def test_the_first_evaluation_comes_at_once_and_is_a_resize(world):
    world.make_pool("$TargetDedicatedNodes = 2; $TargetLowPriorityNodes = 1;")
    world.wait(0)
    assert world.targets == (2, 1)
    assert world.pool.allocation_state is AllocationState.RESIZING
    assert world.run.time == START
    assert world.run.error is None
    assert world.run.results == (
        "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=1;$NodeDeallocationOption=requeue"
    )
    world.wait(10)
    assert world.states() == [NodeState.IDLE] * 3
    assert world.pool.allocation_state is AllocationState.STEADY


def test_evaluations_follow_at_the_interval(world):
    world.make_pool("minute = time().minute; $TargetDedicatedNodes = minute / 5;", FIVE_MINUTES)
    world.wait(5 * MINUTE - 1)
    assert world.run.time == START
    world.wait(1)
    assert (world.run.time, world.targets) == (START + FIVE_MINUTES, (1, 0))
    world.wait(5 * MINUTE)
    assert (world.run.time, world.targets) == (START + 2 * FIVE_MINUTES, (2, 0))
    assert world.run.results.endswith(";minute=10")


def test_evaluations_are_no_requests_of_users(world):
    """ETag and last modification stay as they were."""
    world.make_pool("$TargetDedicatedNodes = 1;")
    world.wait(10 * MINUTE)
    assert world.targets == (1, 0)
    assert world.pool.last_modified == START


def test_a_pool_grows_and_shrinks_with_its_tasks(world):
    world.make_pool(BY_PENDING_TASKS + "$NodeDeallocationOption = taskcompletion;")
    world.wait(MINUTE)
    world.add_tasks(9)
    world.wait(9 * MINUTE)
    assert world.targets == (4, 0)
    assert world.states() == [NodeState.RUNNING] * 4
    while world.state.executions:
        world.end_all()
        world.wait(1)
    world.wait(10 * MINUTE)
    assert world.targets == (0, 0)
    assert world.states() == []
    assert not [one for one in world.commands if isinstance(one, Kill)]


@pytest.mark.parametrize(
    ("option", "kills"), [("requeue", 1), ("terminate", 1), ("taskcompletion", 0)]
)
def test_the_deallocation_option_says_what_becomes_of_running_tasks(world, option, kills):
    world.make_pool(
        f"$TargetDedicatedNodes = time().minute < 5 ? 1 : 0; $NodeDeallocationOption = {option};"
    )
    world.add_tasks(1)
    world.wait(MINUTE)
    assert world.states() == [NodeState.RUNNING]
    world.wait(4 * MINUTE)
    assert world.states() == [NodeState.LEAVING_POOL]
    assert len([one for one in world.commands if isinstance(one, Kill)]) == kills
    world.end_all()
    assert world.states() == []
    assert world.pool.allocation_state is AllocationState.STEADY


def test_an_evaluation_changes_the_targets_of_a_resize_that_goes_on():
    world = World(node_delay=3600)
    world.make_pool("$TargetDedicatedNodes = time().minute < 5 ? 3 : 1;")
    world.wait(MINUTE)
    assert world.states() == [NodeState.CREATING] * 3
    began = world.pool.allocation_time
    world.wait(4 * MINUTE)
    assert world.targets == (1, 0)
    assert world.states() == [NodeState.CREATING]
    assert world.pool.allocation_state is AllocationState.RESIZING
    assert world.pool.allocation_time == began


def test_targets_that_stay_are_no_resize(world):
    world.make_pool("$TargetDedicatedNodes = 1;")
    world.wait(MINUTE)
    since = world.pool.allocation_time
    world.wait(60 * MINUTE)
    assert world.pool.allocation_time == since
    assert world.run.time == START + timedelta(hours=1)


def test_a_formula_that_fails_leaves_the_pool_alone(world):
    world.make_pool("$TargetDedicatedNodes = time().minute < 5 ? 2 : $CPUPercent.GetSample(1);")
    world.wait(5 * MINUTE)
    assert world.run.error.code == "AutoScalingFormulaEvaluationError"
    assert world.run.error.detail.startswith("Line 1, Col ")
    assert world.targets == (2, 0)


def test_samples_are_taken_every_30_seconds_and_seen_after_60(world):
    world.make_pool("$TargetDedicatedNodes = 1;")
    counted = "n = $PendingTasks.Count();"
    world.wait(59)
    assert evaluated(world, counted) == "n=0"
    world.wait(1)
    assert evaluated(world, counted) == "n=1"
    world.wait(10 * MINUTE)
    assert evaluated(world, counted) == "n=21"
    share = "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute, 9 * TimeInterval_Minute);"
    assert evaluated(world, share) == "p=100"


def test_what_is_counted(world):
    """`$PendingTasks` are the active and the running ones."""
    world.make_pool("$TargetDedicatedNodes = 2;")
    world.add_tasks(5)
    world.add_tasks(2, "disabled")
    world(job_requests.disable_job, "disabled", DisableJobOption.REQUEUE)
    world.wait(MINUTE)
    first, second = [one.execution for one in world.commands if isinstance(one, StartTask)]
    world(reports.on_ended, first, Outcome(world.now, world.now, exit_code=0))
    world(reports.on_ended, second, Outcome(world.now, world.now, exit_code=1))
    names = {
        "$ActiveTasks": 1,
        "$RunningTasks": 2,
        "$PendingTasks": 3,
        "$SucceededTasks": 1,
        "$FailedTasks": 1,
        "$TaskSlotsPerNode": 1,
        "$CurrentDedicatedNodes": 2,
        "$CurrentLowPriorityNodes": 0,
        "$UsableNodeCount": 2,
        "$PreemptedNodeCount": 0,
        "$SampleNodeCount": 2,
    }
    for name, number in names.items():
        assert evaluated(world, f"n = {name};") == f"n={number}", name
    world.wait(2 * MINUTE)
    for name, number in names.items():
        assert evaluated(world, f"n = {name}.GetSample(1);") == f"n=[{number}]", name


def test_a_task_on_several_nodes_counts_for_each_of_them(world):
    """Waiting and running, so that a pool grows to what it needs and does not shrink below."""
    spec = PoolSpec("Pool", "standard_f2s_v2", enable_inter_node_communication=True)
    world.make_pool(BY_PENDING_TASKS, spec=spec)
    world(job_requests.create_job, JobSpec("job", "Pool"), "{}")
    task = Task("job", "t", 1, world.now, world.now, world.now, instances=3)
    world(task_requests.add_tasks, "job", [task])
    world.wait(6 * MINUTE)
    assert world.entry.pool.target_dedicated == 3
    assert task.state is TaskState.RUNNING
    world.wait(6 * MINUTE)
    assert world.entry.pool.target_dedicated == 3


def test_the_load_of_machines_is_not_measured(world):
    """The nodes of all pools share one machine: there are no samples rather than wrong ones."""
    world.make_pool("$TargetDedicatedNodes = 1;")
    world.wait(10 * MINUTE)
    formula = "n = $CPUPercent.GetSample(5 * TimeInterval_Minute, 10);"
    run = autoscale_requests.evaluate_formula(world.entry, formula, world.now)
    assert run.error.code == "InsufficientSampleData"
    assert "$CPUPercent wanted 10%, received 0%" in run.error.detail


def test_without_an_autoscaled_pool_nothing_falls_due(world):
    world.make_pool(None)
    assert world.state.next_due() is None
    world(autoscale_requests.enable_autoscale, "pool", formula="$TargetDedicatedNodes = 1;")
    world.wait(MINUTE)
    assert world.state.next_due() is not None
    world(autoscale_requests.disable_autoscale, "pool")
    world.wait(60 * MINUTE)
    assert world.state.next_due() is None
    assert world.targets == (1, 0)


def test_a_pool_that_is_gone_is_evaluated_no_more(world):
    world.make_pool("$TargetDedicatedNodes = 1;")
    world.wait(MINUTE)
    world(pool_requests.delete_pool, "pool")
    world.wait(60 * MINUTE)
    assert not world.state.pools
    assert world.state.next_due() is None


def test_a_new_interval_begins_with_its_request(world):
    world.make_pool("$TargetDedicatedNodes = time().minute;", timedelta(minutes=30))
    world.wait(10 * MINUTE)
    world(autoscale_requests.enable_autoscale, "pool", evaluation_interval=FIVE_MINUTES)
    world.wait(0)
    assert world.run.time == START + timedelta(minutes=10)
    world.wait(5 * MINUTE)
    assert world.run.time == START + timedelta(minutes=15)


def test_a_new_formula_alone_waits_for_its_turn(world):
    world.make_pool("$TargetDedicatedNodes = 1;", timedelta(minutes=30))
    world.wait(10 * MINUTE)
    world(autoscale_requests.enable_autoscale, "pool", formula="$TargetDedicatedNodes = 3;")
    world.wait(19 * MINUTE)
    assert world.targets == (1, 0)
    world.wait(MINUTE)
    assert world.targets == (3, 0)
    assert world.pool.autoscale.spec.evaluation_interval == timedelta(minutes=30)


def test_autoscale_is_enabled_every_30_seconds_at_most(world):
    """Item 138; turning it off in between changes nothing about that."""
    world.make_pool(None)
    enable = autoscale_requests.enable_autoscale
    world(enable, "pool", formula="$TargetDedicatedNodes = 0;")
    world.wait(29)
    world(autoscale_requests.disable_autoscale, "pool")
    with pytest.raises(BatchRuleError, match="TooManyEnableAutoScaleRequests"):
        world(enable, "pool", formula="$TargetDedicatedNodes = 0;")
    world.wait(1)
    world(enable, "pool", formula="$TargetDedicatedNodes = 0;")
    assert world.pool.last_modified == world.pool.autoscale_enable_time == world.now


def test_autoscale_is_turned_on_with_a_formula_while_the_pool_is_steady(world):
    world.make_pool(None)
    enable = autoscale_requests.enable_autoscale
    with pytest.raises(BatchRuleError, match="InvalidAutoScalingSettings"):
        world(enable, "pool", evaluation_interval=FIVE_MINUTES)
    world(pool_requests.resize_pool, "pool", target_dedicated=1, target_low_priority=None)
    with pytest.raises(BatchRuleError, match="PoolBeingResized"):
        world(enable, "pool", formula="$TargetDedicatedNodes = 0;")
    assert world.pool.autoscale is None


@pytest.mark.parametrize(
    ("formula", "code"),
    [("$x = ;", "AutoScalingFormulaSyntaxError"), (" " * 8193, "AutoScaleFormulaTooLong")],
)
def test_what_is_no_formula_is_refused_and_changes_nothing(world, formula, code):
    with pytest.raises(BatchRuleError, match=code):
        world.make_pool(formula)
    assert not world.state.pools
    world.make_pool("$TargetDedicatedNodes = 1;")
    with pytest.raises(BatchRuleError, match=code):
        world(autoscale_requests.enable_autoscale, "pool", formula=formula)
    assert world.pool.autoscale.spec.formula == "$TargetDedicatedNodes = 1;"


def test_clients_resize_no_autoscaled_pool(world):
    """Item 45."""
    world.make_pool("$TargetDedicatedNodes = 1;")
    world.wait(MINUTE)
    with pytest.raises(BatchRuleError, match="OperationInvalidForCurrentState"):
        world(pool_requests.resize_pool, "pool", target_dedicated=5, target_low_priority=None)


def test_trying_a_formula_changes_nothing(world):
    """Item 140."""
    world.make_pool("$TargetDedicatedNodes = 1;")
    world.wait(MINUTE)
    before = world.run
    run = autoscale_requests.evaluate_formula(world.entry, "$TargetDedicatedNodes = 9;", world.now)
    assert run.results.startswith("$TargetDedicatedNodes=9;")
    assert (world.run, world.targets) == (before, (1, 0))


def test_after_a_restart_an_evaluation_waits_for_samples(world):
    """Without any the formula would send away the nodes that its tasks need."""
    world.make_pool(BY_PENDING_TASKS)
    world.wait(MINUTE)
    world.add_tasks(2)
    world.wait(4 * MINUTE)
    assert world.targets == (2, 0)
    world.now += timedelta(minutes=30)
    world.restart()
    began = world.now
    world.wait(10 * MINUTE)
    assert world.targets == (2, 0)
    assert world.run.time == began + timedelta(minutes=6)


def test_tasks_that_wait_for_an_evaluation_are_work_to_come(world):
    world.make_pool(BY_PENDING_TASKS)
    assert not pools.awaits_nodes(world.entry)
    world.add_tasks(1)
    assert pools.awaits_nodes(world.entry)
    world(job_requests.disable_job, "job", DisableJobOption.REQUEUE)
    assert not pools.awaits_nodes(world.entry)


def test_tasks_that_wait_for_slow_nodes_are_work_to_come():
    world = World(node_delay=3600)
    world.make_pool(None)
    world.add_tasks(2)
    assert not pools.awaits_nodes(world.entry)
    world(pool_requests.resize_pool, "pool", target_dedicated=1, target_low_priority=None)
    assert pools.awaits_nodes(world.entry)
    world.wait(7200)
    assert world.states() == [NodeState.RUNNING]
    assert not pools.awaits_nodes(world.entry)
