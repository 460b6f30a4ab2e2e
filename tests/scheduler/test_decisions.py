"""What the scheduler decides, told by events and commands alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Failure
from runfleet.batch.specs import (
    AutoPoolSpec,
    AutoscaleSpec,
    CommandSpec,
    JobManagerSpec,
    JobSpec,
    PoolSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
    StartTaskSpec,
)
from runfleet.batch.states import (
    AllocationState,
    DisableJobOption,
    EndedBy,
    ErrorCategory,
    JobDefaultOrder,
    JobState,
    NodeDeallocationOption,
    NodeFillType,
    NodeState,
    OnAllTasksComplete,
    OnTaskFailure,
    PoolLifetimeOption,
    TaskResult,
    TaskState,
)
from runfleet.scheduler import (
    job_requests,
    losses,
    node_requests,
    pool_requests,
    pools,
    reports,
    task_requests,
)
from runfleet.scheduler.commands import (
    Constrain,
    EndBackground,
    ForgetJob,
    ForgetNode,
    ForgetPool,
    Kill,
    LoadTasks,
    RemoveTaskFiles,
    SaveNode,
    StartNodeTask,
    StartPreparation,
    StartRelease,
    StartTask,
)
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.queue import WINDOW

COMMAND = CommandSpec("true")


def test_tasks_start_in_the_order_they_were_added_as_slots_fall_free(world):
    world.make_pool(slots=2)
    world.make_job()
    world.add_tasks("a", "b", "c")
    assert world.started() == ["a", "b"]
    world.end("b")
    assert world.started() == ["a", "b", "c"]
    world.end("a")
    world.end("c")
    assert world.counts() == (0, 0, 3, 0)


def test_a_task_that_ended_is_stored_once_and_the_next_one_started(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", "b")
    commands = world.end("a")
    assert [type(one).__name__ for one in commands] == ["SaveTask", "SaveTask", "StartTask"]


def test_jobs_may_come_before_their_pool(world):
    world.make_job()
    world.add_tasks("a")
    assert world.started() == []
    world.make_pool()
    assert world.started() == ["a"]


def test_a_failing_task_is_retried_on_its_node_until_its_retries_are_used_up(world):
    world.make_pool(nodes=2)
    world.make_job()
    world.add_tasks("a", retries=2)
    for _ in range(3):
        world.end("a", exit_code=1)
    starts = world.of(StartTask)
    assert [one.is_retry for one in starts] == [False, True, True]
    assert len({one.node.node_id for one in starts}) == 1
    task = world.task("a")
    assert (task.state, task.result, task.retry_count) == (
        TaskState.COMPLETED,
        TaskResult.FAILURE,
        2,
    )
    assert task.failure is not None
    assert task.failure.code == "FailureExitCode"


@pytest.mark.parametrize(
    ("ended_by", "exit_code", "failure"),
    [
        (EndedBy.TIME_LIMIT, None, None),
        (EndedBy.FAILURE, None, Failure(ErrorCategory.USER_ERROR, "BlobNotFound", "")),
        (EndedBy.EXIT, 3, Failure(ErrorCategory.USER_ERROR, "FileUploadMiscError", "")),
    ],
)
def test_only_an_exit_code_is_retried(world, ended_by, exit_code, failure):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", retries=5)
    world.end("a", exit_code, ended_by, failure)
    assert world.counts() == (0, 0, 0, 1)


def test_only_what_runs_is_held_to_constraints_that_change(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", "b")
    limit = timedelta(hours=1)
    for task in (world.task("a"), world.state.job("job").queue.get("b")):
        world(task_requests.change_constraints, task, 1, timedelta(days=1), limit)
    assert world.of(Constrain) == [Constrain(world.execution("a"), world.task("a"), limit)]
    world.end("a")
    with pytest.raises(BatchRuleError, match="TaskCompleted"):
        world(task_requests.change_constraints, world.task("a"), 2, limit, limit)


def test_the_start_time_is_that_of_the_last_attempt(world):
    """As the SDK documents it of tasks of all kinds, and of the last retry."""
    world.make_pool(start_task=StartTaskSpec(COMMAND, max_task_retry_count=1))
    world.make_job(preparation=PreparationTaskSpec("prepare", COMMAND, max_task_retry_count=1))
    world.add_tasks("a", retries=1)

    def times_after_a_failure(execution, find_info):
        world.wait(60)
        world.end(execution, exit_code=1)
        info, failed = find_info(), world.now
        world.wait(60)
        return info.start_time - failed, info.last_retry_time - failed

    def preparation():
        return world.state.job("job").nodes[entry.node.node_id].preparation

    at_once = (timedelta(0), timedelta(0))
    (entry,) = world.nodes()
    (start_task,) = world.of(StartNodeTask)
    assert times_after_a_failure(start_task.execution, lambda: entry.node.start_task) == at_once
    world.end(world.of(StartNodeTask)[1].execution)
    (prepare,) = world.of(StartPreparation)
    assert times_after_a_failure(prepare.execution, preparation) == at_once
    world.end(world.of(StartPreparation)[1].execution)
    assert times_after_a_failure("a", lambda: world.task("a")) == at_once


def test_a_task_that_awaits_its_preparation_begins_with_what_it_is_given(world):
    world.make_pool()
    world.make_job(preparation=PreparationTaskSpec("prep", COMMAND))
    world.add_tasks("a")
    (running,) = world.state.job("job").running.values()
    world(task_requests.change_constraints, running.task, 1, timedelta(days=1), timedelta(hours=1))
    assert world.of(Constrain) == []


def test_higher_priority_first_and_equal_ones_share(world):
    world.make_pool(slots=4)
    world.make_job("low", priority=0)
    world.make_job("one", priority=5)
    world.make_job("two", priority=5)
    world(node_requests.disable_scheduling, "pool", world.nodes()[0].node.node_id, _REQUEUE)
    world.add_tasks("l1", job_id="low")
    world.add_tasks("a1", "a2", "a3", job_id="one")
    world.add_tasks("b1", "b2", "b3", job_id="two")
    world(node_requests.enable_scheduling, "pool", world.nodes()[0].node.node_id)
    assert sorted(world.started()) == ["a1", "a2", "b1", "b2"]


def test_the_older_of_equal_jobs_goes_first_where_the_pool_says_so(world):
    world.make_pool(nodes=0, job_default_order=JobDefaultOrder.CREATION_TIME)
    world.make_job("older")
    world.wait(1)
    world.make_job("younger")
    world.make_job("urgent", priority=1)
    for number in (1, 2):
        world.add_tasks(f"y{number}", job_id="younger")
        world.add_tasks(f"o{number}", job_id="older")
    world.add_tasks("u", job_id="urgent")
    world(pool_requests.resize_pool, "pool", target_dedicated=5, target_low_priority=None)
    world.wait(10)
    assert world.started() == ["u", "o1", "o2", "y1", "y2"]


_REQUEUE = NodeDeallocationOption.REQUEUE


@pytest.mark.parametrize(("fill", "used"), [(NodeFillType.SPREAD, 2), (NodeFillType.PACK, 1)])
def test_spread_uses_all_nodes_and_pack_fills_one(world, fill, used):
    world.make_pool(nodes=2, slots=2, node_fill_type=fill)
    world.make_job()
    world.add_tasks("a", "b")
    assert sum(bool(entry.tasks) for entry in world.nodes()) == used


@pytest.mark.parametrize("fill", NodeFillType)
def test_a_task_goes_to_the_node_it_prefers_while_there_is_room(world, fill):
    world.make_pool(nodes=3, slots=2, node_fill_type=fill)
    world.make_job()
    preferred = world.nodes()[1].node.node_id
    world.add_tasks("a", "b", "c", preferred_node=preferred)
    used = [world.task(name).node_id for name in "abc"]
    assert used[:2] == [preferred] * 2
    assert used[2] != preferred
    world.add_tasks("d", preferred_node="gone")
    assert world.task("d").node_id


def test_a_task_that_needs_more_slots_waits_while_smaller_ones_pass(world):
    world.make_pool(slots=4)
    world.make_job()
    world.add_tasks("a", slots=3)
    world.add_tasks("big", slots=2)
    world.add_tasks("small")
    assert world.started() == ["a", "small"]
    world.end("a")
    assert world.started() == ["a", "small", "big"]


def test_max_parallel_tasks_holds_a_job_back(world):
    world.make_pool(slots=4)
    world.make_job(max_parallel_tasks=1)
    world.add_tasks("a", "b")
    assert world.started() == ["a"]
    world.end("a")
    assert world.started() == ["a", "b"]


def test_preparation_runs_once_a_node_before_the_first_task_there(world):
    world.make_pool(slots=2)
    world.make_job(preparation=PreparationTaskSpec("prepare", COMMAND))
    world.add_tasks("a", "b", "c")
    (preparation,) = world.of(StartPreparation)
    assert world.started() == []
    assert world.counts() == (1, 2, 0, 0)
    world.end(preparation.execution)
    assert world.started() == ["a", "b"]
    world.end("a")
    assert world.started() == ["a", "b", "c"]


def test_a_failed_preparation_keeps_the_jobs_tasks_off_that_node(world):
    world.make_pool(nodes=2)
    world.make_job(preparation=PreparationTaskSpec("prepare", COMMAND))
    world.add_tasks("a")
    (first,) = world.of(StartPreparation)
    world.end(first.execution, exit_code=1)
    _, second = world.of(StartPreparation)
    assert second.node.node_id != first.node.node_id
    world.end(second.execution, exit_code=1)
    assert world.counts() == (1, 0, 0, 0)
    assert len(world.of(StartPreparation)) == 2


def _make_prepared_job(world, **preparation):
    """A job that prepares its nodes and releases them, with a task on one that is up."""
    world.make_job(
        preparation=PreparationTaskSpec("prepare", COMMAND, **preparation),
        release=ReleaseTaskSpec("release", COMMAND),
    )
    world.add_tasks("a")


def _reboot(world):
    (entry,) = world.nodes()
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    world.wait(10)


@pytest.mark.parametrize("reruns", [True, False])
def test_a_node_that_was_rebooted_is_prepared_anew_if_the_job_says_so(world, reruns):
    world.make_pool()
    _make_prepared_job(world, rerun_on_node_reboot_after_success=reruns)
    world.end(world.of(StartPreparation)[0].execution)
    world.end("a")
    _reboot(world)
    world.restart()
    world.add_tasks("b")
    assert len(world.of(StartPreparation)) == 1 + reruns
    assert world.started() == (["a"] if reruns else ["a", "b"])


def test_a_preparation_that_failed_is_tried_again_after_a_reboot(world):
    world.make_pool()
    _make_prepared_job(world)
    world.end(world.of(StartPreparation)[0].execution, exit_code=1)
    world(job_requests.disable_job, "job", DisableJobOption.REQUEUE)
    _reboot(world)
    world.restart()
    world(job_requests.enable_job, "job")
    world.end(world.of(StartPreparation)[1].execution)
    assert world.started() == ["a"]


def test_a_preparation_that_was_cut_short_starts_over(world):
    world.make_pool()
    _make_prepared_job(world, rerun_on_node_reboot_after_success=False)
    world(job_requests.disable_job, "job", DisableJobOption.REQUEUE)
    _reboot(world)
    world.end_killed(world.of(StartPreparation)[0].execution)
    world.wait(10)
    world.restart()
    world(job_requests.enable_job, "job")
    world.end(world.of(StartPreparation)[1].execution)
    assert world.started() == ["a"]


def test_a_rebooted_node_that_was_prepared_for_a_job_is_released(world):
    """Also where it was being prepared anew when the job was ended."""
    world.make_pool()
    _make_prepared_job(world)
    world.end(world.of(StartPreparation)[0].execution)
    world.end("a")
    _reboot(world)
    world.add_tasks("b")
    world(job_requests.terminate_job, "job", None)
    world.end_killed(world.of(StartPreparation)[1].execution)
    assert len(world.of(StartRelease)) == 1


def _end_on_a_node_that_reboots(world):
    """End a job while the node that was prepared for it reboots, to run a start task then."""
    world.make_pool(start_task=StartTaskSpec(COMMAND))
    world.end(world.of(StartNodeTask)[0].execution)
    _make_prepared_job(world)
    world.end(world.of(StartPreparation)[0].execution)
    world.end("a")
    (entry,) = world.nodes()
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    world(job_requests.terminate_job, "job", None)
    return entry.node.node_id


@pytest.mark.parametrize("restarts", [False, True])
def test_a_job_that_ends_awaits_a_prepared_node_that_reboots(world, restarts):
    """Also over a restart of the emulator; the release task runs there when it is up."""
    _end_on_a_node_that_reboots(world)
    if restarts:
        world.restart()
    world.wait(10)
    assert world.of(StartRelease) == []
    assert world.state.job("job").job.state is JobState.TERMINATING
    assert pools.awaits_nodes(world.entry)
    world.end(world.of(StartNodeTask)[1].execution)
    (release,) = world.of(StartRelease)
    world.end(release.execution)
    assert world.state.job("job").job.state is JobState.COMPLETED


@pytest.mark.parametrize("change", ["is removed", "fails to start", "is lost"])
def test_a_job_that_ends_awaits_no_node_that_does_not_come(world, change):
    node_id = _end_on_a_node_that_reboots(world)
    world.wait(10)
    if change == "is removed":
        world(pool_requests.remove_nodes, "pool", [node_id])
    elif change == "fails to start":
        world.end(world.of(StartNodeTask)[1].execution, exit_code=1)
    else:
        world(losses.on_node_lost, "pool", node_id)
    assert world.state.job("job").job.state is JobState.COMPLETED
    assert world.of(StartRelease) == []


def test_release_runs_at_the_end_on_nodes_that_were_prepared(world):
    world.make_pool(nodes=2)
    world.make_job(
        preparation=PreparationTaskSpec("prepare", COMMAND),
        release=ReleaseTaskSpec("release", COMMAND),
    )
    world.add_tasks("a")
    world.end(world.of(StartPreparation)[0].execution)
    world.end("a")
    world(job_requests.terminate_job, "job", None)
    (release,) = world.of(StartRelease)
    assert world.state.job("job").job.state is JobState.TERMINATING
    world.end(release.execution, exit_code=1)
    job = world.state.job("job").job
    assert (job.state, job.terminate_reason) == (JobState.COMPLETED, "UserTerminate")


def test_a_start_task_comes_before_the_first_task_and_is_retried(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND, max_task_retry_count=1))
    world.make_job()
    world.add_tasks("a")
    (entry,) = world.nodes()
    assert entry.node.state is NodeState.WAITING_FOR_START_TASK
    world.end(world.of(StartNodeTask)[0].execution, exit_code=1)
    assert world.started() == []
    world.end(world.of(StartNodeTask)[1].execution)
    assert world.started() == ["a"]
    assert entry.node.start_task is not None
    assert entry.node.start_task.retry_count == 1


def test_a_node_whose_start_task_failed_takes_no_tasks(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND))
    world.make_job()
    world.add_tasks("a")
    world.end(world.of(StartNodeTask)[0].execution, exit_code=1)
    assert world.nodes()[0].node.state is NodeState.START_TASK_FAILED
    assert world.started() == []


def test_a_terminated_running_task_is_complete_at_once_and_its_slots_follow(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", "b")
    task = world.task("a")
    world(task_requests.terminate_task, task)
    assert task.failure is not None
    assert (task.state, task.failure.code) == (TaskState.COMPLETED, "TaskEnded")
    assert world.of(Kill) == [Kill(world.execution("a"), uploads=True)]
    assert world.started() == ["a"]
    world.end_killed("a")
    assert world.started() == ["a", "b"]
    assert world.counts() == (0, 1, 0, 1)


def test_disabling_a_job_requeues_and_counts_it(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world(job_requests.disable_job, "job", DisableJobOption.REQUEUE)
    assert world.state.job("job").job.state is JobState.DISABLING
    world.end_killed("a")
    assert world.state.job("job").job.state is JobState.DISABLED
    assert world.task("a").requeue_count == 1
    (removed,) = world.of(RemoveTaskFiles)
    assert removed.task.node_id == world.nodes()[0].node.node_id
    world(job_requests.enable_job, "job")
    assert world.started() == ["a", "a"]


def test_a_task_that_succeeds_while_it_is_being_requeued_is_not_run_again(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world(job_requests.disable_job, "job", DisableJobOption.REQUEUE)
    world.end("a", 0, EndedBy.EXIT)
    assert world.counts() == (0, 0, 1, 0)


def test_a_lost_machine_costs_neither_retry_nor_requeue(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", retries=1)
    world(reports.on_agent_lost)
    assert world.started() == ["a", "a"]
    task = world.task("a")
    assert (task.retry_count, task.requeue_count) == (0, 0)


def test_what_a_lost_agent_had_noted_counts_and_what_follows_is_not_lost(world):
    """The next task begins on the new agent, and begins once."""
    world.make_pool(slots=2)
    world.make_job()
    world.add_tasks("done", retries=1)
    world.add_tasks("failed", retries=1)
    world.add_tasks("next", "last")
    noted = {
        world.execution("done"): Outcome(world.now, world.now, EndedBy.EXIT, 0),
        world.execution("failed"): Outcome(world.now, world.now, EndedBy.EXIT, 1),
    }
    world(reports.on_agent_lost, noted)
    assert world.started() == ["done", "failed", "failed", "next"]
    assert world.task("failed").retry_count == 1
    assert world.counts() == (1, 2, 1, 0)


def test_a_job_ends_itself_after_its_last_task_and_an_empty_one_at_once(world):
    world.make_pool()
    world.make_job("empty", on_all_tasks_complete=OnAllTasksComplete.TERMINATE_JOB)
    assert world.state.job("empty").job.state is JobState.COMPLETED
    world.make_job()
    world.add_tasks("a", "b")
    spec = JobSpec("job", "pool", on_all_tasks_complete=OnAllTasksComplete.TERMINATE_JOB)
    world(job_requests.update_job, spec, "{}")
    world.end("a", exit_code=1)
    assert world.state.job("job").job.state is JobState.ACTIVE
    world.end("b")
    job = world.state.job("job").job
    assert (job.state, job.terminate_reason) == (JobState.COMPLETED, "AllTasksComplete")


def test_a_jobs_time_limit_ends_it(world):
    world.make_pool()
    world.make_job(max_wall_clock_time=timedelta(minutes=1))
    world.add_tasks("a", "b")
    world.wait(60)
    world.end_killed("a")
    job = world.state.job("job").job
    assert (job.state, job.terminate_reason) == (JobState.COMPLETED, "MaxWallClockTimeExpiry")
    assert world.counts() == (1, 0, 0, 1)


def test_nothing_is_asked_of_a_job_that_has_ended(world):
    world.make_job()
    world(job_requests.terminate_job, "job", "enough")
    with pytest.raises(BatchRuleError, match="JobCompleted"):
        world.add_tasks("a")
    with pytest.raises(BatchRuleError, match="JobCompleted"):
        world(job_requests.terminate_job, "job", None)


def test_a_deleted_job_is_forgotten_when_its_tasks_are_gone(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world(job_requests.delete_job, "job")
    assert world.state.job("job").job.state is JobState.DELETING
    world.end_killed("a")
    assert world.of(ForgetJob) == [ForgetJob("job")]
    with pytest.raises(BatchRuleError, match="JobNotFound"):
        world.state.job("job")


def test_a_deleted_pool_gives_its_tasks_back(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world(pool_requests.delete_pool, "pool")
    assert world.of(ForgetPool) == []
    world.end_killed("a")
    assert world.of(ForgetPool) == [ForgetPool("pool")]
    assert world.counts() == (1, 0, 0, 0)
    world.make_pool()
    assert world.started() == ["a", "a"]


def test_a_shrinking_pool_lets_idle_nodes_go_first(world):
    world.make_pool(nodes=3)
    world.make_job()
    world.add_tasks("a")
    busy = next(entry.node.node_id for entry in world.nodes() if entry.tasks)
    world(pool_requests.resize_pool, "pool", target_dedicated=1, target_low_priority=None)
    assert len(world.of(ForgetNode)) == 2
    assert [entry.node.node_id for entry in world.nodes()] == [busy]
    assert world.pool.allocation_state is AllocationState.STEADY


def test_task_completion_lets_a_node_finish_its_tasks_before_it_goes(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", "b")
    option = NodeDeallocationOption.TASK_COMPLETION
    world(pool_requests.remove_nodes, "pool", [world.nodes()[0].node.node_id], option=option)
    assert world.of(Kill) == []
    world.end("a")
    assert len(world.of(ForgetNode)) == 1
    assert world.started() == ["a"]
    assert world.pool.target_dedicated == 0


def test_a_resize_is_refused_while_one_goes_on_and_its_timeout_ends_it(world):
    world.make_pool(nodes=0)
    world.state.node_delay = timedelta(hours=1)
    world(pool_requests.resize_pool, "pool", target_dedicated=1, target_low_priority=None)
    with pytest.raises(BatchRuleError, match="PoolBeingResized"):
        world(pool_requests.resize_pool, "pool", target_dedicated=2, target_low_priority=None)
    world.wait(15 * 60)
    assert world.pool.allocation_state is AllocationState.STEADY
    assert [error.code for error in world.pool.resize_errors] == ["AllocationTimedout"]
    world.wait(2 * 3600)
    assert world.nodes() == []
    assert world.pool.target_dedicated == 1


def test_a_resize_that_a_restart_interrupted_has_its_time_anew(world):
    world.state.node_delay = timedelta(minutes=5)
    world.ask_for_pool(nodes=1)
    world.now += timedelta(hours=1)
    world.restart()
    world.wait(minutes=10)
    assert world.states() == [NodeState.IDLE]
    assert (world.pool.allocation_state, world.pool.resize_errors) == (AllocationState.STEADY, [])


def test_a_resize_that_was_stopped_has_no_timeout(world):
    """The pool is stopping for as long as nodes leave it, which wait for their tasks."""
    world.make_pool(nodes=2)
    world.make_job()
    world.add_tasks("a", "b")
    world(
        pool_requests.resize_pool,
        "pool",
        target_dedicated=0,
        target_low_priority=None,
        option=NodeDeallocationOption.TASK_COMPLETION,
    )
    world(pool_requests.stop_resize, "pool")
    world.wait(minutes=60)
    assert world.pool.allocation_state is AllocationState.STOPPING
    world.end("a")
    world.end("b")
    assert world.pool.allocation_state is AllocationState.STEADY
    assert [error.code for error in world.pool.resize_errors] == ["ResizeStopped"]


def test_nodes_that_have_begun_to_leave_go_after_a_timeout_too(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world(
        pool_requests.resize_pool,
        "pool",
        target_dedicated=0,
        target_low_priority=2,
        option=NodeDeallocationOption.TASK_COMPLETION,
    )
    world.wait(minutes=15)
    assert world.pool.allocation_state is AllocationState.STEADY
    assert [error.code for error in world.pool.resize_errors] == ["AllocationTimedout"]
    assert world.states() == [NodeState.LEAVING_POOL, NodeState.IDLE, NodeState.IDLE]
    world.end("a")
    assert world.states() == [NodeState.IDLE] * 2


@pytest.mark.parametrize("has_run", [True, False])
def test_a_node_with_retained_data_stays_until_its_files_need_not_be_kept(world, has_run):
    world.make_pool(nodes=1)
    world.make_job()
    if has_run:
        world.add_tasks("a")
        world.end("a")
    option = NodeDeallocationOption.RETAINED_DATA
    targets = {"target_dedicated": 0, "target_low_priority": None}
    world(pool_requests.resize_pool, "pool", **targets, option=option)
    assert [one.node.state for one in world.nodes()] == [NodeState.LEAVING_POOL] * has_run
    world.wait(timedelta(days=7).total_seconds() - 1)
    assert len(world.nodes()) == has_run
    world.wait(2)
    assert not world.nodes()


def test_a_stopped_resize_says_so(world):
    world.make_pool(nodes=0)
    world(pool_requests.resize_pool, "pool", target_dedicated=2, target_low_priority=None)
    world(pool_requests.stop_resize, "pool")
    assert world.pool.allocation_state is AllocationState.STEADY
    assert [error.code for error in world.pool.resize_errors] == ["ResizeStopped"]
    assert world.nodes() == []


def test_all_pools_together_have_so_many_nodes_at_most(world):
    """A resize that reaches the quota ends with the nodes that there are, and says so."""
    world.make_pool(nodes=2)
    other = PoolSpec("other", "standard_f2s_v2")
    targets = {"target_dedicated": pools.MOST_NODES - 1, "target_low_priority": 3}
    world(pool_requests.create_pool, other, "{}", **targets)
    world.wait(10)
    made = world.state.pool("other")
    assert len(made.nodes) == pools.MOST_NODES - 2
    assert made.pool.allocation_state is AllocationState.STEADY
    assert made.pool.target_low_priority == 3
    assert [error.code for error in made.pool.resize_errors] == [
        "AccountCoreQuotaReached",
        "AccountLowPriorityCoreQuotaReached",
    ]
    world(pool_requests.delete_pool, "pool")
    world(pool_requests.resize_pool, "other", target_dedicated=None, target_low_priority=1)
    world.wait(10)
    codes = [error.code for error in made.pool.resize_errors]
    assert (len(made.nodes), codes) == (pools.MOST_NODES, [])


def test_what_is_done_to_nodes_that_are_there_can_be_seen_and_stopped(world):
    """Unless a delay is chosen, the first nodes of a pool alone are there at once."""
    world.state.node_delay = None
    targets = {"target_dedicated": 1, "target_low_priority": 0}
    world(pool_requests.create_pool, PoolSpec("pool", "standard_f2s_v2"), "{}", **targets)
    world.wait(0.01)
    (entry,) = world.nodes()
    assert entry.node.state is NodeState.IDLE
    world(pool_requests.resize_pool, "pool", target_dedicated=2, target_low_priority=None)
    world.wait(0.01)
    world(pool_requests.stop_resize, "pool")
    assert world.nodes() == [entry]
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    world.wait(0.01)
    assert entry.node.state is NodeState.REBOOTING
    world.wait(1)
    assert entry.node.state is NodeState.IDLE


def test_a_rebooted_node_requeues_its_tasks_and_comes_back(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND))
    world.end(world.of(StartNodeTask)[0].execution)
    world.make_job()
    world.add_tasks("a")
    (entry,) = world.nodes()
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    assert entry.node.state is NodeState.REBOOTING
    world.end_killed("a")
    world.wait(10)
    assert entry.node.state is NodeState.WAITING_FOR_START_TASK
    world.end(world.of(StartNodeTask)[1].execution)
    assert world.started() == ["a", "a"]
    assert world.task("a").requeue_count == 1


def test_a_node_taken_off_scheduling_goes_offline_and_comes_back(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", "b")
    (entry,) = world.nodes()
    option = NodeDeallocationOption.TASK_COMPLETION
    world(node_requests.disable_scheduling, "pool", entry.node.node_id, option)
    with pytest.raises(BatchRuleError, match="NodeAlreadyInTargetSchedulingState"):
        world(node_requests.disable_scheduling, "pool", entry.node.node_id, option)
    world.end("a")
    assert entry.node.state is NodeState.OFFLINE
    world(node_requests.enable_scheduling, "pool", entry.node.node_id)
    assert world.started() == ["a", "b"]


def test_a_deallocated_node_is_started_again(world):
    world.make_pool()
    (entry,) = world.nodes()
    world(node_requests.deallocate_node, "pool", entry.node.node_id, _REQUEUE)
    assert entry.node.state is NodeState.DEALLOCATING
    world.wait(10)
    assert entry.node.state is NodeState.DEALLOCATED
    world(node_requests.start_node, "pool", entry.node.node_id)
    world.wait(10)
    assert entry.node.state is NodeState.IDLE


def test_a_reactivated_task_runs_again_with_all_its_retries(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a", retries=1)
    world.end("a", exit_code=1)
    world.end("a", exit_code=1)
    task = world.task("a")
    world(task_requests.reactivate_task, task)
    assert (task.state, task.retry_count) == (TaskState.RUNNING, 0)
    assert [one.is_retry for one in world.of(StartTask)] == [False, True, False]
    world.end("a")
    with pytest.raises(BatchRuleError, match="TaskSucceeded"):
        world(task_requests.reactivate_task, task)


def test_only_a_window_of_the_waiting_tasks_is_held_in_memory(world):
    world.make_pool()
    world.make_job()
    world.add_tasks(*(f"t{n}" for n in range(WINDOW + 100)))
    entry = world.state.job("job")
    assert len(entry.queue) == WINDOW - 1
    assert entry.queue.beyond == 100
    for n in range(WINDOW - 400):
        world.end(f"t{n}")
    (load,) = world.of(LoadTasks)
    assert load.after_sequence == WINDOW
    assert world.counts()[0] + world.counts()[1] == 500


@pytest.mark.parametrize("way", [job_requests.terminate_job, job_requests.delete_job, None])
def test_of_a_job_that_ends_no_task_stays_in_memory(world, way):
    """However many it leaves that will never run; nor do they come back after a restart."""
    world.make_pool()
    world.make_job(manager=JobManagerSpec("m"))
    world.add_tasks("m", *(f"t{n}" for n in range(2 * WINDOW)))
    job = world.state.job("job")
    if way is None:
        world.end("m")
        assert job.job.state is JobState.COMPLETED
    else:
        world(way, "job", *([None] if way is job_requests.terminate_job else []))
    assert (len(job.queue), job.queue.beyond) == (0, 2 * WINDOW)
    world.commands.clear()
    world.restart()
    assert not world.of(LoadTasks)


def test_a_task_of_an_id_that_was_just_deleted_does_not_end_with_the_older_one(world):
    world.make_pool(slots=2)
    world.make_job()
    world.add_tasks("a")
    older = world.execution("a")
    world(task_requests.delete_task, world.task("a"))
    world.add_tasks("a")
    world.end_killed(older)
    assert world.task("a").state is TaskState.RUNNING
    assert world.counts() == (0, 1, 0, 0)
    world.end("a")
    assert world.counts() == (0, 0, 1, 0)


def test_a_job_that_ends_prepares_no_more_nodes(world):
    world.make_pool()
    world.make_job(
        preparation=PreparationTaskSpec("prepare", COMMAND, max_task_retry_count=1),
        release=ReleaseTaskSpec("release", COMMAND),
    )
    world.add_tasks("a")
    (preparation,) = world.of(StartPreparation)
    world(job_requests.delete_job, "job")
    assert world.of(Kill) == [Kill(preparation.execution)]
    assert world.of(ForgetJob) == []
    world.end_killed(preparation.execution)
    assert world.of(ForgetJob) == [ForgetJob("job")]
    assert world.of(StartRelease) == []


def test_a_node_reboots_when_its_start_task_is_over(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND, wait_for_success=False))
    (entry,) = world.nodes()
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    world.wait(10)
    assert len(world.of(StartNodeTask)) == 1
    world.end_killed(world.of(StartNodeTask)[0].execution)
    world.wait(10)
    assert len(world.of(StartNodeTask)) == 2


def test_what_a_start_task_left_ends_when_its_node_goes_down(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND))
    (entry,) = world.nodes()
    world.end(world.of(StartNodeTask)[0].execution, has_background=True)
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    assert world.of(EndBackground) == [EndBackground(entry.node)]
    assert not entry.node.start_task.has_background
    world.wait(10)
    world.end(world.of(StartNodeTask)[1].execution, has_background=True)
    world(losses.on_node_lost, "pool", entry.node.node_id, recovers=False)
    assert len(world.of(EndBackground)) == 2


def test_a_start_task_that_has_left_nothing_is_not_asked_to_end_it(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND))
    (entry,) = world.nodes()
    world.end(world.of(StartNodeTask)[0].execution, has_background=True)
    world(reports.on_background_ended, "pool", entry.node.node_id)
    assert world.of(SaveNode)[-1] == SaveNode(entry.node)
    world(node_requests.reboot_node, "pool", entry.node.node_id, _REQUEUE)
    assert world.of(EndBackground) == []


@pytest.mark.parametrize("has_background", [False, True])
def test_a_start_task_runs_again_when_what_it_left_is_lost(world, has_background):
    world.make_pool(start_task=StartTaskSpec(COMMAND))
    (entry,) = world.nodes()
    world.end(world.of(StartNodeTask)[0].execution, has_background=has_background)
    world(reports.on_agent_lost)
    assert len(world.of(StartNodeTask)) == 1 + has_background
    is_up = NodeState.WAITING_FOR_START_TASK if has_background else NodeState.IDLE
    assert entry.node.state is is_up


def test_a_task_that_has_completed_is_told_as_that_also_when_its_job_has(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    world.end("a")
    world(job_requests.terminate_job, "job", "over")
    assert world.state.job("job").job.state is JobState.COMPLETED
    with pytest.raises(BatchRuleError, match="TaskCompleted"):
        world(task_requests.terminate_task, world.task("a"))


def test_a_job_that_its_failed_task_ends_starts_no_other(world):
    world.make_pool()
    world.make_job(on_task_failure=OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION)
    world.add_tasks("a", "b")
    world.end("a", exit_code=1)
    assert world.started() == ["a"]
    assert world.state.job("job").job.terminate_reason == "TaskFailed"


def test_a_start_task_that_is_asked_no_more_is_not_retried(world):
    world.make_pool(start_task=StartTaskSpec(COMMAND, max_task_retry_count=1))
    world(pool_requests.update_pool, PoolSpec("pool", "standard_f2s_v2"), "{}")
    world.end(world.of(StartNodeTask)[0].execution, exit_code=1)
    assert world.nodes()[0].node.state is NodeState.START_TASK_FAILED


def test_the_same_events_give_the_same_commands(world):
    """Names, and what formulas draw, follow from the random numbers that the scheduler is given."""

    def happen(world):
        formula = AutoscaleSpec("n = rand(); $TargetDedicatedNodes = 1 + 9 * n;")
        world.ask_for_pool(autoscale=formula)
        auto_pool = AutoPoolSpec(
            PoolLifetimeOption.JOB, PoolSpec("", "standard_f2s_v2"), "{}", target_dedicated=2
        )
        world(job_requests.create_job, JobSpec("job", "", auto_pool=auto_pool), "{}")
        world.wait(minutes=10)
        world(job_requests.terminate_job, "job", None)
        return world.commands

    same, other = type(world)(), type(world)()
    other.state.random.seed(2)
    assert happen(world) == happen(same)
    assert happen(other) != same.commands
    assert not other.entry.nodes.keys() & same.entry.nodes.keys()
