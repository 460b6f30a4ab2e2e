"""Job manager tasks: the first task of a job, and with it most often the last."""

from __future__ import annotations

import shlex
import sys

import pytest
from azure.batch import models

NOWHERE = "no-such-pool"

ADD_TASKS = """
import os
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

key = AzureNamedKeyCredential(os.environ["AZ_BATCH_ACCOUNT_NAME"], os.environ["KEY"])
with BatchClient(os.environ["AZ_BATCH_ACCOUNT_URL"], key) as client:
    for number in range(3):
        task = models.BatchTaskCreateOptions(id=f"t{number}", command_line="true")
        client.create_task(os.environ["AZ_BATCH_JOB_ID"], task)
"""


@pytest.fixture
def manager_job(account):
    """Make a job with a manager of these properties."""

    def make(pool_id, command="true", *, job=None, **more):
        manager = {"id": "Manager", "commandLine": command, **more}
        return account.job(pool_id, jobManagerTask=manager, **(job or {}))

    return make


def test_the_end_of_the_manager_ends_the_job(account, manager_job, sh, tmp_path):
    """Item 112: what runs then is ended, and what waits stays so."""
    pool = account.pool(nodes=1, slots=2)
    wait = sh(f'until test -e "{tmp_path}/go"; do sleep 0.02; done; exit 3')
    job = manager_job(pool, wait, runExclusive=False)
    account.add(job, "long", "sleep 60")
    account.task_in(job, "long", "running")
    account.add(job, "waiting")
    (tmp_path / "go").touch()
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == "JMComplete"
    assert account.task(job, "Manager")["executionInfo"]["exitCode"] == 3
    assert account.task(job, "long")["executionInfo"]["failureInfo"]["code"] == "TaskEnded"
    assert account.task(job, "waiting")["state"] == "active"


def test_a_manager_adds_the_tasks_of_its_job(account, emulator, pool, client):
    """It is an ordinary task with the job's environment, and may end before the others."""
    job_id = f"managed-{pool}"
    manager = models.BatchJobManagerTask(
        id="manager",
        command_line=shlex.join([sys.executable, "-c", ADD_TASKS]),
        kill_job_on_completion=False,
        environment_settings=[models.EnvironmentSetting(name="KEY", value=emulator.key)],
    )
    client.create_job(
        models.BatchJobCreateOptions(
            id=job_id,
            pool_info=models.BatchPoolInfo(pool_id=pool),
            job_manager_task=manager,
            all_tasks_complete_mode=models.BatchAllTasksCompleteMode.TERMINATE_JOB,
        )
    )
    info = account.job_in(job_id, "completed")["executionInfo"]
    assert info["terminateReason"] == "AllTasksComplete"
    assert [task.id for task in client.list_tasks(job_id)] == ["manager", "t0", "t1", "t2"]
    assert account.counts(job_id)["succeeded"] == 4
    seen = client.get_job(job_id).job_manager_task
    assert (seen.id, seen.run_exclusive, seen.required_slots) == ("manager", True, 1)


def test_an_exclusive_manager_keeps_its_node_to_itself(account, manager_job):
    """Item 112: no other task comes to its node until it ends."""
    pool = account.pool(nodes=1, slots=4)
    job = manager_job(pool, "sleep 60")
    account.task_in(job, "Manager", "running")
    other = account.job(pool)
    account.add(other, "t")
    account.add(job, "t")
    (node,) = account.nodes(pool)
    assert (node["runningTasksCount"], node["runningTaskSlotsCount"]) == (1, 1)
    assert account.task(other, "t")["state"] == account.task(job, "t")["state"] == "active"
    account.send("POST", f"/jobs/{job}/tasks/Manager/terminate")
    account.task_in(other, "t", "completed")
    assert account.job_in(job, "completed")["executionInfo"]["terminateReason"] == "JMComplete"


def test_an_exclusive_manager_waits_for_a_node_of_its_own(account, manager_job):
    """Item 112: one that runs something does not do, but does for the other tasks of its job."""
    pool = account.pool(nodes=1, slots=2)
    other = account.job(pool)
    account.add(other, "long", "sleep 60")
    account.task_in(other, "long", "running")
    job = manager_job(pool, killJobOnCompletion=False)
    account.run(job, "t")
    assert account.task(job, "Manager")["state"] == "active"
    account.send("POST", f"/jobs/{other}/tasks/long/terminate")
    account.task_in(job, "Manager", "completed")


def test_others_share_the_node_of_a_manager_that_lets_them(account, manager_job):
    """Item 112."""
    pool = account.pool(nodes=1, slots=3)
    job = manager_job(pool, "sleep 60", runExclusive=False, requiredSlots=2)
    account.task_in(job, "Manager", "running")
    account.run(job, "t")
    assert account.task(job, "Manager")["state"] == "running"
    account.send("DELETE", f"/jobs/{job}")


def test_a_manager_may_be_kept_from_low_priority_nodes(account, manager_job):
    pool = account.pool(nodes=0, targetLowPriorityNodes=1)
    choosy = manager_job(pool, allowLowPriorityNode=False)
    job = manager_job(pool)
    account.job_in(job, "completed")
    assert account.task(choosy, "Manager")["state"] == "active"


def test_a_manager_is_retried_before_it_ends_the_job(account, manager_job, pool, sh):
    once = sh("test -e again || ! touch again")
    job = manager_job(pool, once, constraints={"maxTaskRetryCount": 1})
    account.job_in(job, "completed")
    info = account.task(job, "Manager")["executionInfo"]
    assert (info["result"], info["retryCount"]) == ("success", 1)


def test_a_schedule_makes_jobs_with_managers(account, pool, unused):
    specification = {
        "poolInfo": {"poolId": pool},
        "jobManagerTask": {"id": "m", "commandLine": "true"},
    }
    body = {"id": unused, "schedule": {}, "jobSpecification": specification}
    assert account.send("POST", "/jobschedules", body).status_code == 201
    job = account.job_in(f"{unused}:job-1", "completed")
    assert job["executionInfo"]["terminateReason"] == "JMComplete"


@pytest.mark.parametrize(
    ("manager", "code"),
    [
        ({"id": "a b"}, "InvalidPropertyValue"),
        ({"requiredSlots": 0}, "InvalidPropertyValue"),
        ({"outputFiles": [{"filePattern": "*"}]}, "MissingRequiredProperty"),
        ({"id": "prepare"}, "TaskIdSameAsJobPreparationTask"),
        (
            {"applicationPackageReferences": [{"applicationId": "none"}]},
            "InvalidApplicationPackageReferences",
        ),
    ],
)
def test_a_wrong_manager_is_refused(account, unused, manager, code):
    body = {
        "id": unused,
        "poolInfo": {"poolId": NOWHERE},
        "jobPreparationTask": {"id": "prepare", "commandLine": "true"},
        "jobManagerTask": {"id": "manager", "commandLine": "true", **manager},
    }
    response = account.send("POST", "/jobs", body)
    assert response.json()["code"] == code
    assert account.send("GET", f"/jobs/{unused}").status_code == 404


def test_a_manager_that_no_node_has_slots_for_is_refused(account, pool, pool_body, unused):
    """As an added task is, for jobs and schedules; while there is no pool yet it may wait."""
    small = pool_body("none", nodes=0, slots=4)
    del small["id"]
    auto_pool = {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": small}}
    manager = {"id": "manager", "commandLine": "true", "requiredSlots": 5}
    schedule = {"doNotRunUntil": "2100-01-01T00:00:00Z"}
    for pool_info in ({"poolId": pool}, auto_pool):
        job = {"poolInfo": pool_info, "jobManagerTask": manager}
        bodies = {
            "/jobs": job,
            "/jobschedules": {"schedule": schedule, "jobSpecification": job},
        }
        for path, body in bodies.items():
            refused = account.send("POST", path, {"id": unused, **body})
            assert account.code(refused) == (400, "InvalidPropertyValue")
            values = {one["key"]: one["value"] for one in refused.json()["values"]}
            assert values["PropertyName"] == "requiredSlots"
            assert account.send("GET", f"{path}/{unused}").status_code == 404
    later = {"poolInfo": {"poolId": NOWHERE}, "jobManagerTask": manager}
    body = {"id": unused, "schedule": schedule, "jobSpecification": later}
    assert account.send("POST", "/jobschedules", body).status_code == 201
    moved = {"jobSpecification": {**later, "poolInfo": {"poolId": pool}}}
    refused = account.send("PATCH", f"/jobschedules/{unused}", moved)
    assert account.code(refused) == (400, "InvalidPropertyValue")
    assert account.send("POST", "/jobs", {"id": f"{unused}-job", **later}).status_code == 201


def test_a_managers_id_is_taken(account, manager_job):
    job = manager_job(NOWHERE)
    body = {"id": "manager", "commandLine": "true"}
    response = account.send("POST", f"/jobs/{job}/tasks", body)
    assert account.code(response) == (409, "TaskExists")


def test_a_shrinking_pool_gives_up_the_managers_node_last(account, manager_job):
    pool = account.pool(nodes=3)
    job = manager_job(pool, "sleep 60")
    manager = account.task_in(job, "Manager", "running")["nodeInfo"]["nodeId"]
    for task_id in ("a", "b"):
        account.add(job, task_id, "sleep 60")
        account.task_in(job, task_id, "running")
    resize = {"targetDedicatedNodes": 1, "nodeDeallocationOption": "requeue"}
    account.send("POST", f"/pools/{pool}/resize", resize)
    account.steady(pool)
    assert [node["id"] for node in account.nodes(pool)] == [manager]
    assert account.task(job, "Manager")["executionInfo"]["requeueCount"] == 0
    account.send("DELETE", f"/jobs/{job}")
