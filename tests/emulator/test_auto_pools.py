"""Item 80 of the fidelity checklist: pools that come and go with a job or a job schedule."""

from __future__ import annotations

import re
import signal

import pytest
from azure.batch import models

GUID = "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"


@pytest.fixture
def auto(pool_body):
    """What a job with an auto pool is asked for by."""

    def auto(lifetime="job", nodes=1, pool=None, **more):
        body = pool_body("none", nodes, **(pool or {}))
        del body["id"]
        specification = {"poolLifetimeOption": lifetime, "pool": body, **more}
        return {"poolInfo": {"autoPoolSpecification": specification}}

    return auto


def create(account, job_id, body):
    response = account.send("POST", "/jobs", {"id": job_id, **body})
    assert response.status_code == 201, response.text()
    return account.get(f"/jobs/{job_id}")


def exists(account, pool_id):
    return account.send("GET", f"/pools/{pool_id}").status_code == 200


def test_an_auto_pool_comes_and_goes_with_its_job(account, auto, unused, sh):
    """Item 80."""
    job = create(account, unused, auto(pool={"taskSlotsPerNode": 2}))
    pool = job["executionInfo"]["poolId"]
    assert re.fullmatch(GUID, pool)
    assert "poolId" not in job["poolInfo"]
    assert account.get(f"/pools/{pool}")["taskSlotsPerNode"] == 2
    task = account.run(unused, "t", sh("echo $AZ_BATCH_POOL_ID"))
    assert task["nodeInfo"]["poolId"] == pool
    assert account.read(unused, "t") == f"{pool}\n"
    account.send("POST", f"/jobs/{unused}/terminate", {})
    account.job_in(unused, "completed")
    account.gone(f"/pools/{pool}")
    assert account.get(f"/jobs/{unused}")["executionInfo"]["poolId"] == pool


def test_a_kept_auto_pool_stays(account, auto, unused):
    """Item 80."""
    body = auto(nodes=0, keepAlive=True, autoPoolIdPrefix="kept")
    pool = create(account, unused, body)["executionInfo"]["poolId"]
    assert re.fullmatch(f"kept_{GUID}", pool)
    account.send("DELETE", f"/jobs/{unused}")
    account.gone(f"/jobs/{unused}")
    assert exists(account, pool)


def test_whether_it_is_kept_can_change(account, auto, unused):
    body = auto(nodes=0, keepAlive=True)
    pool = create(account, unused, body)["executionInfo"]["poolId"]
    change = account.get(f"/jobs/{unused}")["poolInfo"]
    change["autoPoolSpecification"]["keepAlive"] = False
    response = account.send("PATCH", f"/jobs/{unused}", {"poolInfo": change})
    assert response.status_code == 200, response.text()
    account.send("DELETE", f"/jobs/{unused}")
    account.gone(f"/pools/{pool}")


def test_a_job_is_read_changed_and_replaced_whole(account, client, auto, unused):
    """By SDK 15.1: what it read of the auto pool is what it sends."""
    create(account, unused, auto(nodes=0, pool={"startTask": {"commandLine": "true"}}))
    job = client.get_job(unused)
    job.priority = 5
    client.replace_job(unused, job)
    replaced = client.get_job(unused)
    assert (replaced.priority, replaced.pool_info) == (5, job.pool_info)
    assert replaced.execution_info.pool_id == job.execution_info.pool_id
    client.begin_delete_job(unused, polling_interval=0).result()


@pytest.mark.parametrize(("asked", "shown"), [(None, "Spread"), ({"nodeFillType": "pack"}, "Pack")])
def test_how_nodes_are_filled_is_spelled_as_pools_spell_it(account, auto, unused, asked, shown):
    """With a capital: of the job, of its pool, and of a schedule; and it may be sent back so."""
    specification = auto(nodes=0, pool={"taskSchedulingPolicy": asked})
    job = create(account, unused, specification)
    later = {"doNotRunUntil": "2099-01-01T00:00:00Z"}
    schedule = {"id": f"{unused}-s", "schedule": later, "jobSpecification": specification}
    account.send("POST", "/jobschedules", schedule)
    of_schedule = account.get(f"/jobschedules/{unused}-s")["jobSpecification"]
    described = [one["poolInfo"]["autoPoolSpecification"]["pool"] for one in (job, of_schedule)]
    made = account.get(f"/pools/{job['executionInfo']['poolId']}")
    fill_types = [one["taskSchedulingPolicy"]["nodeFillType"] for one in (*described, made)]
    assert fill_types == [shown] * 3
    same = account.send("PATCH", f"/jobs/{unused}", {"poolInfo": job["poolInfo"]})
    assert same.status_code == 200


def test_a_job_that_moves_leaves_no_auto_pool_behind(account, auto, unused):
    pool = create(account, unused, auto(nodes=0))["executionInfo"]["poolId"]
    account.send("POST", f"/jobs/{unused}/disable", {"disableTasks": "wait"})
    response = account.send("PATCH", f"/jobs/{unused}", {"poolInfo": {"poolId": "elsewhere"}})
    assert response.status_code == 200
    assert account.get(f"/jobs/{unused}")["executionInfo"]["poolId"] == "elsewhere"
    account.gone(f"/pools/{pool}")


@pytest.mark.parametrize(
    ("pool", "code"),
    [
        (
            {
                "enableAutoScale": True,
                "autoScaleFormula": "$TargetDedicatedNodes = ;",
                "targetDedicatedNodes": None,
            },
            "InvalidAutoScaleFormulaInAutoPool",
        ),
        (
            {"applicationPackageReferences": [{"applicationId": "none"}]},
            "InvalidApplicationPackageReferencesInAutoPool",
        ),
    ],
)
def test_a_job_whose_pool_cannot_be_made_has_completed(account, client, auto, unused, pool, code):
    manager = {"jobManagerTask": {"id": "m", "commandLine": "true"}}
    create(account, unused, auto(pool=pool) | manager)
    job = client.get_job(unused)
    assert job.state == models.BatchJobState.COMPLETED
    assert job.execution_info.scheduling_error.code == code
    assert job.execution_info.scheduling_error.category == "usererror"
    assert job.execution_info.pool_id is None
    assert account.get(f"/jobs/{unused}/tasks")["value"] == []
    task = account.send("POST", f"/jobs/{unused}/tasks", {"id": "t", "commandLine": "true"})
    assert account.code(task) == (409, "JobCompleted")


def test_the_jobs_of_a_schedule_share_an_auto_pool(account, auto, unused):
    specification = auto("jobschedule", nodes=1)
    hourly = {"recurrenceInterval": "PT1H"}
    body = {"id": unused, "schedule": hourly, "jobSpecification": specification}
    response = account.send("POST", "/jobschedules", body)
    assert response.status_code == 201, response.text()
    job = f"{unused}:job-1"
    pool = account.get(f"/jobs/{job}")["executionInfo"]["poolId"]
    account.run(job, "t")
    account.send("POST", f"/jobs/{job}/terminate", {})
    account.job_in(job, "completed")
    assert exists(account, pool)
    account.send("POST", f"/jobschedules/{unused}/terminate")
    account.gone(f"/pools/{pool}")


def test_an_auto_pool_survives_being_killed(tmp_path, start_emulator, account_of, auto):
    emulator = start_emulator(tmp_path / "home")
    account = account_of(emulator)
    job = create(account, "j", auto())
    emulator.process.send_signal(signal.SIGKILL)
    emulator.process.wait(60)
    account = account_of(start_emulator(tmp_path / "home"))
    pool = job["executionInfo"]["poolId"]
    assert account.get("/jobs/j")["executionInfo"]["poolId"] == pool
    account.run("j", "t")
    account.send("DELETE", "/jobs/j")
    account.gone(f"/pools/{pool}")
