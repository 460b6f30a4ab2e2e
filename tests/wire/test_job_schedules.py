"""Job schedules: what the SDK sends is understood, and what is answered reads back in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.records import JobSchedule
from runfleet.batch.specs import CommandSpec
from runfleet.batch.states import JobScheduleState
from runfleet.wire import job_schedules
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
BASE = "http://batch.example"
MINIMAL = {"id": "s", "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": "p"}}}

FULL = models.BatchJobScheduleCreateOptions(
    id="Nightly",
    display_name="every night",
    schedule=models.BatchJobScheduleConfiguration(
        do_not_run_until=NOW,
        do_not_run_after=NOW + timedelta(days=30),
        start_window=timedelta(hours=2),
        recurrence_interval=timedelta(days=1),
    ),
    job_specification=models.BatchJobSpecification(
        priority=5,
        pool_info=models.BatchPoolInfo(pool_id="p"),
        job_preparation_task=models.BatchJobPreparationTask(command_line="prepare"),
        common_environment_settings=[models.EnvironmentSetting(name="A", value="1")],
        constraints=models.BatchJobConstraints(max_task_retry_count=2),
    ),
    metadata=[models.BatchMetadataItem(name="a", value="b")],
)


def parse(**members):
    return job_schedules.parse_create(orjson.dumps(MINIMAL | members))


def schedule_of(parsed, **members):
    state = JobScheduleState.ACTIVE
    return replace(JobSchedule(parsed.spec, parsed.body, NOW, NOW, state, NOW), **members)


def answer(schedule):
    return job_schedules.job_schedule_json(schedule, base=BASE)


def test_what_the_sdk_asks_for_is_understood(sent):
    request = sent(lambda client: client.create_job_schedule(FULL))
    spec = job_schedules.parse_create(request.body).spec
    assert spec.schedule_id == "Nightly"
    assert spec.do_not_run_until == NOW
    assert spec.do_not_run_after == NOW + timedelta(days=30)
    assert spec.start_window == timedelta(hours=2)
    assert spec.recurrence_interval == timedelta(days=1)
    assert (spec.job.job_id, spec.job.pool_id, spec.job.priority) == ("", "p", 5)
    assert spec.job.preparation.command == CommandSpec("prepare")
    assert spec.job.common_environment == {"A": "1"}
    assert spec.job.max_task_retry_count == 2


def test_the_sdk_reads_what_it_asked_for(sent):
    request = sent(lambda client: client.create_job_schedule(FULL))
    schedule = schedule_of(job_schedules.parse_create(request.body), jobs_made=3)
    schedule.last_occurrence = NOW
    read = models.BatchJobSchedule(answer(schedule))
    assert (read.id, read.display_name, read.state) == ("Nightly", "every night", "active")
    assert read.schedule.recurrence_interval == timedelta(days=1)
    assert read.job_specification.constraints.max_task_retry_count == 2
    assert read.execution_info.next_run_time == NOW + timedelta(days=1)
    assert read.execution_info.recent_job.id == "Nightly:job-3"
    assert read.execution_info.recent_job.url == f"{BASE}/jobs/Nightly:job-3"
    assert read.execution_info.end_time is None


def test_defaults_are_answered():
    """Section 12.5."""
    assert answer(schedule_of(parse())) == {
        "id": "s",
        "url": "http://batch.example/jobschedules/s",
        "eTag": "0x8DE49AB97128E00",
        "lastModified": "2026-01-02T03:04:05.6Z",
        "creationTime": "2026-01-02T03:04:05.6Z",
        "state": "active",
        "stateTransitionTime": "2026-01-02T03:04:05.6Z",
        "schedule": {},
        "jobSpecification": {
            "priority": 0,
            "maxParallelTasks": -1,
            "allowTaskPreemption": False,
            "usesTaskDependencies": False,
            "onAllTasksComplete": "noaction",
            "onTaskFailure": "noaction",
            "poolInfo": {"poolId": "p"},
            "constraints": {
                "maxWallClockTime": "P10675199DT2H48M5.4775807S",
                "maxTaskRetryCount": 0,
            },
        },
        "executionInfo": {"nextRunTime": "2026-01-02T03:04:05.6Z"},
    }


def test_a_schedule_that_has_ended_runs_no_more():
    spec = parse(schedule={"recurrenceInterval": "PT1H"})
    ended = schedule_of(spec, state=JobScheduleState.COMPLETED, end_time=NOW)
    assert answer(ended)["executionInfo"] == {"endTime": "2026-01-02T03:04:05.6Z"}


@pytest.mark.parametrize("name", ["recurrenceInterval", "startWindow"])
def test_a_minute_is_the_least(name):
    """Item 115."""
    with pytest.raises(WireError) as caught:
        parse(schedule={name: "PT30S"})
    assert (caught.value.status, caught.value.code) == (400, "InvalidPropertyValue")
    assert caught.value.details["PropertyName"] == name


@pytest.mark.parametrize(
    ("members", "code", "name"),
    [
        ({"id": "no:colon"}, "InvalidPropertyValue", "id"),
        ({"jobSpecification": {}}, "MissingRequiredProperty", "poolInfo"),
        ({"jobSpecification": {"poolInfo": {}}}, "MissingRequiredProperty", "poolId"),
        (
            {
                "schedule": {
                    "doNotRunUntil": "2026-01-02T00:00:00Z",
                    "doNotRunAfter": "2026-01-01T00:00:00Z",
                }
            },
            "InvalidPropertyValue",
            "doNotRunAfter",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(members, code, name):
    with pytest.raises(WireError) as caught:
        parse(**members)
    assert (caught.value.code, caught.value.details["PropertyName"]) == (code, name)


def test_a_patch_keeps_what_it_leaves_out(sent):
    request = sent(lambda client: client.create_job_schedule(FULL))
    parsed = job_schedules.parse_create(request.body)
    current = schedule_of(parsed)
    assert job_schedules.patch(current, b"{}") == parsed
    metadata = [models.BatchMetadataItem(name="c", value="d")]
    options = models.BatchJobScheduleUpdateOptions(metadata=metadata)
    patched = sent(lambda client: client.update_job_schedule("Nightly", options))
    changed = job_schedules.patch(current, patched.body)
    assert changed.spec == parsed.spec
    assert orjson.loads(changed.body)["metadata"] == [{"name": "c", "value": "d"}]


def test_replacing_without_a_schedule_makes_one_job_at_once(sent):
    request = sent(lambda client: client.create_job_schedule(FULL))
    current = schedule_of(job_schedules.parse_create(request.body))
    whole = models.BatchJobSchedule(answer(current))
    whole.schedule = whole.metadata = None
    replaced = sent(lambda client: client.replace_job_schedule("Nightly", whole))
    changed = job_schedules.replace(current, replaced.body)
    assert changed.spec.recurrence_interval is changed.spec.do_not_run_until is None
    assert changed.spec.job == current.spec.job
    assert orjson.loads(changed.body) == {"displayName": "every night"}


@pytest.mark.parametrize("update", [job_schedules.patch, job_schedules.replace])
def test_a_schedule_is_read_and_written_without_the_secrets_of_its_auto_pool(update):
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    pool = {
        "vmSize": "standard_f2s_v2",
        "virtualMachineConfiguration": {
            "imageReference": image,
            "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        },
        "userAccounts": [{"name": "u", "password": "secret"}],
    }
    auto_pool = {"poolLifetimeOption": "jobschedule", "pool": pool}
    specification = {"poolInfo": {"autoPoolSpecification": auto_pool}}
    schedule = schedule_of(parse(jobSpecification=specification))
    read = answer(schedule)
    assert "secret" not in str(read)
    read["jobSpecification"]["priority"] = 7
    changed = update(schedule, orjson.dumps(read))
    assert (changed.spec.job.priority, changed.spec.job.auto_pool.pool.user_names) == (7, ("u",))
