"""Sections G and K of the fidelity checklist: jobs, preparation and release tasks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import ResourceExistsError

UNLIMITED = "P10675199DT2H48M5.4775807S"
NOWHERE = "no-such-pool"


def test_a_job_is_created(account, unused):
    """Item 62."""
    body = {"id": unused, "poolInfo": {"poolId": NOWHERE}}
    response = account.send("POST", "/jobs", body)
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["DataServiceId"] == f"{account.url}/jobs/{unused}"
    assert response.headers["ETag"] == account.get(f"/jobs/{unused}")["eTag"]


def test_the_sdks_own_model_of_a_job(client, unused):
    client.create_job(
        models.BatchJobCreateOptions(
            id=unused,
            pool_info=models.BatchPoolInfo(pool_id=NOWHERE),
            priority=5,
            constraints=models.BatchJobConstraints(
                max_wall_clock_time=timedelta(hours=2), max_task_retry_count=3
            ),
            common_environment_settings=[models.EnvironmentSetting(name="A", value="1")],
        )
    )
    job = client.get_job(unused)
    assert (job.state, job.priority) == (models.BatchJobState.ACTIVE, 5)
    assert job.constraints.max_wall_clock_time == timedelta(hours=2)
    assert job.execution_info.pool_id == NOWHERE
    assert job.common_environment_settings[0].name == "A"


def test_ids_of_jobs_are_unique(account, client):
    """Item 63."""
    job = account.job(NOWHERE)
    for job_id in (job, job.upper()):
        with pytest.raises(ResourceExistsError) as error:
            client.create_job({"id": job_id, "poolInfo": {"poolId": NOWHERE}})
        assert error.value.error.code == "JobExists"
    assert account.code(account.send("GET", "/jobs/none")) == (404, "JobNotFound")


def test_a_job_may_come_before_its_pool(account, client, pool_body, unused):
    """Item 64."""
    job = account.job(unused)
    account.add(job, "t")
    assert account.get(f"/jobs/{job}")["state"] == "active"
    client.create_pool(pool_body(unused, nodes=1))
    account.task_in(job, "t", "completed")


def test_defaults_of_a_job(account):
    """Item 65."""
    job = account.get(f"/jobs/{account.job(NOWHERE)}")
    expected = {
        "state": "active",
        "priority": 0,
        "maxParallelTasks": -1,
        "onAllTasksComplete": "noaction",
        "onTaskFailure": "noaction",
        "usesTaskDependencies": False,
        "constraints": {"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0},
    }
    assert job.items() >= expected.items()
    assert "previousState" not in job


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"priority": 2000}, "InvalidPropertyValue"),
        ({"maxParallelTasks": 0}, "InvalidPropertyValue"),
        ({"id": "a/b"}, "InvalidPropertyValue"),
        ({"poolInfo": {}}, "MissingRequiredProperty"),
        ({"onAllTasksComplete": "dance"}, "InvalidPropertyValue"),
        ({"metadata": [{"name": "", "value": "x"}]}, "EmptyMetadataKey"),
        ({"displayName": "x" * 1025}, "InvalidPropertyValue"),
        ({"constraints": {"maxWallClockTime": "-PT1S"}}, "InvalidPropertyValue"),
        ({"constraints": {"maxTaskRetryCount": -2}}, "InvalidPropertyValue"),
    ],
)
def test_a_wrong_job_is_refused(account, more, code):
    """Item 66 and its like."""
    body = {"id": "wrong", "poolInfo": {"poolId": NOWHERE}, **more}
    status, given = account.code(account.send("POST", "/jobs", body))
    assert status == 400
    assert given in {code, "OutOfRangePriority"}


@pytest.mark.parametrize(
    ("body", "reason"), [({"terminateReason": "enough"}, "enough"), (None, "UserTerminate")]
)
def test_a_job_is_terminated_once(account, job, body, reason):
    """Items 67, 68 and 70."""
    assert account.send("POST", f"/jobs/{job}/terminate", body).status_code == 202
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == reason
    assert info["endTime"] >= info["startTime"]
    again = account.send("POST", f"/jobs/{job}/terminate", body)
    assert account.code(again) == (409, "JobCompleted")
    late = account.send("POST", f"/jobs/{job}/tasks", {"id": "t", "commandLine": "true"})
    assert account.code(late) == (409, "JobCompleted")


def test_termination_ends_what_runs_and_leaves_what_waits(account):
    """Item 69, and 11.17."""
    job = account.job(account.pool(nodes=1))
    account.add(job, "runs", "sleep 60")
    account.add(job, "waits")
    account.task_in(job, "runs", "running")
    account.send("POST", f"/jobs/{job}/terminate", {})
    account.job_in(job, "completed")
    ended = account.task(job, "runs")
    assert ended["state"] == "completed"
    assert ended["executionInfo"]["failureInfo"]["code"] == "TaskEnded"
    assert "exitCode" not in ended["executionInfo"]
    assert account.task(job, "waits")["state"] == "active"
    assert account.counts(job).items() >= {"active": 1, "failed": 1}.items()


def test_the_pollers_of_a_job(account, client):
    """Item 149."""
    job = account.job(NOWHERE)
    client.begin_disable_job(
        job, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=0
    ).result()
    assert client.get_job(job).state == "disabled"
    client.begin_enable_job(job, polling_interval=0).result()
    assert client.get_job(job).state == "active"
    client.begin_terminate_job(job, {"terminateReason": "x"}, polling_interval=0).result()
    assert client.get_job(job).state == "completed"
    client.begin_delete_job(job, polling_interval=0).result()
    account.gone(f"/jobs/{job}")


@pytest.mark.parametrize(
    ("option", "state"), [("requeue", "active"), ("terminate", "completed"), ("wait", "running")]
)
def test_a_job_is_disabled_and_enabled(account, job, option, state, sh, tmp_path):
    """Item 71."""
    account.add(job, "t", sh(f'while ! test -e "{tmp_path}/go"; do sleep 0.02; done'))
    account.task_in(job, "t", "running")
    account.add(job, "next")
    response = account.send("POST", f"/jobs/{job}/disable", {"disableTasks": option})
    assert response.status_code == 202
    task = account.task_in(job, "t", state)
    if option == "wait":
        assert account.get(f"/jobs/{job}")["state"] == "disabling"
    elif option == "requeue":
        assert task["executionInfo"]["requeueCount"] == 1
    (tmp_path / "go").touch()
    account.job_in(job, "disabled")
    assert account.task(job, "next")["state"] in {"active", "completed"}
    assert account.send("POST", f"/jobs/{job}/enable").status_code == 202
    account.task_in(job, "t", "completed")
    account.task_in(job, "next", "completed")


def test_a_job_ends_with_its_last_task(account, client, job):
    """Item 72."""
    account.run(job, "a", "false")
    client.update_job(job, models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == "AllTasksComplete"


def test_an_empty_job_that_ends_with_its_tasks_ends_at_once(account):
    """Item 73."""
    job = account.job(NOWHERE, onAllTasksComplete="terminatejob")
    assert account.get(f"/jobs/{job}")["state"] == "completed"


def test_terminating_with_the_last_task_is_not_taken_back(account):
    """Item 74."""
    job = account.job(NOWHERE)
    account.add(job, "t")
    account.send("PATCH", f"/jobs/{job}", {"onAllTasksComplete": "terminatejob"})
    response = account.send("PATCH", f"/jobs/{job}", {"onAllTasksComplete": "noaction"})
    assert account.code(response) == (400, "InvalidPropertyValue")
    replaced = account.send("PUT", f"/jobs/{job}", {"poolInfo": {"poolId": NOWHERE}})
    assert account.code(replaced) == (400, "InvalidPropertyValue")
    assert account.get(f"/jobs/{job}")["onAllTasksComplete"] == "terminatejob"


def test_a_failed_task_ends_a_job_that_says_so(account, pool):
    """Item 75."""
    job = account.job(pool, onTaskFailure="performexitoptionsjobaction")
    account.run(job, "good")
    account.run(job, "bad", "false")
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == "TaskFailed"


def test_a_jobs_time_limit(account, pool):
    """Item 76."""
    job = account.job(pool, constraints={"maxWallClockTime": "PT0.5S"})
    account.add(job, "t", "sleep 60")
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == "MaxWallClockTimeExpiry"


def test_a_patch_keeps_and_a_replacement_resets(account):
    """Item 77."""
    job = account.job(NOWHERE, priority=7, metadata=[{"name": "a", "value": "b"}])
    account.send("PATCH", f"/jobs/{job}", {"maxParallelTasks": 3})
    patched = account.get(f"/jobs/{job}")
    assert (patched["priority"], patched["maxParallelTasks"]) == (7, 3)
    response = account.send("PUT", f"/jobs/{job}", {"poolInfo": {"poolId": NOWHERE}})
    assert response.status_code == 200
    replaced = account.get(f"/jobs/{job}")
    assert (replaced["priority"], replaced["maxParallelTasks"]) == (0, -1)
    assert "metadata" not in replaced


def test_a_job_moves_to_another_pool_while_it_is_disabled(account, pool):
    """Item 78."""
    job = account.job(NOWHERE)
    account.add(job, "t")
    move = {"poolInfo": {"poolId": pool}}
    response = account.send("PATCH", f"/jobs/{job}", move)
    assert account.code(response) == (409, "OperationInvalidForCurrentState")
    account.send("POST", f"/jobs/{job}/disable", {"disableTasks": "wait"})
    assert account.send("PATCH", f"/jobs/{job}", move).status_code == 200
    assert account.get(f"/jobs/{job}")["executionInfo"]["poolId"] == pool
    account.send("POST", f"/jobs/{job}/enable")
    account.task_in(job, "t", "completed")


def test_a_deleted_job_leaves_no_task_and_no_file(account, emulator, job):
    """Item 79."""
    account.run(job, "done")
    account.add(job, "runs", "sleep 60")
    folders = list((emulator.home / "emulator" / "nodes").glob(f"*/workitems/{job}"))
    assert folders
    assert account.send("DELETE", f"/jobs/{job}").status_code == 202
    account.gone(f"/jobs/{job}")
    assert account.send("GET", f"/jobs/{job}/tasks/done").status_code == 404
    account.wait_for(lambda: not any(folder.exists() for folder in folders))
    account.client.create_job({"id": job, "poolInfo": {"poolId": NOWHERE}})
    assert account.get(f"/jobs/{job}/tasks")["value"] == []
    assert account.counts(job)["completed"] == 0


PREPARATION = {"id": "prepare", "commandLine": "/bin/sh -c 'echo ready > ready'"}


def test_preparation_and_release_tasks_run_once_on_each_node_that_is_used(account, sh, tmp_path):
    """Items 109, 110 and 111."""
    pool = account.pool(nodes=3, slots=2, taskSchedulingPolicy={"nodeFillType": "pack"})
    job = account.job(
        pool,
        jobPreparationTask=PREPARATION,
        jobReleaseTask={"commandLine": sh(f'echo $AZ_BATCH_NODE_ID >> "{tmp_path}/released"')},
    )
    command = sh('cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/ready"; env')
    # At once, so that the second finds the first on its node.
    tasks = [{"id": name, "commandLine": command} for name in ("a", "b")]
    account.send("POST", f"/jobs/{job}/addtaskcollection", {"value": tasks})
    for name in ("a", "b"):
        account.task_in(job, name, "completed")
        assert account.read(job, name).startswith("ready\n")
        assert "AZ_BATCH_JOB_PREP_DIR=" in account.read(job, name)
    (status,) = account.get(f"/jobs/{job}/jobpreparationandreleasetaskstatus")["value"]
    info = status["jobPreparationTaskExecutionInfo"]
    assert (info["state"], info["result"], info["exitCode"]) == ("completed", "success", 0)
    assert info["taskRootDirectory"] == f"workitems/{job}/job-1/prepare"
    assert "jobReleaseTaskExecutionInfo" not in status
    account.send("POST", f"/jobs/{job}/terminate", {})
    account.job_in(job, "completed")
    assert (tmp_path / "released").read_text().split() == [status["nodeId"]]
    (status,) = account.client.list_job_preparation_and_release_task_status(job)
    assert status.job_release_task_execution_info.result == "success"
    assert account.send("DELETE", f"/jobs/{job}").status_code == 202
    account.gone(f"/jobs/{job}")
    assert len((tmp_path / "released").read_text().split()) == 1


def test_a_failed_preparation_keeps_its_job_off_that_node(account):
    job = account.job(account.pool(nodes=1), jobPreparationTask={"commandLine": "false"})
    account.add(job, "t")

    def statuses():
        return account.get(f"/jobs/{job}/jobpreparationandreleasetaskstatus")["value"]

    def ended():
        found = [one["jobPreparationTaskExecutionInfo"] for one in statuses()]
        return found and found[0]["state"] == "completed"

    account.wait_for(ended)
    info = statuses()[0]["jobPreparationTaskExecutionInfo"]
    assert info["failureInfo"]["code"] == "FailureExitCode"
    assert account.task(job, "t")["state"] == "active"


@pytest.mark.parametrize(
    "release",
    [{"maxWallClockTime": "PT16M"}, {"maxWallClockTime": "P10675199DT2H48M5.4775807S"}],
)
def test_a_release_task_takes_a_quarter_of_an_hour_at_most(account, release):
    """Item 110."""
    tasks = {
        "jobPreparationTask": PREPARATION,
        "jobReleaseTask": {"commandLine": "true", **release},
    }
    body = {"id": "wrong", "poolInfo": {"poolId": NOWHERE}, **tasks}
    assert account.code(account.send("POST", "/jobs", body)) == (400, "InvalidPropertyValue")


def test_a_job_without_such_tasks_has_no_status_of_them(account, job):
    """Item 111."""
    response = account.send("GET", f"/jobs/{job}/jobpreparationandreleasetaskstatus")
    assert account.code(response) == (409, "JobPreparationTaskOrReleaseTaskNotSpecified")


def test_no_task_takes_the_id_of_a_preparation_or_release_task(account, client):
    release = {"commandLine": "true"}
    job = account.job(NOWHERE, jobPreparationTask=PREPARATION, jobReleaseTask=release)
    for task_id, code in (
        ("prepare", "TaskIdSameAsJobPreparationTask"),
        ("jobrelease", "TaskIdSameAsJobReleaseTask"),
    ):
        body = {"id": task_id, "commandLine": "true"}
        assert account.code(account.send("POST", f"/jobs/{job}/tasks", body)) == (409, code)
