"""Section K of the fidelity checklist: job schedules."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import models
from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

NOWHERE = {"poolInfo": {"poolId": "no-such-pool"}}
HOURLY = {"recurrenceInterval": "PT1H"}


@pytest.fixture
def add(account, unused):
    """Add a job schedule of the test's own and name it."""

    def add(schedule=HOURLY, job=NOWHERE, **more):
        body = {"id": unused, "schedule": schedule, "jobSpecification": job, **more}
        response = account.send("POST", "/jobschedules", body)
        assert response.status_code == 201, response.text()
        return unused

    return add


def read(account, schedule):
    return account.get(f"/jobschedules/{schedule}")


def ask(account, schedule, action):
    return account.send("POST", f"/jobschedules/{schedule}/{action}")


def schedule_in(account, schedule, state):
    def found():
        body = read(account, schedule)
        return body if body["state"] == state else None

    return account.wait_for(found)


def moment(text):
    return datetime.fromisoformat(text)


def reschedule(account, schedule, name, **more):
    """Have a time of a schedule come soon; returns it."""
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    body = {"schedule": {name: soon.isoformat(), **more}}
    assert account.send("PATCH", f"/jobschedules/{schedule}", body).status_code == 200
    return soon


def test_a_schedule_is_created_with_its_first_job(account, add):
    """Item 113, as far as it happens at once."""
    schedule = add()
    body = read(account, schedule)
    assert body["state"] == "active"
    job = f"{schedule}:job-1"
    info = body["executionInfo"]
    assert info["recentJob"] == {"id": job, "url": f"{account.url}/jobs/{job}"}
    due = moment(body["creationTime"]) + timedelta(hours=1)
    assert moment(info["nextRunTime"]) == due
    assert account.get(f"/jobs/{job}")["state"] == "active"


def test_what_creating_answers(account, unused):
    body = {"id": unused, "schedule": HOURLY, "jobSpecification": NOWHERE}
    response = account.send("POST", "/jobschedules", body)
    assert (response.status_code, response.content) == (201, b"")
    url = f"{account.url}/jobschedules/{unused}"
    assert response.headers["Location"] == response.headers["DataServiceId"] == url
    assert response.headers["ETag"] == read(account, unused)["eTag"]
    assert account.code(account.send("POST", "/jobschedules", body)) == (409, "JobScheduleExists")
    account.send("DELETE", f"/jobschedules/{unused}")


def test_a_job_of_a_schedule_runs_tasks_in_a_folder_of_its_own(account, pool, add, sh):
    """Item 116."""
    schedule = add(job={"poolInfo": {"poolId": pool}, "priority": 3})
    job = f"{schedule}:job-1"
    task = account.run(job, "t", sh("echo $AZ_BATCH_JOB_ID; pwd"))
    assert task["nodeInfo"]["taskRootDirectory"] == f"workitems/{schedule}/job-1/t"
    job_id, folder = account.read(job, "t").split("\n")[:2]
    assert (job_id, folder.endswith(f"/workitems/{schedule}/job-1/t/wd")) == (job, True)
    raw, encoded = (account.get(path) for path in (f"/jobs/{job}", f"/jobs/{schedule}%3Ajob-1"))
    assert raw == encoded
    assert raw["priority"] == 3
    (listed,) = account.get(f"/jobschedules/{schedule}/jobs")["value"]
    assert listed["id"] == job
    assert "odata.metadata" not in listed


def test_disabling_enabling_and_terminating(account, add):
    """Item 114."""
    schedule = add()
    for action, state in (("disable", "disabled"), ("enable", "active")):
        response = ask(account, schedule, action)
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["ETag"] == read(account, schedule)["eTag"]
        assert read(account, schedule)["state"] == state
    assert read(account, schedule)["previousState"] == "disabled"
    assert ask(account, schedule, "terminate").status_code == 202
    ended = schedule_in(account, schedule, "completed")
    assert "nextRunTime" not in ended["executionInfo"]
    assert moment(ended["executionInfo"]["endTime"]) <= datetime.now(UTC)
    job = account.get(f"/jobs/{schedule}:job-1")
    assert job["state"] == "completed"
    assert job["executionInfo"]["terminateReason"] == "TerminateJobSchedule"
    for action in ("disable", "enable", "terminate"):
        refused = account.code(ask(account, schedule, action))
        assert refused == (409, "JobScheduleCompleted")


def test_deleting_a_schedule_deletes_its_jobs(account, pool, add):
    """Item 114."""
    schedule = add(job={"poolInfo": {"poolId": pool}})
    job = f"{schedule}:job-1"
    account.run(job, "done")
    account.add(job, "runs", "sleep 60")
    account.task_in(job, "runs", "running")
    assert account.send("DELETE", f"/jobschedules/{schedule}").status_code == 202
    account.gone(f"/jobschedules/{schedule}")
    missing = account.code(account.send("GET", f"/jobschedules/{schedule}"))
    assert missing == (404, "JobScheduleNotFound")
    assert account.code(account.send("GET", f"/jobs/{job}")) == (404, "JobNotFound")


def test_a_job_is_made_when_its_time_has_come(account, add):
    later = datetime.now(UTC) + timedelta(hours=1)
    schedule = add(schedule={"doNotRunUntil": later.isoformat()})
    info = read(account, schedule)["executionInfo"]
    assert info.keys() == {"nextRunTime"}
    assert moment(info["nextRunTime"]) == later
    assert account.get(f"/jobschedules/{schedule}/jobs")["value"] == []
    due = reschedule(account, schedule, "doNotRunUntil")
    (job,) = account.wait_for(lambda: account.get(f"/jobschedules/{schedule}/jobs")["value"])
    assert due <= moment(job["creationTime"])


def test_the_last_moment_ends_a_schedule(account, add):
    job = {**NOWHERE, "onAllTasksComplete": "terminatejob"}
    later = datetime.now(UTC) + timedelta(hours=2)
    schedule = add(schedule={"doNotRunAfter": later.isoformat(), **HOURLY}, job=job)
    assert read(account, schedule)["state"] == "active"
    last = reschedule(account, schedule, "doNotRunAfter", **HOURLY)
    ended = schedule_in(account, schedule, "completed")
    assert moment(ended["executionInfo"]["endTime"]) >= last


def test_a_schedule_that_does_not_recur_ends_with_its_job(account, add):
    job = {**NOWHERE, "onAllTasksComplete": "terminatejob"}
    schedule = add(schedule={}, job=job)
    assert read(account, schedule)["state"] == "completed"
    assert account.get(f"/jobs/{schedule}:job-1")["state"] == "completed"


@pytest.mark.parametrize("name", ["recurrenceInterval", "startWindow"])
def test_a_minute_is_the_least(account, unused, name):
    """Item 115."""
    body = {"id": unused, "schedule": {name: "PT30S"}, "jobSpecification": NOWHERE}
    response = account.send("POST", "/jobschedules", body)
    assert account.code(response) == (400, "InvalidPropertyValue")


@pytest.mark.parametrize("where", ["manager", "pool"])
def test_packages_of_its_jobs_have_to_be_there(account, pool_body, unused, where):
    packages = {"applicationPackageReferences": [{"applicationId": "none"}]}
    job = dict(NOWHERE)
    if where == "manager":
        job["jobManagerTask"] = {"id": "m", "commandLine": "true", **packages}
    else:
        pool = pool_body("x", 0, **packages)
        del pool["id"]
        job["poolInfo"] = {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": pool}}
    body = {"id": unused, "schedule": HOURLY, "jobSpecification": job}
    response = account.send("POST", "/jobschedules", body)
    assert account.code(response) == (409, "InvalidApplicationPackageReferences")


def test_schedules_and_jobs_do_not_share_ids(account, add):
    schedule = add()
    response = account.send("POST", "/jobs", {"id": schedule.upper(), **NOWHERE})
    assert account.code(response) == (409, "JobScheduleWithSameIdExists")
    job = account.job("no-such-pool")
    body = {"id": job, "schedule": HOURLY, "jobSpecification": NOWHERE}
    response = account.send("POST", "/jobschedules", body)
    assert account.code(response) == (409, "JobWithSameIdExists")


def test_schedules_are_listed_filtered_and_selected(account, add):
    schedule = add(metadata=[{"name": "a", "value": "b"}])
    condition = f"id eq '{schedule}' and state eq 'active'"
    query = {"$filter": condition, "$select": "id,metadata", "$expand": "stats"}
    (listed,) = account.get("/jobschedules", **query)["value"]
    assert listed == {"id": schedule, "metadata": [{"name": "a", "value": "b"}]}
    later = "schedule/doNotRunUntil gt DateTime'2090-01-01T00:00:00Z'"
    assert not account.get("/jobschedules", **{"$filter": later})["value"]
    for path, name in ((f"/jobschedules/{schedule}/jobs", "id"), ("/jobschedules", "url")):
        response = account.send("GET", path, **{"$filter": f"{name} eq 'x'"})
        assert account.code(response) == (400, "InvalidQueryParameterValue")


def test_the_jobs_of_a_schedule_are_filtered_and_selected(account, add):
    """Item 116."""
    path = f"/jobschedules/{add()}/jobs"
    query = {"$filter": "executionInfo/poolId eq 'no-such-pool'", "$select": "state"}
    assert account.get(path, **query)["value"] == [{"state": "active"}]
    assert account.get(path, **{"$filter": "state eq 'completed'"})["value"] == []
    response = account.send("GET", "/jobschedules/none/jobs")
    assert account.code(response) == (404, "JobScheduleNotFound")


def test_a_patch_keeps_and_a_replacement_resets(account, add):
    schedule = add(metadata=[{"name": "a", "value": "b"}])
    path = f"/jobschedules/{schedule}"
    response = account.send("PATCH", path, {"schedule": {"recurrenceInterval": "PT2H"}})
    assert response.status_code == 200
    patched = read(account, schedule)
    due = moment(patched["creationTime"]) + timedelta(hours=2)
    assert moment(patched["executionInfo"]["nextRunTime"]) == due
    assert patched["metadata"] == [{"name": "a", "value": "b"}]
    assert response.headers["ETag"] == patched["eTag"]
    response = account.send("PUT", path, {"jobSpecification": {**NOWHERE, "priority": 9}})
    assert response.status_code == 200
    replaced = read(account, schedule)
    assert replaced["jobSpecification"]["priority"] == 9
    assert not {"schedule", "metadata"} & replaced.keys()
    assert account.get(f"/jobs/{schedule}:job-1")["priority"] == 0


def test_conditional_requests(account, add):
    path = f"/jobschedules/{add()}"
    tag = account.get(path)["eTag"]
    unchanged = account.send("GET", path, headers={"If-None-Match": tag})
    assert unchanged.status_code == 304
    stale = {"If-Match": "0x1"}
    for method, suffix in (("PATCH", ""), ("DELETE", ""), ("POST", "/disable")):
        response = account.send(method, path + suffix, {}, headers=stale)
        assert account.code(response) == (412, "ConditionNotMet")
    assert account.send("PATCH", path, {}, headers={"If-Match": f'"{tag}"'}).status_code == 200


def test_the_whole_way_of_the_sdk(account, client, unused):
    """Items 113 to 116 by SDK 15.1, whose pollers return."""
    client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(
            id=unused,
            schedule=models.BatchJobScheduleConfiguration(
                recurrence_interval=timedelta(minutes=1), start_window=timedelta(minutes=1)
            ),
            job_specification=models.BatchJobSpecification(
                pool_info=models.BatchPoolInfo(pool_id="no-such-pool")
            ),
        )
    )
    assert client.job_schedule_exists(unused)
    with pytest.raises(ResourceNotFoundError):
        client.job_schedule_exists("none")
    schedule = client.get_job_schedule(unused)
    assert schedule.schedule.start_window == timedelta(minutes=1)
    options = models.BatchJobScheduleUpdateOptions(metadata=[])
    stale = {"etag": "0x1", "match_condition": MatchConditions.IfNotModified}
    with pytest.raises(ResourceModifiedError):
        client.update_job_schedule(unused, options, **stale)
    schedule.job_specification.priority = 4
    client.replace_job_schedule(unused, schedule)
    assert client.get_job_schedule(unused).job_specification.priority == 4
    client.disable_job_schedule(unused)
    client.enable_job_schedule(unused)
    assert [job.id for job in client.list_jobs_from_schedule(unused)] == [f"{unused}:job-1"]
    assert client.get_job(f"{unused}:job-1").id == f"{unused}:job-1"
    client.begin_terminate_job_schedule(unused, polling_interval=0).result()
    assert client.get_job_schedule(unused).state == models.BatchJobScheduleState.COMPLETED
    with pytest.raises(ResourceExistsError):
        client.enable_job_schedule(unused)
    client.begin_delete_job_schedule(unused, polling_interval=0).result()
    assert unused not in {one.id for one in client.list_job_schedules()}


def test_schedules_survive_being_killed(tmp_path, start_emulator, account_of):
    """What was acknowledged is there again, and goes on; what fell due meanwhile is done."""
    emulator = start_emulator(tmp_path / "home")
    account = account_of(emulator)
    body = {"id": "s", "schedule": HOURLY, "jobSpecification": NOWHERE}
    account.send("POST", "/jobschedules", body)
    account.send("POST", "/jobschedules", body | {"id": "off"})
    account.send("POST", "/jobschedules/off/disable")
    before = [read(account, schedule) for schedule in ("s", "off")]
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    soon = {"id": "soon", "schedule": {"doNotRunUntil": due.isoformat()}}
    account.send("POST", "/jobschedules", body | soon)
    emulator.process.send_signal(signal.SIGKILL)
    emulator.process.wait(60)
    account = account_of(start_emulator(tmp_path / "home"))
    assert [read(account, schedule) for schedule in ("s", "off")] == before
    assert account.wait_for(lambda: account.get("/jobschedules/soon/jobs")["value"])
    (job,) = account.get("/jobschedules/s/jobs")["value"]
    assert (job["id"], job["state"]) == ("s:job-1", "active")
    assert ask(account, "s", "terminate").status_code == 202
    assert account.get("/jobs/s:job-1")["state"] == "completed"
