"""Jobs and job schedules that are terminated and deleted by force, told by events alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.specs import (
    CommandSpec,
    JobScheduleSpec,
    JobSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
)
from runfleet.batch.states import AuxiliaryTaskState, JobState, TaskState
from runfleet.scheduler import job_requests, reports, schedule_requests
from runfleet.scheduler.commands import (
    ForgetJob,
    Kill,
    RemoveJobFiles,
    SaveJobNode,
    StartInstance,
    StartPreparation,
    StartRelease,
)

COMMAND = CommandSpec("true")
PREPARATION = PreparationTaskSpec("prepare", COMMAND, max_task_retry_count=3)
RELEASE = ReleaseTaskSpec("release", COMMAND)


def terminate(world, job_id: str = "job", *, force: bool = True) -> list:
    return world(job_requests.terminate_job, job_id, None, force=force)


def delete(world, job_id: str = "job", *, force: bool = True) -> list:
    return world(job_requests.delete_job, job_id, force=force)


def make_releasing_job(world) -> int:
    """A job that is terminating, whose release task runs; its execution."""
    world.make_pool()
    world.make_job(preparation=PREPARATION, release=RELEASE)
    world.add_tasks("a")
    world.end(world.of(StartPreparation)[0].execution)
    world.end("a")
    terminate(world, force=False)
    return world.of(StartRelease)[0].execution


def test_a_job_completes_at_once_while_its_tasks_are_being_ended(world):
    world.make_pool()
    world.make_job()
    (task,) = world.add_tasks("a")
    world.add_tasks("b")
    wanted = terminate(world)
    assert world.state.job("job").job.state is JobState.COMPLETED
    assert [one for one in wanted if isinstance(one, Kill)] == [Kill(world.execution("a"), True)]
    assert (task.state, world.counts()) == (TaskState.COMPLETED, (1, 0, 0, 1))
    world.end_killed("a")
    assert world.started() == ["a"]
    assert world.nodes()[0].node.running_slots == 0


def test_a_job_that_waits_for_its_release_task_is_hurried(world):
    execution = make_releasing_job(world)
    with pytest.raises(BatchRuleError, match="JobBeingTerminated"):
        terminate(world, force=False)
    assert Kill(execution) in terminate(world)
    job = world.state.job("job").job
    assert (job.state, job.terminate_reason) == (JobState.COMPLETED, "UserTerminate")
    with pytest.raises(BatchRuleError, match="JobCompleted"):
        terminate(world)
    world.end_killed(execution)
    release = world.of(SaveJobNode)[-1].job_node.release
    assert release.state is AuxiliaryTaskState.COMPLETED


def test_a_release_task_that_nobody_waits_for_is_not_run_again_after_a_restart(world):
    make_releasing_job(world)
    terminate(world)
    world.restart()
    (node,) = world.state.job("job").nodes.values()
    assert node.release.state is AuxiliaryTaskState.COMPLETED
    delete(world, force=False)
    assert "job" not in world.state.jobs
    assert len(world.of(StartRelease)) == 1


def test_a_preparation_task_that_is_ended_is_not_tried_again(world):
    world.make_pool()
    world.make_job(preparation=PREPARATION)
    world.add_tasks("a")
    terminate(world)
    world.end(world.of(StartPreparation)[0].execution, exit_code=1)
    assert len(world.of(StartPreparation)) == 1
    assert world.state.executions == {}


def test_a_job_is_gone_at_once_and_its_folders_go_again_with_its_processes(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    wanted = delete(world)
    assert [one for one in wanted if isinstance(one, Kill | ForgetJob)] == [
        Kill(world.execution("a")),
        ForgetJob("job"),
    ]
    assert world.state.jobs == {}
    (node,) = world.nodes()
    assert RemoveJobFiles("job", node.node) in world.end_killed("a")
    assert node.node.running_slots == 0


def test_its_folders_go_again_with_a_lost_agent_too(world):
    world.make_pool()
    world.make_job(preparation=PREPARATION)
    world.add_tasks("a")
    delete(world)
    (node,) = world.nodes()
    assert RemoveJobFiles("job", node.node) in world(reports.on_agent_lost)
    assert world.state.executions == {}


def test_a_job_that_is_being_deleted_is_hurried(world):
    world.make_pool()
    world.make_job()
    world.add_tasks("a")
    delete(world, force=False)
    with pytest.raises(BatchRuleError, match="JobBeingDeleted"):
        terminate(world)
    with pytest.raises(BatchRuleError, match="JobBeingDeleted"):
        delete(world, force=False)
    delete(world)
    assert world.state.jobs == {}


def test_what_ends_late_leaves_another_job_of_the_same_id_alone(world):
    world.make_pool(slots=2)
    world.make_job(preparation=PREPARATION)
    world.add_tasks("a")
    (first,) = world.of(StartPreparation)
    delete(world)
    world.make_job(preparation=PREPARATION)
    world.add_tasks("a")
    assert len(world.of(StartPreparation)) == 2
    assert not [one for one in world.end_killed(first.execution) if isinstance(one, SaveJobNode)]
    assert world.of(RemoveJobFiles) == []
    world.end(world.of(StartPreparation)[1].execution)
    world.end("a")
    assert world.counts() == (0, 0, 1, 0)


def test_all_instances_of_a_task_end_with_its_job(world):
    world.make_pool(nodes=3, enable_inter_node_communication=True)
    world.make_job()
    world.add_tasks("a", instances=3)
    primary, *others = (one.execution for one in world.of(StartInstance))
    delete(world)
    world.end_killed(primary)
    assert [one.execution for one in world.of(Kill)] == [primary, *others]
    for execution in others:
        world.end_killed(execution)
    assert [entry.node.running_slots for entry in world.nodes()] == [0, 0, 0]
    assert len(world.of(RemoveJobFiles)) == 3


@pytest.fixture
def schedule(world):
    """A job schedule with a job that runs and one before it that has completed."""
    world.make_pool()
    minute = timedelta(minutes=1)
    spec = JobScheduleSpec("s", JobSpec("", "pool"), "{}", recurrence_interval=minute)
    world(schedule_requests.create_job_schedule, spec, "{}")
    terminate(world, "s:job-1", force=False)
    world.wait(minutes=1.5)
    world.add_tasks("a", job_id="s:job-2")
    return world.state.job_schedule("s")


@pytest.mark.parametrize("is_ending", [False, True])
def test_a_schedule_completes_at_once_with_its_job(world, schedule, is_ending):
    if is_ending:
        world(schedule_requests.terminate_job_schedule, "s")
        assert schedule.schedule.end_time is None
    world(schedule_requests.terminate_job_schedule, "s", force=True)
    assert schedule.schedule.end_time == world.now
    job = world.state.job("s:job-2").job
    assert (job.state, job.terminate_reason) == (JobState.COMPLETED, "TerminateJobSchedule")
    with pytest.raises(BatchRuleError, match="JobScheduleCompleted"):
        world(schedule_requests.terminate_job_schedule, "s", force=True)


def test_a_schedule_does_not_wait_for_a_job_that_is_being_deleted(world, schedule):
    delete(world, "s:job-2", force=False)
    world(schedule_requests.terminate_job_schedule, "s", force=True)
    assert schedule.schedule.end_time == world.now
    assert list(world.state.jobs) == ["s:job-1"]


@pytest.mark.parametrize("is_going", [False, True])
def test_a_schedule_is_gone_at_once_with_its_jobs(world, schedule, is_going):
    if is_going:
        world(schedule_requests.delete_job_schedule, "s")
        with pytest.raises(BatchRuleError, match="JobScheduleBeingDeleted"):
            world(schedule_requests.delete_job_schedule, "s")
    world(schedule_requests.delete_job_schedule, "s", force=True)
    assert (world.state.job_schedules, world.state.jobs) == ({}, {})
    world.end_killed("a")
    assert world.nodes()[0].node.running_slots == 0
