"""When job schedules make jobs and how they end, told by a clock and events alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import JobSchedule
from runfleet.batch.specs import AutoPoolSpec, JobScheduleSpec, JobSpec, PoolSpec
from runfleet.batch.states import (
    JobScheduleState,
    JobState,
    OnAllTasksComplete,
    PoolLifetimeOption,
)
from runfleet.scheduler import job_requests, pool_requests, reports, schedule_requests
from runfleet.scheduler.commands import ForgetJobSchedule, SaveJobSchedule
from runfleet.scheduler.schedules import awaits_run

MINUTE = timedelta(minutes=1)
JOB = JobSpec("", "pool")


def make_schedule(world, job: JobSpec = JOB, **times) -> None:
    spec = JobScheduleSpec("s", job, "{}", **times)
    world(schedule_requests.create_job_schedule, spec, "{}")


def ask(world, name: str) -> None:
    world(getattr(schedule_requests, f"{name}_job_schedule"), "s")


def end_job(world, number: int) -> None:
    world(job_requests.terminate_job, f"s:job-{number}", None)


def schedule(world) -> JobSchedule:
    return world.state.job_schedule("s").schedule


def jobs(world) -> dict[str, JobState]:
    return {entry.job.spec.job_id: entry.job.state for entry in world.state.jobs.values()}


def test_jobs_are_made_one_after_another(world):
    """Item 113: the second only when the first has ended."""
    make_schedule(world, recurrence_interval=MINUTE)
    assert jobs(world) == {"s:job-1": JobState.ACTIVE}
    assert schedule(world).next_run_time == world.start + MINUTE
    world.wait(minutes=1.5)
    assert list(jobs(world)) == ["s:job-1"]
    end_job(world, 1)
    assert jobs(world) == {"s:job-1": JobState.COMPLETED, "s:job-2": JobState.ACTIVE}
    assert schedule(world).next_run_time == world.start + 2 * MINUTE
    end_job(world, 2)
    world.wait(minutes=0.4)
    assert len(jobs(world)) == 2
    world.wait(minutes=0.1)
    assert jobs(world)["s:job-3"] is JobState.ACTIVE


def test_jobs_that_end_by_themselves_recur(world):
    empty = replace(JOB, on_all_tasks_complete=OnAllTasksComplete.TERMINATE_JOB)
    make_schedule(world, empty, recurrence_interval=2 * MINUTE)
    world.wait(minutes=7)
    assert jobs(world) == dict.fromkeys([f"s:job-{n}" for n in (1, 2, 3, 4)], JobState.COMPLETED)
    creations = [entry.job.creation_time for entry in world.state.jobs.values()]
    assert creations == [world.start + 2 * n * MINUTE for n in range(4)]


def test_occurrences_that_could_not_be_met_are_not_made_up_for(world):
    """While the first job took three intervals, three were due: one job follows, not three."""
    make_schedule(world, recurrence_interval=MINUTE)
    world.wait(minutes=3.5)
    end_job(world, 1)
    end_job(world, 2)
    assert len(jobs(world)) == 2
    assert schedule(world).next_run_time == world.start + 4 * MINUTE


def test_an_occurrence_is_lost_when_its_start_window_has_passed(world):
    make_schedule(world, recurrence_interval=10 * MINUTE, start_window=2 * MINUTE)
    world.wait(minutes=12.5)
    end_job(world, 1)
    assert list(jobs(world)) == ["s:job-1"]
    assert schedule(world).next_run_time == world.start + 20 * MINUTE
    world.wait(minutes=7.5)
    assert jobs(world)["s:job-2"] is JobState.ACTIVE


def test_a_job_may_come_late_within_its_start_window(world):
    make_schedule(world, recurrence_interval=10 * MINUTE, start_window=2 * MINUTE)
    world.wait(minutes=11.5)
    end_job(world, 1)
    assert jobs(world)["s:job-2"] is JobState.ACTIVE


def test_nothing_is_made_before_the_first_moment(world):
    make_schedule(world, do_not_run_until=world.start + 5 * MINUTE)
    assert jobs(world) == {}
    assert schedule(world).next_run_time == world.start + 5 * MINUTE
    world.wait(minutes=5)
    assert jobs(world) == {"s:job-1": JobState.ACTIVE}


def test_a_schedule_without_recurrence_completes_with_its_job(world):
    make_schedule(world)
    assert schedule(world).next_run_time is None
    assert not awaits_run(world.state.job_schedule("s"))
    world.wait(minutes=1)
    end_job(world, 1)
    assert schedule(world).state is JobScheduleState.COMPLETED
    assert schedule(world).end_time == world.now
    assert world.commands[-1] == SaveJobSchedule(schedule(world))


def test_a_single_job_whose_start_window_was_slept_through_is_lost(world):
    make_schedule(world, do_not_run_until=world.start + MINUTE, start_window=MINUTE)
    world.now += 3 * MINUTE  # nobody looks at the clock, as while the emulator is off
    world(reports.on_time)
    assert jobs(world) == {}
    assert schedule(world).state is JobScheduleState.COMPLETED


def test_after_the_last_moment_the_schedule_completes_with_its_active_job(world):
    make_schedule(world, recurrence_interval=MINUTE, do_not_run_after=world.start + 1.5 * MINUTE)
    world.wait(minutes=3)
    assert schedule(world).state is JobScheduleState.ACTIVE
    end_job(world, 1)
    assert schedule(world).state is JobScheduleState.COMPLETED
    assert list(jobs(world)) == ["s:job-1"]


def test_the_last_moment_ends_a_schedule_that_has_no_active_job(world):
    make_schedule(world, recurrence_interval=MINUTE, do_not_run_after=world.start + 1.5 * MINUTE)
    end_job(world, 1)
    world.wait(minutes=1.2)
    end_job(world, 2)
    assert schedule(world).next_run_time is None
    assert schedule(world).state is JobScheduleState.ACTIVE
    world.wait(minutes=0.5)
    assert schedule(world).state is JobScheduleState.COMPLETED


def test_a_disabled_schedule_makes_no_jobs(world):
    """Item 114: the job that is active goes on."""
    make_schedule(world, recurrence_interval=MINUTE)
    ask(world, "disable")
    assert schedule(world).state is JobScheduleState.DISABLED
    assert jobs(world) == {"s:job-1": JobState.ACTIVE}
    end_job(world, 1)
    world.wait(minutes=2.5)
    assert len(jobs(world)) == 1
    assert not awaits_run(world.state.job_schedule("s"))
    ask(world, "enable")
    assert jobs(world)["s:job-2"] is JobState.ACTIVE
    assert schedule(world).next_run_time == world.start + 3 * MINUTE


def test_terminating_ends_the_active_job(world):
    """Item 114."""
    make_schedule(world, recurrence_interval=MINUTE)
    ask(world, "terminate")
    assert jobs(world) == {"s:job-1": JobState.COMPLETED}
    assert world.state.job("s:job-1").job.terminate_reason == "TerminateJobSchedule"
    assert schedule(world).state is JobScheduleState.COMPLETED
    world.wait(minutes=5)
    assert len(jobs(world)) == 1


def test_deleting_takes_all_jobs_along(world):
    """Item 114."""
    make_schedule(world, recurrence_interval=MINUTE)
    end_job(world, 1)
    world.wait(minutes=1)
    assert len(jobs(world)) == 2
    ask(world, "delete")
    assert jobs(world) == {}
    assert world.commands[-1] == ForgetJobSchedule("s")
    assert not world.state.job_schedules


def test_a_schedule_and_a_job_do_not_share_an_id(world):
    make_schedule(world)
    with pytest.raises(BatchRuleError, match="JobScheduleWithSameIdExists"):
        world(job_requests.create_job, JobSpec("S", "pool"), "{}")
    world(job_requests.create_job, JobSpec("job", "pool"), "{}")
    spec = JobScheduleSpec("JOB", JOB, "{}")
    with pytest.raises(BatchRuleError, match="JobWithSameIdExists"):
        world(schedule_requests.create_job_schedule, spec, "{}")
    with pytest.raises(BatchRuleError, match="JobScheduleExists"):
        make_schedule(world)


@pytest.mark.parametrize("name", ["disable", "enable", "terminate"])
def test_nothing_is_asked_of_a_schedule_that_has_ended(world, name):
    make_schedule(world)
    ask(world, "terminate")
    with pytest.raises(BatchRuleError, match="JobScheduleCompleted"):
        ask(world, name)


def test_an_update_holds_for_the_next_job(world):
    make_schedule(world, recurrence_interval=10 * MINUTE)
    spec = replace(schedule(world).spec, job=JobSpec("", "other"), recurrence_interval=2 * MINUTE)
    world(schedule_requests.update_job_schedule, spec, "{}")
    assert schedule(world).next_run_time == world.start + 2 * MINUTE
    end_job(world, 1)
    world.wait(minutes=2)
    pools = [entry.job.spec.pool_id for entry in world.state.jobs.values()]
    assert pools == ["pool", "other"]


def auto_pool(lifetime: PoolLifetimeOption, *, keep_alive: bool = False) -> JobSpec:
    spec = AutoPoolSpec(
        lifetime, PoolSpec("", "standard_f2s_v2"), "{}", id_prefix="x", keep_alive=keep_alive
    )
    return JobSpec("", "", auto_pool=spec)


def test_each_job_of_a_schedule_may_have_an_auto_pool_of_its_own(world):
    make_schedule(world, auto_pool(PoolLifetimeOption.JOB), recurrence_interval=MINUTE)
    (first,) = world.state.pools
    assert first == world.state.job("s:job-1").job.spec.pool_id.lower()
    end_job(world, 1)
    assert not world.state.pools
    world.wait(minutes=1)
    (second,) = world.state.pools
    assert second != first


@pytest.mark.parametrize("keep_alive", [False, True])
@pytest.mark.parametrize("end", ["terminate", "delete"])
def test_the_jobs_of_a_schedule_may_share_an_auto_pool(world, end, keep_alive):
    """It is made with the first job, and goes with the schedule unless it is kept."""
    job = auto_pool(PoolLifetimeOption.JOB_SCHEDULE, keep_alive=keep_alive)
    make_schedule(world, job, recurrence_interval=MINUTE, do_not_run_until=world.start + MINUTE)
    assert not world.state.pools
    world.wait(minutes=1)
    (pool,) = world.state.pools
    end_job(world, 1)
    world.wait(minutes=1)
    assert list(world.state.pools) == [pool]
    assert world.state.job("s:job-2").job.spec.pool_id.lower() == pool
    ask(world, end)
    assert list(world.state.pools) == ([pool] if keep_alive else [])


def test_a_schedule_leaves_one_timer_at_a_time(world):
    make_schedule(world, recurrence_interval=MINUTE)
    for _ in range(100):
        ask(world, "disable")
        ask(world, "enable")
    assert len(world.state.timers) == 1


def test_a_shared_auto_pool_that_was_deleted_is_made_anew(world):
    """For the next job, not for the one that had it; and that goes with the schedule."""
    make_schedule(world, auto_pool(PoolLifetimeOption.JOB_SCHEDULE), recurrence_interval=MINUTE)
    (first,) = world.state.pools
    world(pool_requests.delete_pool, first)
    world.wait(minutes=0.1)
    assert not world.state.pools
    end_job(world, 1)
    world.wait(minutes=1)
    (second,) = world.state.pools
    assert second == world.state.job("s:job-2").job.spec.pool_id.lower() != first
    end_job(world, 2)
    world.wait(minutes=1)
    assert world.state.job("s:job-3").job.spec.pool_id.lower() == second
    ask(world, "terminate")
    world.wait(minutes=0.1)
    assert not world.state.pools


@pytest.mark.parametrize("name", ["do_not_run_after", "do_not_run_until"])
def test_a_schedule_may_name_the_end_of_all_time(world, name):
    """`DateTime.MaxValue` of .NET: nothing comes after it."""
    end = datetime.max.replace(tzinfo=UTC)
    make_schedule(world, recurrence_interval=MINUTE, **{name: end})
    world.wait(minutes=1.5)
    is_late = name == "do_not_run_until"
    assert list(jobs(world)) == ([] if is_late else ["s:job-1"])
    assert schedule(world).state is JobScheduleState.ACTIVE
