"""When job schedules make jobs and how they end, told by a clock and events alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.errors import BatchRuleError
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
from runfleet.scheduler.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JOB = JobSpec("", "pool")


class World:
    """A scheduler with a clock and one job schedule, `s`."""

    def __init__(self) -> None:
        self.state = State()
        self.now = START
        self.commands = []

    def __call__(self, decision, *args):
        self.commands += decision(self.state, self.now, *args)

    def wait(self, minutes: float) -> None:
        end = self.now + minutes * MINUTE
        while (due := self.state.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self(reports.on_time)
        self.now = end

    def sleep(self, minutes: float) -> None:
        """Let time pass without anybody looking at the clock, as while the emulator is off."""
        self.now += minutes * MINUTE
        self(reports.on_time)

    def schedule(self, job: JobSpec = JOB, **times) -> None:
        spec = JobScheduleSpec("s", job, "{}", **times)
        self(schedule_requests.create_job_schedule, spec, "{}")

    def ask(self, name: str) -> None:
        self(getattr(schedule_requests, f"{name}_job_schedule"), "s")

    def end_job(self, number: int) -> None:
        self(job_requests.terminate_job, f"s:job-{number}", None)

    @property
    def record(self):
        return self.state.job_schedule("s").schedule

    def jobs(self) -> dict[str, JobState]:
        return {entry.job.spec.job_id: entry.job.state for entry in self.state.jobs.values()}


@pytest.fixture
def world() -> World:
    return World()


def test_jobs_are_made_one_after_another(world):
    """Item 113: the second only when the first has ended."""
    world.schedule(recurrence_interval=MINUTE)
    assert world.jobs() == {"s:job-1": JobState.ACTIVE}
    assert world.record.next_run_time == START + MINUTE
    world.wait(1.5)
    assert list(world.jobs()) == ["s:job-1"]
    world.end_job(1)
    assert world.jobs() == {"s:job-1": JobState.COMPLETED, "s:job-2": JobState.ACTIVE}
    assert world.record.next_run_time == START + 2 * MINUTE
    world.end_job(2)
    world.wait(0.4)
    assert len(world.jobs()) == 2
    world.wait(0.1)
    assert world.jobs()["s:job-3"] is JobState.ACTIVE


def test_jobs_that_end_by_themselves_recur(world):
    empty = replace(JOB, on_all_tasks_complete=OnAllTasksComplete.TERMINATE_JOB)
    world.schedule(empty, recurrence_interval=2 * MINUTE)
    world.wait(7)
    assert world.jobs() == dict.fromkeys([f"s:job-{n}" for n in (1, 2, 3, 4)], JobState.COMPLETED)
    creations = [entry.job.creation_time for entry in world.state.jobs.values()]
    assert creations == [START + 2 * n * MINUTE for n in range(4)]


def test_occurrences_that_could_not_be_met_are_not_made_up_for(world):
    """While the first job took three intervals, three were due: one job follows, not three."""
    world.schedule(recurrence_interval=MINUTE)
    world.wait(3.5)
    world.end_job(1)
    world.end_job(2)
    assert len(world.jobs()) == 2
    assert world.record.next_run_time == START + 4 * MINUTE


def test_an_occurrence_is_lost_when_its_start_window_has_passed(world):
    world.schedule(recurrence_interval=10 * MINUTE, start_window=2 * MINUTE)
    world.wait(12.5)
    world.end_job(1)
    assert list(world.jobs()) == ["s:job-1"]
    assert world.record.next_run_time == START + 20 * MINUTE
    world.wait(7.5)
    assert world.jobs()["s:job-2"] is JobState.ACTIVE


def test_a_job_may_come_late_within_its_start_window(world):
    world.schedule(recurrence_interval=10 * MINUTE, start_window=2 * MINUTE)
    world.wait(11.5)
    world.end_job(1)
    assert world.jobs()["s:job-2"] is JobState.ACTIVE


def test_nothing_is_made_before_the_first_moment(world):
    world.schedule(do_not_run_until=START + 5 * MINUTE)
    assert world.jobs() == {}
    assert world.record.next_run_time == START + 5 * MINUTE
    world.wait(5)
    assert world.jobs() == {"s:job-1": JobState.ACTIVE}


def test_a_schedule_without_recurrence_completes_with_its_job(world):
    world.schedule()
    assert world.record.next_run_time is None
    assert not awaits_run(world.state.job_schedule("s"))
    world.wait(1)
    world.end_job(1)
    assert world.record.state is JobScheduleState.COMPLETED
    assert world.record.end_time == world.now
    assert world.commands[-1] == SaveJobSchedule(world.record)


def test_a_single_job_whose_start_window_was_slept_through_is_lost(world):
    world.schedule(do_not_run_until=START + MINUTE, start_window=MINUTE)
    world.sleep(3)
    assert world.jobs() == {}
    assert world.record.state is JobScheduleState.COMPLETED


def test_after_the_last_moment_the_schedule_completes_with_its_active_job(world):
    world.schedule(recurrence_interval=MINUTE, do_not_run_after=START + 1.5 * MINUTE)
    world.wait(3)
    assert world.record.state is JobScheduleState.ACTIVE
    world.end_job(1)
    assert world.record.state is JobScheduleState.COMPLETED
    assert list(world.jobs()) == ["s:job-1"]


def test_the_last_moment_ends_a_schedule_that_has_no_active_job(world):
    world.schedule(recurrence_interval=MINUTE, do_not_run_after=START + 1.5 * MINUTE)
    world.end_job(1)
    world.wait(1.2)
    world.end_job(2)
    assert world.record.next_run_time is None
    assert world.record.state is JobScheduleState.ACTIVE
    world.wait(0.5)
    assert world.record.state is JobScheduleState.COMPLETED


def test_a_disabled_schedule_makes_no_jobs(world):
    """Item 114: the job that is active goes on."""
    world.schedule(recurrence_interval=MINUTE)
    world.ask("disable")
    assert world.record.state is JobScheduleState.DISABLED
    assert world.jobs() == {"s:job-1": JobState.ACTIVE}
    world.end_job(1)
    world.wait(2.5)
    assert len(world.jobs()) == 1
    assert not awaits_run(world.state.job_schedule("s"))
    world.ask("enable")
    assert world.jobs()["s:job-2"] is JobState.ACTIVE
    assert world.record.next_run_time == START + 3 * MINUTE


def test_terminating_ends_the_active_job(world):
    """Item 114."""
    world.schedule(recurrence_interval=MINUTE)
    world.ask("terminate")
    assert world.jobs() == {"s:job-1": JobState.COMPLETED}
    assert world.state.job("s:job-1").job.terminate_reason == "TerminateJobSchedule"
    assert world.record.state is JobScheduleState.COMPLETED
    world.wait(5)
    assert len(world.jobs()) == 1


def test_deleting_takes_all_jobs_along(world):
    """Item 114."""
    world.schedule(recurrence_interval=MINUTE)
    world.end_job(1)
    world.wait(1)
    assert len(world.jobs()) == 2
    world.ask("delete")
    assert world.jobs() == {}
    assert world.commands[-1] == ForgetJobSchedule("s")
    assert not world.state.job_schedules


def test_a_schedule_and_a_job_do_not_share_an_id(world):
    world.schedule()
    with pytest.raises(BatchRuleError, match="JobScheduleWithSameIdExists"):
        world(job_requests.create_job, JobSpec("S", "pool"), "{}")
    world(job_requests.create_job, JobSpec("job", "pool"), "{}")
    spec = JobScheduleSpec("JOB", JOB, "{}")
    with pytest.raises(BatchRuleError, match="JobWithSameIdExists"):
        world(schedule_requests.create_job_schedule, spec, "{}")
    with pytest.raises(BatchRuleError, match="JobScheduleExists"):
        world.schedule()


@pytest.mark.parametrize("name", ["disable", "enable", "terminate"])
def test_nothing_is_asked_of_a_schedule_that_has_ended(world, name):
    world.schedule()
    world.ask("terminate")
    with pytest.raises(BatchRuleError, match="JobScheduleCompleted"):
        world.ask(name)


def test_an_update_holds_for_the_next_job(world):
    world.schedule(recurrence_interval=10 * MINUTE)
    spec = replace(world.record.spec, job=JobSpec("", "other"), recurrence_interval=2 * MINUTE)
    world(schedule_requests.update_job_schedule, spec, "{}")
    assert world.record.next_run_time == START + 2 * MINUTE
    world.end_job(1)
    world.wait(2)
    pools = [entry.job.spec.pool_id for entry in world.state.jobs.values()]
    assert pools == ["pool", "other"]


def auto_pool(lifetime: PoolLifetimeOption, *, keep_alive: bool = False) -> JobSpec:
    spec = AutoPoolSpec(
        lifetime, PoolSpec("", "standard_f2s_v2"), "{}", id_prefix="x", keep_alive=keep_alive
    )
    return JobSpec("", "", auto_pool=spec)


def test_each_job_of_a_schedule_may_have_an_auto_pool_of_its_own(world):
    world.schedule(auto_pool(PoolLifetimeOption.JOB), recurrence_interval=MINUTE)
    (first,) = world.state.pools
    assert first == world.state.job("s:job-1").job.spec.pool_id.lower()
    world.end_job(1)
    assert not world.state.pools
    world.wait(1)
    (second,) = world.state.pools
    assert second != first


@pytest.mark.parametrize("keep_alive", [False, True])
@pytest.mark.parametrize("end", ["terminate", "delete"])
def test_the_jobs_of_a_schedule_may_share_an_auto_pool(world, end, keep_alive):
    """It is made with the first job, and goes with the schedule unless it is kept."""
    job = auto_pool(PoolLifetimeOption.JOB_SCHEDULE, keep_alive=keep_alive)
    world.schedule(job, recurrence_interval=MINUTE, do_not_run_until=START + MINUTE)
    assert not world.state.pools
    world.wait(1)
    (pool,) = world.state.pools
    world.end_job(1)
    world.wait(1)
    assert list(world.state.pools) == [pool]
    assert world.state.job("s:job-2").job.spec.pool_id.lower() == pool
    world.ask(end)
    assert list(world.state.pools) == ([pool] if keep_alive else [])


def test_a_schedule_leaves_one_timer_at_a_time(world):
    world.schedule(recurrence_interval=MINUTE)
    for _ in range(100):
        world.ask("disable")
        world.ask("enable")
    assert len(world.state.timers) == 1


def test_a_shared_auto_pool_that_was_deleted_is_made_anew(world):
    """For the next job, not for the one that had it; and that goes with the schedule."""
    world.schedule(auto_pool(PoolLifetimeOption.JOB_SCHEDULE), recurrence_interval=MINUTE)
    (first,) = world.state.pools
    world(pool_requests.delete_pool, first)
    world.wait(0.1)
    assert not world.state.pools
    world.end_job(1)
    world.wait(1)
    (second,) = world.state.pools
    assert second == world.state.job("s:job-2").job.spec.pool_id.lower() != first
    world.end_job(2)
    world.wait(1)
    assert world.state.job("s:job-3").job.spec.pool_id.lower() == second
    world.ask("terminate")
    world.wait(0.1)
    assert not world.state.pools


@pytest.mark.parametrize("name", ["do_not_run_after", "do_not_run_until"])
def test_a_schedule_may_name_the_end_of_all_time(world, name):
    """`DateTime.MaxValue` of .NET: nothing comes after it."""
    end = datetime.max.replace(tzinfo=UTC)
    world.schedule(recurrence_interval=MINUTE, **{name: end})
    world.wait(1.5)
    is_late = name == "do_not_run_until"
    assert list(world.jobs()) == ([] if is_late else ["s:job-1"])
    assert world.record.state is JobScheduleState.ACTIVE
