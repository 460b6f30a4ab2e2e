"""Managers of jobs: what SDK 15 asks for becomes the task that it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.records import Job
from runfleet.batch.specs import ApplicationPackageReference, JobManagerSpec
from runfleet.batch.states import JobState
from runfleet.wire import jobs, managers, tasks
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MINIMAL = {"id": "m", "commandLine": "true"}


def parse(manager):
    job = {"id": "j", "poolInfo": {"poolId": "p"}, "jobManagerTask": manager}
    return jobs.parse_create(orjson.dumps(job))


def task_of(parsed):
    return managers.manager_task(Job(parsed.spec, parsed.body, NOW, NOW, JobState.ACTIVE, NOW))


def test_what_sdk_15_asks_for_is_understood(sent):
    manager = models.BatchJobManagerTask(
        id="Manager",
        command_line="run it",
        required_slots=2,
        kill_job_on_completion=False,
        run_exclusive=False,
        allow_low_priority_node=False,
        constraints=models.BatchTaskConstraints(
            max_task_retry_count=3, max_wall_clock_time=timedelta(minutes=5)
        ),
        application_package_references=[
            models.BatchApplicationPackageReference(application_id="epanet")
        ],
    )
    job = models.BatchJobCreateOptions(
        id="j", pool_info=models.BatchPoolInfo(pool_id="p"), job_manager_task=manager
    )
    parsed = jobs.parse_create(sent(lambda client: client.create_job(job)).body)
    assert parsed.spec.manager == JobManagerSpec("Manager", False, False, False, 2)
    packages = (ApplicationPackageReference("epanet"),)
    assert parsed.packages == packages
    task = task_of(parsed)
    assert task.head == tasks.TaskHead("Manager", 2, 3, packages=packages)
    spec = tasks.spec_from_body(task.body)
    assert (spec.command.command_line, spec.max_wall_clock_time) == ("run it", timedelta(minutes=5))


def test_what_is_left_out_goes_to_its_default():
    parsed = parse(MINIMAL)
    assert parsed.spec.manager == JobManagerSpec("m", True, True, True)
    assert task_of(parsed).head == tasks.TaskHead("m")
    shown = orjson.loads(parsed.body)["jobManagerTask"]
    assert {name: shown[name] for name in ("killJobOnCompletion", "runExclusive")} == {
        "killJobOnCompletion": True,
        "runExclusive": True,
    }


def test_a_changed_job_keeps_its_manager():
    parsed = parse(MINIMAL)
    job = Job(parsed.spec, parsed.body, NOW, NOW, JobState.ACTIVE, NOW)
    assert jobs.patch(job, b'{"priority": 1}').spec == replace(parsed.spec, priority=1)
    assert jobs.replace(job, b'{"poolInfo": {"poolId": "p"}}').spec == parsed.spec


@pytest.mark.parametrize("member", ["authenticationTokenSettings", "containerSettings"])
def test_what_is_refused_of_a_task_is_refused_of_a_manager(member):
    asked = {"containerSettings": {"imageName": "x"}}.get(member, {"access": ["job"]})
    with pytest.raises(WireError) as caught:
        parse(MINIMAL | {member: asked})
    assert (caught.value.status, caught.value.code) == (501, "NotImplemented")
    assert f"`{member}`" in caught.value.details["Reason"]
