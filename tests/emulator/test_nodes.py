"""Section F of the fidelity checklist: nodes."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from azure.batch import models

from runfleet.storage import DirectoryStorage

NODE_ID = re.compile("tvmps_[0-9a-f]{64}_d")
SLEEP = {"commandLine": "sleep 60"}


@pytest.fixture
def node(account):
    """A pool of one node, and that node's path."""
    pool = account.pool(nodes=1)
    return f"/pools/{pool}/nodes/{account.nodes(pool)[0]['id']}"


def pool_of(node):
    return node.split("/")[2]


def test_ids_of_nodes(account, node):
    """Item 51."""
    shape = account.get(node)
    assert NODE_ID.fullmatch(shape["id"])
    assert shape["affinityId"] == f"TVM:{shape['id']}"
    assert shape["isDedicated"] is True
    assert shape["schedulingState"] == "enabled"
    assert account.code(account.send("GET", node + "x")) == (404, "NodeNotFound")


def test_spot_nodes_are_counted_apart(account, pool_body, unused):
    account.client.create_pool(pool_body(unused, nodes=0, targetLowPriorityNodes=1))
    node = account.node_in(unused, "idle")
    assert node["id"].endswith("_p")
    assert node["isDedicated"] is False
    pool = account.get(f"/pools/{unused}")
    assert (pool["currentDedicatedNodes"], pool["currentLowPriorityNodes"]) == (0, 1)


def test_a_node_comes_and_goes_by_its_states(start_emulator, account_of, tmp_path, pool_body, sh):
    """Items 52, 56 and 58."""
    account = account_of(start_emulator(tmp_path / "home", "--node-delay", "1"))
    wait = sh(f'until test -e "{tmp_path}/go"; do sleep 0.02; done')
    start_task = {"commandLine": wait, "waitForSuccess": True}
    account.client.create_pool(pool_body("p", nodes=2, startTask=start_task))
    first, second = account.nodes("p")
    assert (first["state"], second["state"]) == ("creating", "creating")
    account.node_in("p", "starting")
    account.node_in("p", "waitingforstarttask")
    (tmp_path / "go").touch()
    for node, action, state in (
        (first, "reboot", "rebooting"),
        (second, "deallocate", "deallocating"),
    ):
        path = f"/pools/p/nodes/{node['id']}"
        account.wait_for(lambda path=path: account.get(path)["state"] == "idle")
        assert account.send("POST", f"{path}/{action}", {}).status_code == 202
        assert account.get(path)["state"] == state


def test_a_failed_start_task_keeps_tasks_away(account):
    """Items 53 and 54."""
    start_task = {"commandLine": "false", "waitForSuccess": True, "maxTaskRetryCount": 2}
    pool = account.pool(nodes=1, startTask=start_task)
    info = account.node_in(pool, "starttaskfailed")["startTaskInfo"]
    assert (info["state"], info["result"], info["exitCode"]) == ("completed", "failure", 1)
    assert info["retryCount"] == 2
    assert info["failureInfo"]["code"] == "FailureExitCode"
    job = account.job(pool)
    account.add(job, "t")
    assert account.counts(job)["active"] == 1
    assert account.nodes(pool)[0]["state"] == "starttaskfailed"


def test_a_start_task_that_is_not_awaited_may_fail(account):
    """Item 53."""
    start_task = {"commandLine": "false", "waitForSuccess": False}
    pool = account.pool(nodes=1, startTask=start_task)
    assert account.run(account.job(pool), "t")["executionInfo"]["result"] == "success"


def test_a_start_task_prepares_its_node_for_tasks(account, sh):
    """Its folder is `startup`, and its environment names no job."""
    line = sh('env > "$AZ_BATCH_NODE_SHARED_DIR/env"; pwd; echo $GREETING')
    start_task = {
        "commandLine": line,
        "waitForSuccess": True,
        "environmentSettings": [{"name": "GREETING", "value": "hello"}],
    }
    pool = account.pool(nodes=1, startTask=start_task)
    node = account.node_in(pool, "idle")
    output = b"".join(account.client.download_node_file(pool, node["id"], "startup/stdout.txt"))
    folder, greeting = output.decode().split("\n")[:2]
    assert folder.endswith("/startup/wd")
    assert greeting == "hello"
    job = account.job(pool)
    account.run(job, "t", sh('cat "$AZ_BATCH_NODE_SHARED_DIR/env"'))
    names = {line.partition("=")[0] for line in account.read(job, "t").splitlines()}
    assert names >= {"AZ_BATCH_POOL_ID", "AZ_BATCH_TASK_DIR", "AZ_BATCH_NODE_MOUNTS_DIR"}
    assert not names & {"AZ_BATCH_JOB_ID", "AZ_BATCH_TASK_ID", "AZ_BATCH_JOB_PREP_DIR"}


def test_scheduling_is_disabled_and_enabled(account, node):
    """Item 55."""
    job = account.job(pool_of(node))
    assert account.send("POST", f"{node}/disablescheduling").status_code == 200
    shape = account.get(node)
    assert (shape["schedulingState"], shape["state"]) == ("disabled", "offline")
    again = account.send("POST", f"{node}/disablescheduling", {})
    assert account.code(again) == (409, "NodeAlreadyInTargetSchedulingState")
    account.add(job, "t")
    assert account.task(job, "t")["state"] == "active"
    assert account.send("POST", f"{node}/enablescheduling").status_code == 200
    account.task_in(job, "t", "completed")
    again = account.send("POST", f"{node}/enablescheduling")
    assert account.code(again) == (409, "NodeAlreadyInTargetSchedulingState")


@pytest.mark.parametrize(
    ("option", "state", "requeues"),
    [("requeue", "active", 1), ("terminate", "completed", 0), ("taskcompletion", "running", 0)],
)
def test_running_tasks_of_a_node_taken_off_scheduling(
    account, client, node, option, state, requeues
):
    pool, node_id = pool_of(node), node.rpartition("/")[2]
    job = account.job(pool)
    account.add(job, "t", "sleep 60")
    account.task_in(job, "t", "running")
    options = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option=option)
    client.disable_node_scheduling(pool, node_id, options)
    task = account.task_in(job, "t", state)
    assert task["executionInfo"]["requeueCount"] == requeues
    client.terminate_task(job, "t") if state != "completed" else None


def test_the_files_of_a_task_go_when_it_is_queued_again(account, sh):
    """They would stay on a node where nobody looks for them."""
    pool = account.pool(nodes=2)
    job = account.job(pool)
    account.add(job, "t", sh("sleep 60"))
    first = account.task_in(job, "t", "running")["nodeInfo"]["nodeId"]
    option = {"nodeDisableSchedulingOption": "requeue"}
    account.send("POST", f"/pools/{pool}/nodes/{first}/disablescheduling", option)
    account.wait_for(lambda: ran_on(account, job, "t") not in {None, first})
    account.wait_for(lambda: not files_of(account, pool, first, "t"))
    assert files_of(account, pool, ran_on(account, job, "t"), "t")


def ran_on(account, job, task):
    return account.task(job, task).get("nodeInfo", {}).get("nodeId")


def files_of(account, pool, node, task):
    listed = account.get(f"/pools/{pool}/nodes/{node}/files", recursive="true")["value"]
    return [one["name"] for one in listed if f"/{task}/" in one["name"]]


REASONS_TO_GO = {
    "resize": lambda node, option: ("", "resize", {"targetDedicatedNodes": 0, **option}),
    "remove": lambda node, option: ("", "removenodes", {"nodeList": [node], **option}),
    "deallocate": lambda node, option: (
        f"/nodes/{node}",
        "deallocate",
        {"nodeDeallocateOption": option["nodeDeallocationOption"]},
    ),
    "reboot": lambda node, option: (
        f"/nodes/{node}",
        "reboot",
        {"nodeRebootOption": option["nodeDeallocationOption"]},
    ),
}


@pytest.mark.parametrize(
    ("option", "fate"),
    [
        ("Requeue", ("active", 1)),
        ("Terminate", ("completed", 0)),
        ("TaskCompletion", ("running", 0)),
        ("RetainedData", ("running", 0)),
    ],
)
@pytest.mark.parametrize("reason", REASONS_TO_GO)
def test_what_becomes_of_a_running_task_whose_node_goes(
    account, node, sh, tmp_path, reason, option, fate
):
    """Of those that may end by themselves the node goes when they have (items 46, 56 and 58)."""
    pool, job = pool_of(node), account.job(pool_of(node))
    wait = sh(f'while ! test -e "{tmp_path}/go"; do sleep 0.02; done')
    account.add(job, "t", wait, constraints={"retentionTime": "PT1S"})
    account.task_in(job, "t", "running")
    wanted = {"nodeDeallocationOption": option}
    place, action, body = REASONS_TO_GO[reason](node.rpartition("/")[2], wanted)
    assert account.send("POST", f"/pools/{pool}{place}/{action}", body).status_code == 202
    state, requeues = fate
    if reason == "reboot" and option == "Requeue":
        account.wait_for(lambda: account.task(job, "t")["executionInfo"]["requeueCount"] == 1)
    else:
        task = account.task_in(job, "t", state)
        assert task["executionInfo"]["requeueCount"] == requeues
    (tmp_path / "go").touch()
    gone = ("deallocated",) if reason == "deallocate" else ("idle", "running")
    if reason in {"deallocate", "reboot"}:
        account.node_in(pool, *gone)
    else:
        account.wait_for(lambda: not account.nodes(pool))
    if fate[0] == "running":
        assert account.task_in(job, "t", "completed")["executionInfo"]["exitCode"] == 0


@pytest.mark.parametrize("body", [None, {}, {"nodeRebootOption": "Requeue"}])
def test_a_node_reboots(account, body):
    """Items 56 and 59."""
    start_task = {"commandLine": "true", "waitForSuccess": True}
    pool = account.pool(nodes=1, startTask=start_task)
    node = account.node_in(pool, "idle")
    path = f"/pools/{pool}/nodes/{node['id']}"
    assert account.send("POST", f"{path}/reboot", body).status_code == 202
    again = account.node_in(pool, "idle")
    assert again["lastBootTime"] > node["lastBootTime"]
    assert again["startTaskInfo"]["startTime"] > node["startTaskInfo"]["startTime"]


def test_the_poller_of_a_reboot(account, client, node):
    """Item 56."""
    pool, node_id = pool_of(node), node.rpartition("/")[2]
    options = {"nodeRebootOption": "requeue"}
    client.begin_reboot_node(pool, node_id, options, polling_interval=0).result()
    account.node_in(pool, "idle")


def test_a_rebooted_nodes_tasks_run_again(account, node):
    job = account.job(pool_of(node))
    account.add(job, "t", "sleep 60")
    account.task_in(job, "t", "running")
    account.send("POST", f"{node}/reboot", {})
    account.wait_for(lambda: account.task(job, "t")["executionInfo"]["requeueCount"] == 1)
    account.task_in(job, "t", "running")
    account.client.terminate_task(job, "t")


def test_a_node_is_not_reimaged(account, node):
    """Item 57."""
    response = account.send("POST", f"{node}/reimage", {})
    assert account.code(response) == (409, "OperationNotValidOnNode")


def test_a_node_is_deallocated_and_started(account, node):
    """Item 58."""
    pool = pool_of(node)
    assert account.send("POST", f"{node}/deallocate", {}).status_code == 202
    account.node_in(pool, "deallocated")
    assert account.code(account.send("POST", f"{node}/reboot", {}))[0] == 409
    assert account.send("POST", f"{node}/start").status_code == 202
    account.node_in(pool, "idle")
    assert account.code(account.send("POST", f"{node}/start"))[0] == 409


def test_a_node_tells_of_its_tasks(account, node):
    """Item 61."""
    job = account.job(pool_of(node))
    account.run(job, "good")
    account.run(job, "bad", "false")
    shape = account.get(node)
    assert (shape["totalTasksRun"], shape["totalTasksSucceeded"]) == (2, 1)
    assert (shape["runningTasksCount"], shape["runningTaskSlotsCount"]) == (0, 0)
    last = shape["recentTasks"][0]
    assert (last["jobId"], last["taskId"], last["taskState"]) == (job, "bad", "completed")
    assert last["executionInfo"]["exitCode"] == 1
    assert last["taskUrl"] == f"{account.url}/jobs/{job}/tasks/bad"


def test_a_node_tells_of_the_tasks_that_it_runs(account):
    pool = account.pool(nodes=1, slots=2)
    job = account.job(pool)
    account.run(job, "a")
    for task in "bc":
        account.add(job, task, "sleep 1000")
        account.task_in(job, task, "running")

    def recent():
        tasks = account.nodes(pool)[0]["recentTasks"]
        assert all("startTime" in one["executionInfo"] for one in tasks)
        return [(one["taskId"], one["taskState"]) for one in tasks]

    assert recent() == [("c", "running"), ("b", "running"), ("a", "completed")]
    account.send("POST", f"/jobs/{job}/tasks/c/terminate")
    assert recent() == [("b", "running"), ("c", "completed"), ("a", "completed")]
    account.send("DELETE", f"/jobs/{job}/tasks/b")
    assert recent() == [("c", "completed"), ("a", "completed")]


def test_nodes_are_filtered(account, client, node):
    pool = pool_of(node)
    assert len(list(client.list_nodes(pool, filter="state eq 'idle'"))) == 1
    assert not list(client.list_nodes(pool, filter="state eq 'offline'"))


def test_the_log_of_a_node_is_uploaded(account, node, emulator, unused):
    """The lines of the time that is asked for, below a folder named in the answer."""
    storage = DirectoryStorage(emulator.home / "storage")
    storage.create_container(unused)
    url = storage.container_url(unused, life=timedelta(days=1), write=True)
    job = account.job(pool_of(node))
    before = account.run(job, "before", "false")["executionInfo"]["endTime"]
    account.run(job, "after", "no-such-program")

    def uploaded(**more):
        asked = {"containerUrl": url, "startTime": before, **more}
        answer = account.send("POST", f"{node}/uploadbatchservicelogs", asked)
        assert answer.status_code == 200, answer.text()
        return answer.json()

    # What has just ended is noted a moment later.
    whole = account.wait_for(lambda: (one := uploaded())["numberOfFilesUploaded"] and one)
    _, pool_id, node_id, _ = whole["virtualDirectoryName"].split("/")
    assert (pool_id, node_id) == (pool_of(node), node.rpartition("/")[2])
    log = storage.get_bytes(unused, f"{whole['virtualDirectoryName']}/agent.log").decode()
    assert "CommandProgramNotFound" in log
    assert f"task {job}/after" in log
    assert f"task {job}/before begins" not in log
    nothing = uploaded(startTime="2020-01-01T00:00:00Z", endTime="2020-01-02T00:00:00Z")
    assert nothing["numberOfFilesUploaded"] == 0


def test_a_log_that_cannot_be_uploaded_says_why(account, node, emulator):
    account.run(account.job(pool_of(node)), "t")
    asked = {
        "containerUrl": f"file://{emulator.home}/storage/none".replace(" ", "%20"),
        "startTime": "2020-01-01T00:00:00Z",
    }

    def refused():
        answer = account.send("POST", f"{node}/uploadbatchservicelogs", asked)
        return answer if answer.status_code == 400 else None

    values = account.wait_for(refused).json()["values"]
    assert values[0] == {"key": "PropertyName", "value": "containerUrl"}
    assert values[-1] == {"key": "Reason", "value": "there is no such container"}


def test_virtual_nodes_have_no_remote_desktop_and_no_extensions(account, node):
    assert account.code(account.send("GET", f"{node}/rdp")) == (409, "OperationNotValidOnNode")
    assert account.code(account.send("GET", f"{node}/extensions/x")) == (404, "ResourceNotFound")


def test_users_of_a_node(account, node):
    """Item 60."""
    user = {"name": "kim", "password": "secret", "isAdmin": True}
    added = account.send("POST", f"{node}/users", user)
    assert added.status_code == 201
    assert added.headers["DataServiceId"].endswith("/users/kim")
    again = account.send("POST", f"{node}/users", {"name": "KIM"})
    assert account.code(again) == (409, "NodeUserExists")
    for name in ("ü☃", "a\r\nb"):
        added = account.send("POST", f"{node}/users", {"name": name})
        assert added.status_code == 201
        assert added.headers["Location"].endswith(f"/users/{quote(name)}")
    for name in ("", "k" * 21):
        refused = account.send("POST", f"{node}/users", {"name": name})
        assert account.code(refused) == (400, "InvalidPropertyValue")
    assert account.send("PUT", f"{node}/users/kim", {"password": "other"}).status_code == 200
    assert account.send("DELETE", f"{node}/users/kim").status_code == 200
    for method, body in (("DELETE", None), ("PUT", {})):
        gone = account.send(method, f"{node}/users/kim", body)
        assert account.code(gone) == (404, "NodeUserNotFound")


def test_where_users_would_log_in(account, node):
    settings = account.get(f"{node}/remoteloginsettings")
    assert settings["remoteLoginIPAddress"] == account.get(node)["ipAddress"]
    assert settings["remoteLoginPort"] == 22
    assert account.get(f"{node}/extensions")["value"] == []
