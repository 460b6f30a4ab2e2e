"""Pools that follow a formula, by a clock of the test's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import AutoscaleRun
from runfleet.batch.specs import AutoscaleSpec
from runfleet.batch.states import AllocationState, DisableJobOption, NodeState, TaskState
from runfleet.scheduler import (
    autoscale_requests,
    job_requests,
    pool_requests,
    pools,
    task_requests,
)
from runfleet.scheduler.commands import Kill, StartTask

FIVE_MINUTES = timedelta(minutes=5)
BY_PENDING_TASKS = "$TargetDedicatedNodes = min(4, max(0, $PendingTasks.GetSample(1)));"


def make_pool_by(world, formula: str, interval: timedelta = FIVE_MINUTES, **spec) -> None:
    """Make a pool whose nodes come and go by a formula."""
    world.ask_for_pool(autoscale=AutoscaleSpec(formula, interval), **spec)


def end_all(world) -> None:
    for execution in list(world.state.executions):
        world.end(execution)


def targets(world) -> tuple[int, int]:
    return world.pool.target_dedicated, world.pool.target_low_priority


def last_run(world) -> AutoscaleRun:
    return world.pool.autoscale.last_run


def evaluated(world, formula: str) -> str:
    """The variables of a formula, without those of the service."""
    run = autoscale_requests.evaluate_formula(world.state, world.entry, formula, world.now)
    assert run.error is None, run.error
    return run.results.partition("$NodeDeallocationOption=")[2].partition(";")[2]


def test_the_first_evaluation_comes_at_once_and_is_a_resize(world):
    make_pool_by(world, "$TargetDedicatedNodes = 2; $TargetLowPriorityNodes = 1;")
    world.wait(0)
    assert targets(world) == (2, 1)
    assert world.pool.allocation_state is AllocationState.RESIZING
    assert last_run(world).time == world.start
    assert last_run(world).error is None
    assert last_run(world).results == (
        "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=1;$NodeDeallocationOption=requeue"
    )
    world.wait(10)
    assert world.states() == [NodeState.IDLE] * 3
    assert world.pool.allocation_state is AllocationState.STEADY


def test_evaluations_follow_at_the_interval(world):
    make_pool_by(world, "minute = time().minute; $TargetDedicatedNodes = minute / 5;", FIVE_MINUTES)
    world.wait(299)
    assert last_run(world).time == world.start
    world.wait(1)
    assert (last_run(world).time, targets(world)) == (world.start + FIVE_MINUTES, (1, 0))
    world.wait(minutes=5)
    assert (last_run(world).time, targets(world)) == (world.start + 2 * FIVE_MINUTES, (2, 0))
    assert last_run(world).results.endswith(";minute=10")


def test_evaluations_are_no_requests_of_users(world):
    """ETag and last modification stay as they were."""
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=10)
    assert targets(world) == (1, 0)
    assert world.pool.last_modified == world.start


def test_a_pool_grows_and_shrinks_with_its_tasks(world):
    make_pool_by(world, BY_PENDING_TASKS + "$NodeDeallocationOption = taskcompletion;")
    world.wait(minutes=1)
    world.make_job()
    world.add_tasks(*"abcdefghi")
    world.wait(minutes=9)
    assert targets(world) == (4, 0)
    assert world.states() == [NodeState.RUNNING] * 4
    while world.state.executions:
        end_all(world)
        world.wait(1)
    world.wait(minutes=10)
    assert targets(world) == (0, 0)
    assert world.states() == []
    assert not world.of(Kill)


@pytest.mark.parametrize(
    ("option", "kills"), [("requeue", 1), ("terminate", 1), ("taskcompletion", 0)]
)
def test_the_deallocation_option_says_what_becomes_of_running_tasks(world, option, kills):
    make_pool_by(
        world,
        f"$TargetDedicatedNodes = time().minute < 5 ? 1 : 0; $NodeDeallocationOption = {option};",
    )
    world.make_job()
    world.add_tasks("a")
    world.wait(minutes=1)
    assert world.states() == [NodeState.RUNNING]
    world.wait(minutes=4)
    assert world.states() == [NodeState.LEAVING_POOL]
    assert len(world.of(Kill)) == kills
    end_all(world)
    assert world.states() == []
    assert world.pool.allocation_state is AllocationState.STEADY


def test_an_evaluation_changes_the_targets_of_a_resize_that_goes_on(world):
    world.state.node_delay = timedelta(hours=1)
    make_pool_by(world, "$TargetDedicatedNodes = time().minute < 5 ? 3 : 1;")
    world.wait(minutes=1)
    assert world.states() == [NodeState.CREATING] * 3
    began = world.pool.allocation_time
    world.wait(minutes=4)
    assert targets(world) == (1, 0)
    assert world.states() == [NodeState.CREATING]
    assert world.pool.allocation_state is AllocationState.RESIZING
    assert world.pool.allocation_time == began


def test_targets_that_stay_are_no_resize(world):
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=1)
    since = world.pool.allocation_time
    world.wait(minutes=60)
    assert world.pool.allocation_time == since
    assert last_run(world).time == world.start + timedelta(hours=1)


def test_the_evaluation_after_a_resize_that_was_stopped_resizes_again(world):
    """The targets stay, and so would a pool without the nodes that its tasks wait for."""
    world.state.node_delay = timedelta(minutes=2)
    make_pool_by(world, "$TargetDedicatedNodes = 2;")
    world.wait(1)
    world(pool_requests.stop_resize, "pool")
    assert (targets(world), world.states()) == ((2, 0), [])
    world.wait(minutes=5)
    assert world.pool.allocation_state is AllocationState.RESIZING
    assert world.pool.resize_errors == []
    world.wait(minutes=4)
    assert world.states() == [NodeState.IDLE] * 2
    assert world.pool.allocation_state is AllocationState.STEADY


def test_the_resizes_of_a_formula_have_no_timeout(world):
    world.state.node_delay = timedelta(hours=1)
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=59)
    assert world.pool.allocation_state is AllocationState.RESIZING
    world.wait(minutes=2)
    assert world.pool.allocation_state is AllocationState.STEADY
    assert (world.states(), world.pool.resize_errors) == ([NodeState.STARTING], [])


def test_a_formula_gets_no_more_nodes_than_a_quota_allows(world):
    make_pool_by(world, "$TargetDedicatedNodes = 1000000000;")
    world.wait(minutes=1)
    assert (targets(world), len(world.nodes())) == ((10**9, 0), pools.MOST_NODES)
    world.wait(minutes=10)
    assert len(world.nodes()) == pools.MOST_NODES
    assert world.pool.allocation_state is AllocationState.STEADY
    assert [error.code for error in world.pool.resize_errors] == ["AccountCoreQuotaReached"]
    assert last_run(world).error is None


def test_a_formula_that_fails_leaves_the_pool_alone(world):
    make_pool_by(world, "$TargetDedicatedNodes = time().minute < 5 ? 2 : $CPUPercent.GetSample(1);")
    world.wait(minutes=5)
    assert last_run(world).error.code == "AutoScalingFormulaEvaluationError"
    assert last_run(world).error.detail.startswith("Line 1, Col ")
    assert targets(world) == (2, 0)


def test_samples_are_taken_every_30_seconds_and_seen_after_60(world):
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    counted = "n = $PendingTasks.Count();"
    world.wait(59)
    assert evaluated(world, counted) == "n=0"
    world.wait(1)
    assert evaluated(world, counted) == "n=1"
    world.wait(minutes=10)
    assert evaluated(world, counted) == "n=21"
    share = "p = $PendingTasks.GetSamplePercent(TimeInterval_Minute, 9 * TimeInterval_Minute);"
    assert evaluated(world, share) == "p=100"


def test_what_is_counted(world):
    """`$PendingTasks` are the active and the running ones."""
    make_pool_by(world, "$TargetDedicatedNodes = 2;")
    world.make_job()
    world.add_tasks(*"abcde")
    world.make_job("disabled")
    world.add_tasks("d1", "d2", job_id="disabled")
    world(job_requests.disable_job, "disabled", DisableJobOption.REQUEUE)
    world.wait(minutes=1)
    first, second = [one.execution for one in world.of(StartTask)]
    world.end(first, exit_code=0)
    world.end(second, exit_code=1)
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
    world.wait(minutes=2)
    for name, number in names.items():
        assert evaluated(world, f"n = {name}.GetSample(1);") == f"n=[{number}]", name


def test_tasks_of_jobs_that_have_ended_are_counted_until_they_are_deleted(world):
    """Though the jobs are not looked at any more; nor are they after a restart."""
    make_pool_by(world, "$TargetDedicatedNodes = 4;")
    for job_id in ("first", "second"):
        world.make_job(job_id)
        world.add_tasks("good", "bad", job_id=job_id)
        world.wait(minutes=1)
        for running in list(world.state.job(job_id).running.values()):
            world.end(running.execution, exit_code=int(running.task.task_id == "bad"))
        world(job_requests.terminate_job, job_id, None)
    world.make_job("living")
    ended = "good = $SucceededTasks; bad = $FailedTasks;"
    assert evaluated(world, ended) == "bad=2;good=2"
    world.restart()
    assert list(world.entry.jobs) == ["living"]
    assert evaluated(world, ended) == "bad=2;good=2"
    (bad,) = [one.task for one in world.of(StartTask) if one.task.sequence == 2]
    world(task_requests.delete_task, bad)
    assert evaluated(world, ended) == "bad=1;good=2"
    world(job_requests.delete_job, "second")
    assert evaluated(world, ended) == "bad=0;good=1"


def test_a_new_pool_of_an_old_id_does_not_count_what_ended_before_it(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world.end("a")
    world(job_requests.terminate_job, "job", None)
    world(pool_requests.delete_pool, "pool")
    world.wait(60)
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    assert evaluated(world, "n = $SucceededTasks;") == "n=0"
    world.restart()
    assert evaluated(world, "n = $SucceededTasks;") == "n=0"


def test_a_task_on_several_nodes_counts_for_each_of_them(world):
    """Waiting and running, so that a pool grows to what it needs and does not shrink below."""
    make_pool_by(world, BY_PENDING_TASKS, enable_inter_node_communication=True)
    world.make_job()
    (task,) = world.add_tasks("t", instances=3)
    world.wait(minutes=6)
    assert world.pool.target_dedicated == 3
    assert task.state is TaskState.RUNNING
    world.wait(minutes=6)
    assert world.pool.target_dedicated == 3


def test_the_load_of_machines_is_not_measured(world):
    """The nodes of all pools share one machine: there are no samples rather than wrong ones."""
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=10)
    formula = "n = $CPUPercent.GetSample(5 * TimeInterval_Minute, 10);"
    run = autoscale_requests.evaluate_formula(world.state, world.entry, formula, world.now)
    assert run.error.code == "InsufficientSampleData"
    assert "$CPUPercent wanted 10%, received 0%" in run.error.detail


def test_without_an_autoscaled_pool_nothing_falls_due(world):
    world.ask_for_pool()
    assert world.state.timers.next_due() is None
    world(autoscale_requests.enable_autoscale, "pool", formula="$TargetDedicatedNodes = 1;")
    world.wait(minutes=1)
    assert world.state.timers.next_due() is not None
    world(autoscale_requests.disable_autoscale, "pool")
    world.wait(minutes=60)
    assert world.state.timers.next_due() is None
    assert targets(world) == (1, 0)


def test_a_pool_that_is_gone_is_evaluated_no_more(world):
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=1)
    world(pool_requests.delete_pool, "pool")
    world.wait(minutes=60)
    assert not world.state.pools
    assert world.state.timers.next_due() is None


def test_a_new_interval_begins_with_its_request(world):
    make_pool_by(world, "$TargetDedicatedNodes = time().minute;", timedelta(minutes=30))
    world.wait(minutes=10)
    world(autoscale_requests.enable_autoscale, "pool", evaluation_interval=FIVE_MINUTES)
    world.wait(0)
    assert last_run(world).time == world.start + timedelta(minutes=10)
    world.wait(minutes=5)
    assert last_run(world).time == world.start + timedelta(minutes=15)


def test_a_new_formula_alone_waits_for_its_turn(world):
    make_pool_by(world, "$TargetDedicatedNodes = 1;", timedelta(minutes=30))
    world.wait(minutes=10)
    world(autoscale_requests.enable_autoscale, "pool", formula="$TargetDedicatedNodes = 3;")
    world.wait(minutes=19)
    assert targets(world) == (1, 0)
    world.wait(minutes=1)
    assert targets(world) == (3, 0)
    assert world.pool.autoscale.spec.evaluation_interval == timedelta(minutes=30)


def test_autoscale_is_enabled_every_30_seconds_at_most(world):
    """Item 138; turning it off in between changes nothing about that."""
    world.ask_for_pool()
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
    world.ask_for_pool()
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
        make_pool_by(world, formula)
    assert not world.state.pools
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    with pytest.raises(BatchRuleError, match=code):
        world(autoscale_requests.enable_autoscale, "pool", formula=formula)
    assert world.pool.autoscale.spec.formula == "$TargetDedicatedNodes = 1;"


def test_clients_resize_no_autoscaled_pool(world):
    """Item 45."""
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=1)
    with pytest.raises(BatchRuleError, match="OperationInvalidForCurrentState"):
        world(pool_requests.resize_pool, "pool", target_dedicated=5, target_low_priority=None)


def test_trying_a_formula_changes_nothing(world):
    """Item 140."""
    make_pool_by(world, "$TargetDedicatedNodes = 1;")
    world.wait(minutes=1)
    before = last_run(world)
    run = autoscale_requests.evaluate_formula(
        world.state, world.entry, "$TargetDedicatedNodes = 9;", world.now
    )
    assert run.results.startswith("$TargetDedicatedNodes=9;")
    assert (last_run(world), targets(world)) == (before, (1, 0))


def test_after_a_restart_an_evaluation_waits_for_samples(world):
    """Without any the formula would send away the nodes that its tasks need."""
    make_pool_by(world, BY_PENDING_TASKS)
    world.wait(minutes=1)
    world.make_job()
    world.add_tasks("a", "b")
    world.wait(minutes=4)
    assert targets(world) == (2, 0)
    world.now += timedelta(minutes=30)
    world.restart()
    began = world.now
    world.wait(minutes=10)
    assert targets(world) == (2, 0)
    assert last_run(world).time == began + timedelta(minutes=6)


def test_tasks_that_wait_for_an_evaluation_are_work_to_come(world):
    make_pool_by(world, BY_PENDING_TASKS)
    assert not pools.awaits_nodes(world.entry)
    world.make_job()
    world.add_tasks("a")
    assert pools.awaits_nodes(world.entry)
    world(job_requests.disable_job, "job", DisableJobOption.REQUEUE)
    assert not pools.awaits_nodes(world.entry)


def test_tasks_that_wait_for_slow_nodes_are_work_to_come(world):
    world.state.node_delay = timedelta(minutes=10)
    world.ask_for_pool()
    world.make_job()
    world.add_tasks("a", "b")
    assert not pools.awaits_nodes(world.entry)
    world(pool_requests.resize_pool, "pool", target_dedicated=1, target_low_priority=None)
    assert pools.awaits_nodes(world.entry)
    world.wait(7200)
    assert world.states() == [NodeState.RUNNING]
    assert not pools.awaits_nodes(world.entry)
