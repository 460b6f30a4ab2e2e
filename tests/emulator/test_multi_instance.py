"""Tasks that run on several nodes at once."""

from __future__ import annotations

import itertools
import os

import psutil
import pytest

_INSTANCES = itertools.count(2)


@pytest.fixture(scope="module")
def team(account):
    """A pool of three nodes that reach each other."""
    return account.pool(nodes=3, enableInterNodeCommunication=True)


@pytest.fixture
def job(account, team):
    return account.job(team)


def instances(coordination="true", number=3, **more):
    """What makes a task one of several instances."""
    settings = {"numberOfInstances": number, "coordinationCommandLine": coordination, **more}
    return {"multiInstanceSettings": settings}


def subtasks(account, job, task="t"):
    return account.get(f"/jobs/{job}/tasks/{task}/subtasksinfo")["value"]


def read(account, subtask, path):
    """A file of a subtask, by the file operations of its node."""
    info = subtask["nodeInfo"]
    path = f"{info['taskRootDirectory']}/{path}"
    return b"".join(
        account.client.download_node_file(info["poolId"], info["nodeId"], path)
    ).decode()


def processes(mark):
    """The processes that have a text among their arguments."""
    return [one for one in psutil.process_iter() if mark in _arguments(one)]


def _arguments(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_every_instance_is_coordinated_and_the_primary_runs_the_command(account, job, team, sh):
    """Three nodes are coordinated, and one of them runs the command (item 118)."""
    task = account.run(job, "t", sh("echo command; pwd"), **instances(sh("echo coordinated; pwd")))
    assert task["executionInfo"]["exitCode"] == 0
    root = account.read(job, "t").splitlines()
    assert root == ["coordinated", root[1], "command", root[1]]
    assert root[1].endswith(f"/workitems/{job}/job-1/t/wd")
    others = subtasks(account, job)
    used = {task["nodeInfo"]["nodeId"], *(one["nodeInfo"]["nodeId"] for one in others)}
    assert used == {node["id"] for node in account.nodes(team)}
    for subtask in others:
        directory = f"workitems/{job}/job-1/t/{subtask['id']}"
        assert subtask["nodeInfo"]["taskRootDirectory"] == directory
        said = read(account, subtask, "stdout.txt").splitlines()
        assert said[0] == "coordinated"
        assert said[1].endswith(f"/{directory}/wd")
        assert len(said) == 2


def test_subtasks_are_listed_without_the_primary(account, job, team):
    """The list has ids 1 and 2 and no 0; an ordinary task has none (item 120)."""
    account.run(job, "t", **instances())
    listed = subtasks(account, job)
    assert [one["id"] for one in listed] == [1, 2]
    for one in listed:
        assert (one["state"], one["result"], one["exitCode"]) == ("completed", "success", 0)
        assert one["previousState"] == "running"
        assert one["startTime"] <= one["endTime"]
        assert one["nodeInfo"]["poolId"] == team
    account.run(job, "ordinary")
    assert subtasks(account, job, "ordinary") == []
    assert [one.id for one in account.client.list_subtasks(job, "t")] == [1, 2]


def test_selected_members_of_subtasks(account, job):
    account.run(job, "t", **instances(number=2))
    path = f"/jobs/{job}/tasks/t/subtasksinfo"
    assert account.get(path, **{"$select": "id,state"})["value"] == [
        {"id": 1, "state": "completed"}
    ]


def test_instances_know_each_other(account, job, team, sh):
    """Commas and semicolons between the addresses, and one primary (item 119)."""
    show = sh('env | grep -E "^(AZ_BATCH|CCP)_"')
    account.run(job, "t", show, **instances(show))
    own = variables(account.read(job, "t"))
    addresses = [node["ipAddress"] for node in account.nodes(team)]
    assert sorted(own["AZ_BATCH_HOST_LIST"].split(",")) == sorted(addresses)
    assert own["AZ_BATCH_NODE_LIST"] == own["AZ_BATCH_HOST_LIST"].replace(",", ";")
    hosts = own["AZ_BATCH_HOST_LIST"].split(",")
    assert own["AZ_BATCH_MASTER_NODE"] == f"{hosts[0]}:6000"
    assert own["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "true"
    assert own["AZ_BATCH_TASK_SHARED_DIR"] == own["AZ_BATCH_TASK_DIR"]
    assert own["CCP_NODES"] == " ".join(["3", *(f"{host} 2" for host in hosts)])
    for subtask in subtasks(account, job):
        its = variables(read(account, subtask, "stdout.txt"))
        assert its["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "false"
        assert its["AZ_BATCH_TASK_SHARED_DIR"] == os.path.dirname(its["AZ_BATCH_TASK_DIR"])
        assert its["AZ_BATCH_NODE_ID"] == subtask["nodeInfo"]["nodeId"]
        for name in ("HOST_LIST", "NODE_LIST", "MASTER_NODE"):
            assert its[f"AZ_BATCH_{name}"] == own[f"AZ_BATCH_{name}"]


def variables(text):
    return dict(line.split("=", 1) for line in text.splitlines())


def test_common_files_are_on_every_node_and_own_ones_on_the_primary(account, job, sh, tmp_path):
    (tmp_path / "common.txt").write_text("common")
    (tmp_path / "own.txt").write_text("own")
    common = {"httpUrl": (tmp_path / "common.txt").as_uri(), "filePath": "data/common.txt"}
    own = {"httpUrl": (tmp_path / "own.txt").as_uri(), "filePath": "own.txt"}
    see = 'cat "$AZ_BATCH_TASK_SHARED_DIR/data/common.txt"'
    account.run(
        job,
        "t",
        sh("cat own.txt"),
        resourceFiles=[own],
        **instances(sh(see), commonResourceFiles=[common]),
    )
    assert account.read(job, "t") == "commonown"
    for subtask in subtasks(account, job):
        assert read(account, subtask, "stdout.txt") == "common"


@pytest.mark.parametrize(
    ("pool", "number"),
    [
        ({"nodes": 3}, 2),
        ({"nodes": 2, "enableInterNodeCommunication": True}, 3),
        ({"nodes": 2, "slots": 2, "enableInterNodeCommunication": True}, 2),
    ],
)
def test_a_task_that_no_pool_can_take_waits(account, pool, number):
    """It stays active, and those behind it run (item 117)."""
    job = account.job(account.pool(**pool))
    account.add(job, "t", **instances(number=number))
    account.run(job, "behind")
    assert account.task(job, "t")["state"] == "active"
    assert subtasks(account, job) == []
    account.client.begin_delete_pool(account.get(f"/jobs/{job}")["poolInfo"]["poolId"])


def test_instances_start_once_all_their_nodes_are_free(account, job, sh, tmp_path):
    wait = sh(f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done")
    account.add(job, "busy", wait)
    account.task_in(job, "busy", "running")
    account.add(job, "t", **instances())
    account.run(job, "behind")
    assert account.task(job, "t")["state"] == "active"
    (tmp_path / "go").touch()
    assert account.task_in(job, "t", "completed")["executionInfo"]["exitCode"] == 0


def test_one_failed_coordination_fails_the_task(account, job, sh):
    """All instances are ended, and the command never runs (item 120)."""
    fail_on_one = "[ ${AZ_BATCH_TASK_DIR##*/} != 2 ] || exit 7; sleep 1000"
    task = account.run(job, "t", sh("echo command"), **instances(sh(fail_on_one)))
    info = task["executionInfo"]
    assert (info["result"], info["exitCode"]) == ("failure", 7)
    assert info["failureInfo"]["code"] == "FailureExitCode"
    first, second = subtasks(account, job)
    assert (first["result"], first["failureInfo"]["code"]) == ("failure", "TaskEnded")
    assert (second["result"], second["exitCode"]) == ("failure", 7)
    assert account.read(job, "t") == ""


def test_a_common_file_that_is_missing_fails_the_task(account, job, tmp_path):
    missing = {"httpUrl": (tmp_path / "missing").as_uri(), "filePath": "a"}
    task = account.run(job, "t", **instances(commonResourceFiles=[missing]))
    assert task["executionInfo"]["failureInfo"]["code"] == "BlobNotFound"


def test_a_coordination_that_takes_too_long_ends_the_task(account, job, sh, wait_for):
    """The limit of the task holds for all instances, from their beginning."""
    mark = f"4{os.getpid()}.5"
    more = {**instances(sh(f"sleep {mark}")), "constraints": {"maxWallClockTime": "PT0.5S"}}
    task = account.run(job, "t", sh("echo command"), **more)
    details = task["executionInfo"]["failureInfo"]["details"]
    assert "maximum execution time" in details[0]["value"]
    assert account.read(job, "t") == ""
    wait_for(lambda: not processes(mark))


def test_a_failed_task_is_tried_again_with_all_its_instances(account, job, sh, tmp_path):
    count = f"echo x >> {tmp_path}/$AZ_BATCH_NODE_ID"
    command = sh(f"[ $(cat {tmp_path}/$AZ_BATCH_NODE_ID | wc -l) = 2 ]")
    more = {**instances(sh(count)), "constraints": {"maxTaskRetryCount": 3}}
    task = account.run(job, "t", command, **more)
    assert (task["executionInfo"]["result"], task["executionInfo"]["retryCount"]) == ("success", 1)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["x\nx\n"] * 3


def test_what_coordination_left_running_ends_with_the_primary(account, job, sh, wait_for):
    """Background processes live while the command runs, and no longer."""
    mark = f"1{os.getpid()}.5"
    coordination = sh(f"sleep {mark} & setsid sleep {mark} &")
    command = sh(f'pgrep -cfx "sleep {mark}"')
    account.run(job, "t", command, **instances(coordination))
    assert account.read(job, "t") == "6\n"
    assert not processes(mark)


@pytest.mark.parametrize("how", ["terminate", "delete"])
def test_a_task_that_is_ended_leaves_nothing_on_any_node(account, job, team, sh, wait_for, how):
    mark = f"2{os.getpid()}.{len(how)}"
    wait = f"sleep {mark} & sleep {mark}"
    account.add(job, "t", sh(wait), **instances(sh(f"sleep {mark} &")))
    wait_for(lambda: len(processes(mark)) == 5)
    if how == "terminate":
        account.client.terminate_task(job, "t")
        assert account.task(job, "t")["executionInfo"]["failureInfo"]["code"] == "TaskEnded"
    else:
        account.client.delete_task(job, "t")
    wait_for(lambda: not processes(mark))
    wait_for(lambda: all(node["state"] == "idle" for node in account.nodes(team)))


def test_a_task_whose_node_goes_is_queued_again(account, sh, wait_for):
    """Any of its nodes takes the whole task with it."""
    pool = account.pool(nodes=3, enableInterNodeCommunication=True)
    job = account.job(pool)
    account.add(job, "t", sh("sleep 1000"), **instances())
    wait_for(lambda: len(subtasks(account, job)) == 2)
    account.task_in(job, "t", "running")
    node = subtasks(account, job)[0]["nodeInfo"]["nodeId"]
    account.client.begin_remove_nodes(pool, {"nodeList": [node]})
    wait_for(lambda: account.task(job, "t")["executionInfo"]["requeueCount"] == 1)
    assert account.task_in(job, "t", "active")
    assert subtasks(account, job) == []
    account.client.begin_delete_job(job)
    account.client.begin_delete_pool(pool)


def test_each_node_tells_of_the_instance_that_it_runs(account, job, team):
    account.add(job, "t", "sleep 1000", **instances())
    account.task_in(job, "t", "running")
    recent = [node["recentTasks"][0] for node in account.nodes(team)]
    assert sorted(one.get("subtaskId", 0) for one in recent) == [0, 1, 2]
    assert {(one["taskId"], one["taskState"]) for one in recent} == {("t", "running")}
    account.send("POST", f"/jobs/{job}/tasks/t/terminate")


def test_each_node_remembers_its_instance(account, job, team):
    account.run(job, "t", **instances())
    recent = [node["recentTasks"][0] for node in account.nodes(team)]
    assert sorted(one.get("subtaskId", 0) for one in recent) == [0, 1, 2]
    assert {one["taskId"] for one in recent} == {"t"}


def test_every_node_is_prepared_first(account, team, sh):
    prepare = {"commandLine": sh('echo prepared > "$AZ_BATCH_NODE_SHARED_DIR/mark"')}
    job = account.job(team, jobPreparationTask=prepare)
    account.run(job, "t", **instances(sh('cat "$AZ_BATCH_NODE_SHARED_DIR/mark"')))
    assert account.read(job, "t") == "prepared\n"
    assert {read(account, one, "stdout.txt") for one in subtasks(account, job)} == {"prepared\n"}


def test_a_task_that_is_ended_before_its_nodes_are_prepared_has_no_instance_left(account, team, sh):
    job = account.job(team, jobPreparationTask={"commandLine": sh("sleep 1000")})
    account.add(job, "t", **instances())
    account.task_in(job, "t", "preparing")
    assert [one["state"] for one in subtasks(account, job)] == ["preparing"] * 2
    account.client.terminate_task(job, "t")
    ended = [(one["state"], one["result"], one["endTime"]) for one in subtasks(account, job)]
    end_time = account.task(job, "t")["executionInfo"]["endTime"]
    assert ended == [("completed", "failure", end_time)] * 2
    account.client.begin_delete_job(job)


def test_instances_are_what_the_client_asked_for(account, job):
    settings = instances(number=2)
    account.run(job, "t", **settings)
    assert account.task(job, "t")["multiInstanceSettings"] == settings["multiInstanceSettings"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"multiInstanceSettings": {"numberOfInstances": 2}}, "MissingRequiredProperty"),
        (instances(number=0), "InvalidPropertyValue"),
        ({**instances(number=2), "requiredSlots": 2}, "InvalidPropertyValue"),
        (instances(commonResourceFiles=[{"filePath": "a"}]), "InvalidPropertyValue"),
    ],
)
def test_wrong_settings_are_refused(account, job, more, code):
    body = {"id": "t", "commandLine": "true", **more}
    assert account.code(account.send("POST", f"/jobs/{job}/tasks", body)) == (400, code)


def test_a_command_goes_to_another_node_as_by_ssh(account, job, sh):
    """It finds the environment and the folder of the instance there, and tells its exit code."""
    script = (
        'for host in $(echo $AZ_BATCH_HOST_LIST | tr , " "); do '
        "echo in | ssh -x -o BatchMode=yes user@$host read word \\; echo \\$word \\$PWD "
        "\\; echo \\$AZ_BATCH_NODE_ID \\; exit 3; echo $?; done; ssh -V"
    )
    task = account.run(job, "t", sh(script), **instances())
    said = account.read(job, "t").splitlines()
    root = f"/workitems/{job}/job-1/t"
    nodes = [task, *subtasks(account, job)]
    for index, folder in enumerate([f"{root}/wd", f"{root}/1/wd", f"{root}/2/wd"]):
        word, node_id, exit_code = said[3 * index : 3 * index + 3]
        assert word.startswith("in /")
        assert word.endswith(folder)
        assert node_id == nodes[index]["nodeInfo"]["nodeId"]
        assert exit_code == "3"


def test_a_command_on_another_node_ends_with_whoever_asked(account, job, sh, wait_for, tmp_path):
    mark = f"3{os.getpid()}.5"
    ask = f"ssh ${{AZ_BATCH_HOST_LIST##*,}} sleep {mark}"
    script = f"{ask} & until test -e {tmp_path}/go; do sleep 0.02; done; kill $!; sleep 1000"
    account.add(job, "t", sh(script), **instances())
    wait_for(lambda: ["sleep", mark] in map(_arguments, processes(mark)))
    (tmp_path / "go").touch()
    wait_for(lambda: not processes(mark))
    assert account.task(job, "t")["state"] == "running"
    account.client.terminate_task(job, "t")
