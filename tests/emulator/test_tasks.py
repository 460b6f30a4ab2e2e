"""Section H of the fidelity checklist: tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psutil
import pytest
from azure.batch import models
from azure.core.exceptions import ResourceExistsError

NOWHERE = "no-such-pool"
NONADMIN = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}


def code_of(task):
    return task["executionInfo"]["failureInfo"]["code"]


def test_a_task_is_added_once(account, job):
    """Item 81."""
    body = {"id": "t", "commandLine": "true"}
    response = account.send("POST", f"/jobs/{job}/tasks", body)
    assert response.status_code == 201
    assert response.headers["Location"] == f"{account.url}/jobs/{job}/tasks/t"
    for task_id in ("t", "T"):
        again = account.send("POST", f"/jobs/{job}/tasks", {**body, "id": task_id})
        assert account.code(again) == (409, "TaskExists")


def test_a_task_that_succeeds(account, job):
    """Items 82 and 92."""
    task = account.run(job, "t")
    info = task["executionInfo"]
    assert (task["state"], task["previousState"]) == ("completed", "running")
    assert (info["result"], info["exitCode"]) == ("success", 0)
    assert "failureInfo" not in info
    assert info["startTime"] <= info["endTime"]
    assert task["constraints"] == {
        "maxWallClockTime": "P10675199DT2H48M5.4775807S",
        "retentionTime": "P7D",
        "maxTaskRetryCount": 0,
    }
    assert task["requiredSlots"] == 1
    assert task["userIdentity"] == NONADMIN
    assert task["nodeInfo"]["taskRootDirectory"] == f"workitems/{job}/job-1/t"


def test_a_task_that_waits_has_neither_node_nor_previous_state(account):
    job = account.job(NOWHERE)
    account.add(job, "t")
    task = account.task(job, "t")
    assert task["executionInfo"] == {"retryCount": 0, "requeueCount": 0}
    assert not {"nodeInfo", "previousState"} & task.keys()


def test_the_sdks_own_model_of_a_task(client, job, wait_for):
    client.create_task(
        job,
        models.BatchTaskCreateOptions(
            id="t",
            command_line="/bin/sh -c 'exit $CODE'",
            environment_settings=[models.EnvironmentSetting(name="CODE", value="3")],
            constraints=models.BatchTaskConstraints(
                max_wall_clock_time=timedelta(minutes=5), retention_time=timedelta(days=1)
            ),
        ),
    )
    wait_for(lambda: client.get_task(job, "t").state == models.BatchTaskState.COMPLETED)
    task = client.get_task(job, "t")
    assert task.execution_info.exit_code == 3
    assert task.execution_info.failure_info.category == models.BatchErrorSourceCategory.USER_ERROR
    assert task.execution_info.result == models.BatchTaskExecutionResult.FAILURE
    assert task.constraints.max_wall_clock_time == timedelta(minutes=5)
    assert list(client.list_subtasks(job, "t")) == []


def test_a_task_that_fails(account, job, sh):
    """Item 83."""
    info = account.run(job, "t", sh("exit 5"))["executionInfo"]
    assert (info["result"], info["exitCode"]) == ("failure", 5)
    failure = info["failureInfo"]
    assert (failure["category"], failure["code"]) == ("usererror", "FailureExitCode")


def test_retries_go_on_where_the_attempt_before_failed(account, sh):
    """Item 84, and 11.14."""
    job = account.job(account.pool(nodes=2))
    line = sh("echo x >> attempts; cat attempts; exit 1")
    task = account.run(job, "t", line, constraints={"maxTaskRetryCount": 2})
    info = task["executionInfo"]
    assert info["retryCount"] == 2
    assert info["startTime"] == info["lastRetryTime"] <= info["endTime"]
    assert account.read(job, "t") == "x\nx\nx\n"


def test_retries_are_the_jobs_where_a_task_says_nothing(account, pool):
    job = account.job(pool, constraints={"maxTaskRetryCount": 1})
    task = account.run(job, "t", "false")
    assert task["constraints"]["maxTaskRetryCount"] == 1
    assert task["executionInfo"]["retryCount"] == 1


def test_a_missing_program_is_no_reason_to_try_again(account, job):
    """Item 85."""
    task = account.run(job, "t", "no-such-program", constraints={"maxTaskRetryCount": 3})
    assert code_of(task) == "CommandProgramNotFound"
    assert task["executionInfo"]["retryCount"] == 0
    assert "exitCode" not in task["executionInfo"]


def test_a_task_under_a_user_account_that_its_pool_does_not_have_fails(account):
    users = [{"name": "bob", "password": "Secr3t!x"}, {"name": "eve", "password": "Secr3t!y"}]
    job = account.job(account.pool(userAccounts=users))
    task = account.run(job, "bob", "true", userIdentity={"username": "bob"})
    assert task["executionInfo"]["result"] == "success"
    task = account.run(job, "bod", "true", userIdentity={"username": "bod"})
    assert code_of(task) == "CommandLaunchFailed"
    (detail,) = task["executionInfo"]["failureInfo"]["details"]
    assert detail["value"].endswith("have no user account `bod`: they have `bob`, `eve`")


def test_a_start_task_under_a_user_account_that_its_pool_does_not_have_fails(account):
    start_task = {"commandLine": "true", "waitForSuccess": True, "userIdentity": {"username": "u"}}
    pool = account.pool(startTask=start_task)
    failure = account.node_in(pool, "starttaskfailed")["startTaskInfo"]["failureInfo"]
    assert failure["code"] == "CommandLaunchFailed"
    (detail,) = failure["details"]
    assert detail["value"] == (
        f"the nodes of pool `{pool}` have no user account `u`: "
        "name it in the `userAccounts` of the pool"
    )


def test_there_is_no_shell(account, job):
    """Item 86."""
    account.run(job, "t", "echo $HOME | cat")
    assert account.read(job, "t") == "$HOME | cat\n"


def test_a_time_limit_ends_the_whole_tree_of_processes(account, job, sh):
    """Item 87."""
    line = sh("setsid sleep 61 & echo $!; sleep 62")
    task = account.run(job, "t", line, constraints={"maxWallClockTime": "PT2S"})
    assert code_of(task) == "TaskEnded"
    assert "exitCode" not in task["executionInfo"]
    details = task["executionInfo"]["failureInfo"]["details"]
    assert "maximum execution time" in details[0]["value"]
    assert not psutil.pid_exists(int(account.read(job, "t")))


@pytest.mark.parametrize(
    ("before", "after", "code"), [("PT3S", "PT1H", None), (None, "PT1S", "TaskEnded")]
)
def test_a_time_limit_that_changes_holds_for_a_task_that_runs(
    account, job, sh, tmp_path, before, after, code
):
    limits = {} if before is None else {"maxWallClockTime": before}
    go = tmp_path / "go"
    account.add(job, "t", sh(f"until [ -e '{go}' ]; do sleep 0.1; done"), constraints=limits)
    account.task_in(job, "t", "running")
    body = {"constraints": {"maxWallClockTime": after}}
    assert account.send("PUT", f"/jobs/{job}/tasks/t", body).status_code == 200
    if code is None:
        account.run(job, "later", "sleep 3.5")
        go.touch()
    info = account.task_in(job, "t", "completed")["executionInfo"]
    assert info.get("failureInfo", {}).get("code") == code


def test_a_terminated_task_takes_its_children_along(account, job, client, sh):
    """Item 88."""
    account.add(job, "t", sh("setsid sleep 63 & echo $!; sleep 64"))
    child = int(
        account.wait_for(
            lambda: account.task(job, "t")["state"] == "running" and _content(account, job, "t")
        )
    )
    response = account.send("POST", f"/jobs/{job}/tasks/t/terminate")
    assert (response.status_code, response.content) == (204, b"")
    task = account.task_in(job, "t", "completed")
    assert code_of(task) == "TaskEnded"
    account.wait_for(lambda: not psutil.pid_exists(child))
    again = account.send("POST", f"/jobs/{job}/tasks/t/terminate")
    assert account.code(again) == (409, "TaskCompleted")


def _content(account, job, task):
    response = account.send("GET", f"/jobs/{job}/tasks/{task}/files/stdout.txt")
    return response.content if response.status_code == 200 else b""


def test_a_waiting_task_is_terminated_without_having_run(account):
    job = account.job(NOWHERE)
    account.add(job, "t")
    account.client.terminate_task(job, "t")
    info = account.task(job, "t")["executionInfo"]
    assert info["result"] == "failure"
    assert not {"exitCode", "startTime"} & info.keys()


def test_only_a_failed_task_is_reactivated(account, job, client, sh, tmp_path):
    """Item 89."""
    path = f"/jobs/{job}/tasks/t/reactivate"
    line = sh(f'test -e "{tmp_path}/go"')
    account.run(job, "t", line, constraints={"maxTaskRetryCount": 1})
    (tmp_path / "go").touch()
    etag = account.task(job, "t")["eTag"]
    response = account.send("POST", path)
    assert response.status_code == 204
    assert response.headers["ETag"] != etag
    info = account.task_in(job, "t", "completed")["executionInfo"]
    assert (info["result"], info["retryCount"]) == ("success", 0)
    assert account.code(account.send("POST", path)) == (409, "TaskSucceeded")
    account.add(job, "runs", "sleep 60")
    account.task_in(job, "runs", "running")
    running = account.send("POST", f"/jobs/{job}/tasks/runs/reactivate")
    assert account.code(running) == (409, "TaskNotCompleted")
    client.delete_task(job, "runs")


def test_a_task_is_deleted(account, job, client):
    """Item 90."""
    account.run(job, "done")
    account.add(job, "runs", "sleep 60")
    for task_id in ("done", "runs"):
        assert account.send("DELETE", f"/jobs/{job}/tasks/{task_id}").status_code == 200
        after = account.send("GET", f"/jobs/{job}/tasks/{task_id}")
        assert account.code(after) == (404, "TaskNotFound")
    assert account.get(f"/jobs/{job}/tasks")["value"] == []
    account.run(job, "runs")


def test_tasks_of_a_job_that_is_being_deleted_go_with_it(account, pool, sh, tmp_path):
    line = sh(f'while ! test -e "{tmp_path}/go"; do sleep 0.02; done')
    job = account.job(
        pool, jobPreparationTask={"commandLine": "true"}, jobReleaseTask={"commandLine": line}
    )
    account.run(job, "t")
    account.send("DELETE", f"/jobs/{job}")
    refused = account.send("DELETE", f"/jobs/{job}/tasks/t")
    assert account.code(refused) == (409, "JobBeingDeleted")
    (tmp_path / "go").touch()
    account.gone(f"/jobs/{job}")


def test_only_the_constraints_of_a_task_change(account, client):
    """Item 91, and 11.38."""
    job = account.job(NOWHERE)
    account.add(job, "t", "true", constraints={"maxTaskRetryCount": 5})
    task = client.get_task(job, "t")
    task.constraints = models.BatchTaskConstraints(retention_time=timedelta(days=1))
    task.command_line = "false"
    client.replace_task(job, "t", task)
    changed = account.task(job, "t")
    assert changed["commandLine"] == "true"
    assert changed["constraints"]["retentionTime"] == "P1D"
    assert changed["constraints"]["maxTaskRetryCount"] == 0


def test_a_completed_task_keeps_its_constraints(account, job):
    account.run(job, "t")
    body = {"constraints": {"maxTaskRetryCount": 9}}
    response = account.send("PUT", f"/jobs/{job}/tasks/t", body)
    assert account.code(response) == (409, "TaskCompleted")
    assert account.task(job, "t")["constraints"]["maxTaskRetryCount"] == 0


@pytest.mark.parametrize(("slots", "together"), [(1, 4), (2, 2)])
def test_as_many_tasks_run_together_as_there_are_slots(account, slots, together):
    """Items 93 and 97."""
    job = account.job(account.pool(nodes=1, slots=4))
    for number in range(5):
        account.add(job, f"t{number}", "sleep 60", requiredSlots=slots)
    account.wait_for(lambda: account.counts(job)["running"] == together)
    counted = account.get(f"/jobs/{job}/taskcounts")
    assert counted["taskCounts"]["active"] == 5 - together
    assert counted["taskSlotCounts"]["running"] == 4
    states = [task["state"] for task in account.get(f"/jobs/{job}/tasks")["value"]]
    assert states.count("running") == together
    (node,) = account.nodes(account.get(f"/jobs/{job}")["poolInfo"]["poolId"])
    assert (node["runningTasksCount"], node["runningTaskSlotsCount"]) == (together, 4)
    account.send("POST", f"/jobs/{job}/terminate", {})


def test_a_job_runs_no_more_tasks_at_a_time_than_it_may(account, pool, sh, tmp_path):
    """Item 94."""
    job = account.job(pool, maxParallelTasks=1)
    line = sh(f'mkdir "{tmp_path}/alone" && sleep 0.05 && rmdir "{tmp_path}/alone"')
    for number in range(4):
        account.add(job, f"t{number}", line)
    account.wait_for(lambda: account.counts(job)["completed"] == 4)
    assert account.counts(job)["succeeded"] == 4


def test_the_job_of_higher_priority_goes_first(account, sh, tmp_path):
    """Item 95."""
    pool = account.pool(nodes=1)
    first, low = account.job(pool), account.job(pool)
    high = account.job(pool, priority=100)
    account.add(first, "t", sh(f'while ! test -e "{tmp_path}/go"; do sleep 0.02; done'))
    for job in (low, high):
        account.add(job, "t", sh(f'echo {job} >> "{tmp_path}/order"'))
    (tmp_path / "go").touch()
    for job in (low, high):
        account.task_in(job, "t", "completed")
    assert (tmp_path / "order").read_text().split() == [high, low]


def test_a_task_that_no_node_has_slots_for_is_refused(account, pool):
    body = {"id": "t", "commandLine": "true", "requiredSlots": 5}
    refused = account.send("POST", f"/jobs/{account.job(pool)}/tasks", body)
    assert account.code(refused) == (400, "InvalidPropertyValue")
    assert account.send("POST", f"/jobs/{account.job('none')}/tasks", body).status_code == 201


def test_a_task_goes_where_it_has_an_affinity_to(account, sh, tmp_path):
    """To the node of an earlier task, while there is room; elsewhere if there is none."""
    pool = account.pool(nodes=3)
    job = account.job(pool)
    wait = sh(f'while ! test -e "{tmp_path}/go"; do sleep 0.02; done')
    affinity = account.run(job, "first")["nodeInfo"]["affinityId"]
    for number in range(2):
        account.add(job, f"t{number}", wait, affinityInfo={"affinityId": affinity})
        account.task_in(job, f"t{number}", "running")
    used = [account.task(job, f"t{number}")["nodeInfo"]["affinityId"] for number in range(2)]
    assert used[0] == affinity != used[1]
    assert account.task(job, "t0")["affinityInfo"] == {"affinityId": affinity}
    (tmp_path / "go").touch()
    account.task_in(job, "t1", "completed")


@pytest.mark.parametrize(("fill", "used"), [("pack", 1), ("Spread", 2)])
def test_nodes_are_filled_as_the_pool_says(account, fill, used):
    """Item 96."""
    pool = account.pool(nodes=2, slots=2, taskSchedulingPolicy={"nodeFillType": fill})
    job = account.job(pool)
    for number in range(2):
        account.add(job, f"t{number}", "sleep 60")
    account.wait_for(lambda: account.counts(job)["running"] == 2)
    tasks = account.get(f"/jobs/{job}/tasks")["value"]
    assert len({task["nodeInfo"]["nodeId"] for task in tasks}) == used
    account.send("POST", f"/jobs/{job}/terminate", {})


def test_the_files_of_a_task_go_when_their_time_is_over(account, job):
    """Section 3.4: after the retention time the folder is removed."""
    account.run(job, "kept")
    account.run(job, "gone", constraints={"retentionTime": "PT0.2S"})
    path = f"/jobs/{job}/tasks/gone/files"
    account.wait_for(lambda: account.send("GET", path).status_code == 409)
    assert account.code(account.send("GET", path)) == (409, "TaskFilesCleanedup")
    assert account.read(job, "kept") == ""


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"id": "a b"}, "InvalidPropertyValue"),
        ({"id": ""}, "InvalidPropertyValue"),
        ({"displayName": "x" * 1025}, "InvalidPropertyValue"),
        ({"commandLine": None}, "MissingRequiredProperty"),
        ({"requiredSlots": 0}, "InvalidPropertyValue"),
        ({"constraints": {"maxTaskRetryCount": "two"}}, "InvalidPropertyValue"),
        ({"resourceFiles": [{"filePath": "a"}]}, "InvalidPropertyValue"),
        ({"resourceFiles": [{"httpUrl": "http://x/a"}]}, "MissingRequiredProperty"),
        (
            {"resourceFiles": [{"httpUrl": "http://x/a", "filePath": "a", "fileMode": "rwx"}]},
            "InvalidPropertyValue",
        ),
        ({"environmentSettings": [{"value": "x"}]}, "MissingRequiredProperty"),
        ({"outputFiles": [{"filePattern": "*"}]}, "MissingRequiredProperty"),
    ],
)
def test_a_wrong_task_is_refused(account, job, more, code):
    body = {"id": "t", "commandLine": "true", **more}
    assert account.code(account.send("POST", f"/jobs/{job}/tasks", body)) == (400, code)


@pytest.mark.parametrize("url", ["http://[", "http://host:port/x", "https://", "ftp://host/x"])
def test_a_url_of_no_file_is_told_of(account, job, url):
    """A file that a task needs, and one that it leaves."""
    files = {"file": {"httpUrl": url, "filePath": "x"}, "folder": {"storageContainerUrl": url}}
    for name, file in files.items():
        needs = account.run(job, name, resourceFiles=[file])["executionInfo"]["failureInfo"]
        assert (needs["code"], needs["details"][0]["value"]) == ("BlobDownloadMiscError", url)
    destination = {"container": {"containerUrl": url}}
    options = {"uploadCondition": "taskcompletion"}
    output = {
        "filePattern": "../stdout.txt",
        "destination": destination,
        "uploadOptions": options,
    }
    leaves = account.run(job, "leaves", outputFiles=[output])["executionInfo"]["failureInfo"]
    assert leaves["code"] == "FileUploadMiscError"


def test_what_cannot_be_asked_of_a_node_fails_alone(account, sh):
    """A container that no storage account could have, for tasks of every kind."""
    files = [{"autoStorageContainerName": "No container!"}]
    pool = account.pool(nodes=2)
    job = account.job(pool)
    account.add(job, "long", "sleep 60")
    long = account.task_in(job, "long", "running")["executionInfo"]
    failed = account.run(job, "t", resourceFiles=files)["executionInfo"]
    assert failed["failureInfo"]["code"] == "BlobNotFound"
    assert "exitCode" not in failed
    prepared = account.job(pool, jobPreparationTask={"commandLine": "true", "resourceFiles": files})
    account.add(prepared, "t")
    path = f"/jobs/{prepared}/jobpreparationandreleasetaskstatus"
    account.wait_for(lambda: "failureInfo" in str(account.get(path)["value"]))
    started = account.pool(startTask={"commandLine": "true", "resourceFiles": files})
    account.node_in(started, "starttaskfailed")
    assert account.task(job, "long")["executionInfo"] == long
    account.send("DELETE", f"/jobs/{job}")


def test_what_is_not_built_says_so(account, job):
    body = {"id": "t", "commandLine": "true", "containerSettings": {"imageName": "ubuntu"}}
    response = account.send("POST", f"/jobs/{job}/tasks", body)
    assert account.code(response) == (501, "NotImplemented")


def test_ids_of_tasks_are_unique_for_the_sdk_too(account, job):
    account.add(job, "t")
    with pytest.raises(ResourceExistsError):
        account.add(job, "t")


def test_times_are_those_of_this_machine(account, job):
    before = datetime.now(UTC)
    info = account.run(job, "t")["executionInfo"]
    started = datetime.fromisoformat(info["startTime"])
    assert before <= started <= datetime.now(UTC)
