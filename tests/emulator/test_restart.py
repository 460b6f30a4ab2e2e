"""The emulator and its agent are stopped and killed, whatever they are doing."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections import Counter

import psutil
import pytest
from azure.core.exceptions import AzureError

from runfleet.agent.messages import Ended, Subject, SubjectKind, encode
from runfleet.batch.states import EndedBy
from runfleet.emulator import Fault, FaultKind


class Restarting:
    """An emulator that is killed and started again, and the account in it."""

    def __init__(self, home, start, account_of):
        self.home, self._start, self._account_of = home, start, account_of
        self.start()

    def start(self):
        self.emulator = self._start(self.home)
        self.account = self._account_of(self.emulator)

    def agent(self):
        """The process of the agent."""
        children = psutil.Process(self.emulator.process.pid).children()
        return next(one for one in children if "runfleet.agent" in one.cmdline())

    def kill(self, number=signal.SIGKILL):
        self.emulator.process.send_signal(number)
        self.emulator.process.wait(60)

    def kill_both(self):
        agent = self.agent()
        self.emulator.process.kill()
        agent.kill()
        self.emulator.process.wait(60)

    def end_unheard(self, flag):
        """Let a task end, with exit code 3, of which the agent alone is to know."""
        self.emulator.process.send_signal(signal.SIGSTOP)
        flag.touch()
        journal = self.home / "emulator" / "agent.journal"
        self.account.wait_for(lambda: journal.exists() and b'"exit_code":3' in journal.read_bytes())


@pytest.fixture
def restarting(tmp_path, start_emulator, account_of):
    return Restarting(tmp_path / "home", start_emulator, account_of)


_COUNTED = ("active", "running", "completed")


def counted(account, job):
    """The counts of a job, which agree with its list of tasks unless something happens between."""

    def agreed():
        states = Counter(t.state for t in account.client.list_tasks(job, select=["state"]))
        counts = account.counts(job)
        running = states["running"] + states["preparing"]
        listed = {**states, "running": running}
        agrees = all(counts[name] == listed.get(name, 0) for name in _COUNTED)
        return counts if agrees else None

    return account.wait_for(agreed)


def runs(pid):
    """Whether a process runs: what is left of one that nobody waits for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("end", ["kill emulator", "kill agent", "kill both", "stop"])
def test_what_ran_is_ended_and_runs_again(restarting, sh, wait_for, tmp_path, end):
    """A lost machine costs neither a retry nor a requeue; no process outlives it."""
    account = restarting.account
    job = account.job(account.pool(nodes=1, slots=2), constraints={"maxTaskRetryCount": 1})
    pids = tmp_path / "pids"
    account.add(job, "t", sh(f'(setsid sleep 71 & echo $! >> "{pids}"); sleep 72'))
    account.run(job, "done")
    (first,) = wait_for(lambda: pids.exists() and pids.read_text().split())
    if end == "kill agent":
        restarting.agent().kill()
    else:
        {
            "kill emulator": restarting.kill,
            "kill both": restarting.kill_both,
            "stop": lambda: restarting.kill(signal.SIGTERM),
        }[end]()
        restarting.start()
        account = restarting.account
    second = wait_for(lambda: pids.read_text().split()[1:])
    assert not runs(int(first))
    task = account.task_in(job, "t", "running")
    info = task["executionInfo"]
    assert (info["retryCount"], info["requeueCount"]) == (0, 0)
    assert counted(account, job) == {
        "active": 0,
        "running": 1,
        "completed": 1,
        "succeeded": 1,
        "failed": 0,
    }
    account.client.terminate_task(job, "t")
    wait_for(lambda: not runs(int(second[0])))


def test_a_task_that_follows_on_a_lost_agent_runs_once(restarting, sh, tmp_path):
    """The agent has noted an end, and is killed before it tells of it."""
    account, starts = restarting.account, tmp_path / "starts"
    pool = account.pool()
    job = account.job(pool)
    account.add(job, "first", "sleep 60")
    account.add(job, "next", sh(f'echo >> "{starts}"; sleep 0.5'))
    account.task_in(job, "first", "running")
    agent = restarting.agent()
    agent.suspend()
    subject = Subject(SubjectKind.TASK, pool, account.nodes(pool)[0]["id"], job, "first")
    ended = Ended(1, subject, time.time(), time.time(), EndedBy.EXIT, exit_code=0)
    with (restarting.home / "emulator" / "agent.journal").open("ab") as journal:
        journal.write(encode(ended))
    agent.kill()
    assert account.task_in(job, "first", "completed")["executionInfo"]["exitCode"] == 0
    account.task_in(job, "next", "completed")
    account.run(job, "last")
    assert starts.read_text() == "\n"


def test_what_is_noted_of_a_task_that_was_deleted_is_not_taken_for_one_of_its_name(restarting):
    """The processes of a deleted task end after another task has come under its id."""
    account = restarting.account
    pool = account.pool()
    job = account.job(pool)
    account.add(job, "t", "sleep 60")
    account.task_in(job, "t", "running")
    node, agent = account.nodes(pool)[0]["id"], restarting.agent()
    agent.suspend()
    account.client.delete_task(job, "t")
    account.add(job, "t", "true")
    subject = Subject(SubjectKind.TASK, pool, node, job, "t", task_sequence=1)
    moment = time.time()
    ended = Ended(1, subject, moment, moment, EndedBy.EXIT, exit_code=9)
    with (restarting.home / "emulator" / "agent.journal").open("ab") as journal:
        journal.write(encode(ended))
    restarting.kill_both()
    restarting.start()
    task = restarting.account.task_in(job, "t", "completed")
    assert task["executionInfo"]["exitCode"] == 0


@pytest.mark.parametrize("end", ["kill emulator", "kill agent"])
def test_a_time_limit_that_was_changed_stays_so(restarting, sh, wait_for, tmp_path, end):
    account = restarting.account
    job = account.job(account.pool())
    starts = tmp_path / "starts"
    account.add(job, "t", sh(f'echo >> "{starts}"; sleep 73'))
    wait_for(starts.exists)
    body = {"constraints": {"maxWallClockTime": "PT3S"}}
    assert account.send("PUT", f"/jobs/{job}/tasks/t", body).status_code == 200
    if end == "kill agent":
        restarting.agent().kill()
    else:
        restarting.kill()
        restarting.start()
        account = restarting.account
    task = account.task_in(job, "t", "completed")
    assert task["executionInfo"]["failureInfo"]["code"] == "TaskEnded"
    assert len(starts.read_text()) == 2


@pytest.mark.parametrize("end", ["kill emulator", "kill agent", "kill both"])
def test_all_instances_of_a_task_end_and_run_again(restarting, sh, wait_for, tmp_path, end):
    """No node keeps a process of a multi-instance task, and all begin anew."""
    account = restarting.account
    job = account.job(account.pool(nodes=3, enableInterNodeCommunication=True))
    pids = tmp_path / "pids"
    note = sh(f'sleep 73 & echo $! >> "{pids}"')
    settings = {"numberOfInstances": 3, "coordinationCommandLine": note}
    account.add(job, "t", sh(f'echo $$ >> "{pids}"; sleep 74'), multiInstanceSettings=settings)
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 4)
    first = pids.read_text().split()
    if end == "kill agent":
        restarting.agent().kill()
    else:
        restarting.kill() if end == "kill emulator" else restarting.kill_both()
        restarting.start()
        account = restarting.account
    wait_for(lambda: len(pids.read_text().split()) == 8)
    assert not any(runs(int(pid)) for pid in first)
    task = account.task_in(job, "t", "running")
    assert task["executionInfo"]["requeueCount"] == 0
    listed = account.get(f"/jobs/{job}/tasks/t/subtasksinfo")["value"]
    assert [(one["id"], one["state"]) for one in listed] == [(1, "running"), (2, "running")]
    account.client.terminate_task(job, "t")


@pytest.mark.parametrize("seed", range(3))
def test_no_task_is_lost_nor_run_again_after_it_has_succeeded(restarting, sh, tmp_path, seed):
    """Killed at random moments while its tasks run."""
    chance = random.Random(seed)
    account = restarting.account
    job = account.job(account.pool(nodes=2, slots=2))
    (tmp_path / "done").mkdir()
    value = [
        # The name of a run that has succeeded is there once; a second one would fail.
        {"id": f"t{n}", "commandLine": sh(f'sleep 0.02; mkdir "{tmp_path}/done/t{n}"')}
        for n in range(100)
    ]
    account.send("POST", f"/jobs/{job}/addtaskcollection", {"value": value})
    for _ in range(3):
        time.sleep(chance.uniform(0, 0.5))
        chance.choice([restarting.kill, restarting.kill_both])()
        restarting.start()
        counted(restarting.account, job)
    account = restarting.account
    account.wait_for(lambda: account.counts(job)["completed"] == 100)
    counts = counted(account, job)
    assert len(list((tmp_path / "done").iterdir())) == 100
    # Whoever was killed after its `mkdir` and before its end runs again and fails: it had not
    # succeeded.  At most four ran at each of the three kills.
    assert counts["failed"] <= 12
    failed = account.client.list_tasks(job, filter="executionInfo/result eq 'failure'")
    assert all("TaskEnded" not in task.execution_info.failure_info.code for task in failed)


@pytest.mark.parametrize("end", ["kill agent", "kill both"])
def test_what_was_to_go_from_nodes_goes_though_its_agent_died(restarting, sh, end):
    """It was told to remove a node, a job and tasks, and is killed before it hears of it."""
    account = restarting.account
    pool, left = account.pool(), account.pool()
    preparation = {"id": "prepared", "commandLine": "true"}
    job = account.job(pool, jobPreparationTask=preparation)
    other, elsewhere = account.job(pool), account.job(left)
    account.run(job, "expired", constraints={"retentionTime": "PT2S"})
    account.run(job, "kept", sh("mkdir ../../of-the-user"))
    for job_id, task_id in ((job, "deleted"), (other, "of-job"), (elsewhere, "of-node")):
        account.run(job_id, task_id)
    nodes = restarting.home / "emulator" / "nodes"

    def found():
        return sorted(one.name for one in nodes.glob("*/workitems/*/job-1/*"))

    kept = ["kept", "of-the-user", "prepared"]
    assert found() == sorted([*kept, "deleted", "expired", "of-job", "of-node"])
    agent = restarting.agent()
    agent.suspend()
    account.client.delete_task(job, "deleted")
    account.send("DELETE", f"/jobs/{other}")
    account.send("DELETE", f"/pools/{left}")
    files = f"/jobs/{job}/tasks/expired/files"
    account.wait_for(lambda: account.send("GET", files).status_code == 409)
    if end == "kill agent":
        agent.kill()
    else:
        restarting.kill_both()
        restarting.start()
        account = restarting.account
    account.wait_for(lambda: found() == kept and len(list(nodes.iterdir())) == 1)
    account.run(job, "again")
    assert found() == ["again", *kept]


def test_what_is_noted_of_ends_does_not_grow_while_something_runs(restarting, wait_for):
    account = restarting.account
    job = account.job(account.pool(slots=5))
    account.add(job, "long", "sleep 600")
    for part in range(8):
        value = [{"id": f"t{part}-{n}", "commandLine": "true"} for n in range(100)]
        account.send("POST", f"/jobs/{job}/addtaskcollection", {"value": value})
    account.wait_for(lambda: account.counts(job)["completed"] == 800)
    parts = list((restarting.home / "emulator").glob("agent.journal*"))
    assert 0 < sum(part.stat().st_size for part in parts) < 800 * 200


@pytest.mark.parametrize("seed", range(2))
def test_no_child_starts_early_or_never(restarting, sh, tmp_path, seed):
    """Killed at random moments while its tasks wait for one another, in pairs and all for one."""
    chance = random.Random(seed)
    account = restarting.account
    job = account.job(account.pool(nodes=2, slots=2), usesTaskDependencies=True)
    done = tmp_path / "done"
    done.mkdir()
    account.send("POST", f"/jobs/{job}/addtaskcollection", {"value": family(done, sh)})
    for _ in range(3):
        time.sleep(chance.uniform(0, 0.4))
        chance.choice([restarting.kill, restarting.kill_both])()
        restarting.start()
    account = restarting.account
    account.wait_for(lambda: account.counts(job)["completed"] == 81)
    assert counted(account, job)["succeeded"] == 81


def family(done, sh):
    """Forty parents, a child of every two of them, and one of all, which fail if they are early."""
    parents = [
        {"id": str(n), "commandLine": sh(f'sleep 0.02; touch "{done}/{n}"')} for n in range(40)
    ]
    children = [
        {
            "id": f"child-{n}",
            "commandLine": sh(f'ls "{done}/{n}" "{done}/{39 - n}"'),
            "dependsOn": {
                "taskIds": [str(n)],
                "taskIdRanges": [{"start": 39 - n, "end": 39 - n}],
            },
        }
        for n in range(40)
    ]
    last = {
        "id": "last",
        "commandLine": sh(f'test $(ls "{done}" | wc -l) = 40'),
        "dependsOn": {"taskIdRanges": [{"start": 0, "end": 39}]},
    }
    return [*children, last, *parents]


def test_what_a_failure_means_outlives_the_emulator(restarting, sh, tmp_path):
    """The end of the parent is known to the agent alone when the emulator is killed."""
    account = restarting.account
    job = account.job(
        account.pool(),
        usesTaskDependencies=True,
        onTaskFailure="performexitoptionsjobaction",
    )
    flag, options = tmp_path / "flag", {"jobAction": "disable", "dependencyAction": "satisfy"}
    command = sh(f'until test -e "{flag}"; do sleep 0.01; done; exit 3')
    account.add(job, "child", dependsOn={"taskIds": ["parent"]})
    account.add(job, "parent", command, exitConditions={"default": options})
    account.task_in(job, "parent", "running")
    restarting.end_unheard(flag)
    restarting.kill_both()
    restarting.start()
    account = restarting.account
    account.job_in(job, "disabled")
    assert account.task(job, "parent")["executionInfo"]["exitCode"] == 3
    account.send("POST", f"/jobs/{job}/enable")
    account.task_in(job, "child", "completed")


@pytest.mark.parametrize("is_manager", [False, True])
def test_a_job_that_ended_with_a_task_ends_its_other_tasks(restarting, sh, tmp_path, is_manager):
    """Killed when the agent alone knows of the end, and again while the next one settles it."""
    account, flag = restarting.account, tmp_path / "flag"
    command = sh(f'until test -e "{flag}"; do sleep 0.01; done; exit 3')
    pool = account.pool(nodes=2, slots=2)
    manager = {"id": "last", "commandLine": command, "runExclusive": False}
    ends = {"jobManagerTask": manager} if is_manager else {}
    job = account.job(pool, onTaskFailure="performexitoptionsjobaction", **ends)
    if not is_manager:
        account.add(job, "last", command)
    for task_id in ("a", "b", "c"):
        account.add(job, task_id, "sleep 60", constraints={"maxTaskRetryCount": 1})
        account.task_in(job, task_id, "running")
    account.add(job, "waiting")
    restarting.end_unheard(flag)
    restarting.kill_both()
    restarting.start()
    restarting.kill_both()
    restarting.start()
    account = restarting.account
    info = account.job_in(job, "completed")["executionInfo"]
    assert info["terminateReason"] == ("JMComplete" if is_manager else "TaskFailed")
    for task_id in ("a", "b", "c"):
        task = account.task(job, task_id)
        assert task["state"] == "completed"
        assert task["executionInfo"]["failureInfo"]["code"] == "TaskEnded"
        assert task["executionInfo"]["retryCount"] == 0
    assert account.task(job, "last")["executionInfo"]["exitCode"] == 3
    counts = counted(account, job)
    assert (counts["active"], counts["running"], counts["failed"]) == (1, 0, 4)


@pytest.mark.parametrize("seed", range(2))
def test_no_acknowledged_task_is_lost(restarting, seed):
    """Killed at random moments while tasks are added."""
    chance = random.Random(seed)
    job = restarting.account.job("no-such-pool")
    acknowledged: list[str] = []

    def add(account, life):
        with contextlib.suppress(AzureError):
            for number in range(10_000):
                ids = [f"{life}-{number}-{item}" for item in range(50)]
                value = [{"id": task_id, "commandLine": "true"} for task_id in ids]
                path = f"/jobs/{job}/addtaskcollection"
                if account.send("POST", path, {"value": value}).status_code == 200:
                    acknowledged.extend(ids)

    for life in range(3):
        adding = threading.Thread(target=add, args=(restarting.account, life))
        adding.start()
        time.sleep(chance.uniform(0.05, 0.4))
        restarting.kill()
        restarting.start()
        adding.join(60)
        assert not adding.is_alive()
    stored = {task.id for task in restarting.account.client.list_tasks(job, select=["id"])}
    assert stored >= set(acknowledged)
    assert acknowledged
    assert counted(restarting.account, job)["active"] == len(stored)


def test_everything_is_as_it_was(restarting):
    """Pools, nodes, jobs and tasks read the same after a restart."""
    account = restarting.account
    pool = account.pool(nodes=2, slots=2, metadata=[{"name": "a", "value": "b"}])
    node = account.nodes(pool)[0]["id"]
    account.send("POST", f"/pools/{pool}/nodes/{node}/disablescheduling", {})
    job = account.job(pool, priority=3, jobPreparationTask={"commandLine": "true"})
    account.run(job, "good", "echo hello")
    account.run(job, "bad", "false")
    ended = account.job("elsewhere")
    account.add(ended, "never")
    account.send("POST", f"/jobs/{ended}/terminate", {"terminateReason": "enough"})
    paths = [
        f"/pools/{pool}",
        f"/pools/{pool}/nodes/{node}",
        f"/jobs/{job}",
        f"/jobs/{job}/tasks/good",
        f"/jobs/{job}/tasks/bad",
        f"/jobs/{job}/taskcounts",
        f"/jobs/{job}/jobpreparationandreleasetaskstatus",
        f"/jobs/{ended}",
        f"/jobs/{ended}/tasks",
    ]
    before = [account.get(path) for path in paths]
    url = restarting.emulator.url
    restarting.kill()
    restarting.start()
    assert restarting.emulator.url == url
    assert [restarting.account.get(path) for path in paths] == before
    assert restarting.account.read(job, "good") == "hello\n"
    restarting.account.run(job, "after")


def test_a_node_that_was_rebooted_is_prepared_anew_and_released(restarting, sh, tmp_path):
    account = restarting.account
    pool = account.pool()
    job = account.job(
        pool,
        jobPreparationTask={"commandLine": sh(f'echo prepared >> "{tmp_path}/log"')},
        jobReleaseTask={"commandLine": sh(f'echo released >> "{tmp_path}/log"')},
    )
    account.run(job, "a")
    (node,) = account.nodes(pool)
    account.send("POST", f"/pools/{pool}/nodes/{node['id']}/reboot", {})
    account.node_in(pool, "idle")
    restarting.kill()
    restarting.start()
    restarting.account.run(job, "b")
    restarting.account.send("POST", f"/jobs/{job}/terminate", {})
    restarting.account.job_in(job, "completed")
    assert (tmp_path / "log").read_text().split() == ["prepared", "prepared", "released"]


def test_a_job_that_was_being_deleted_is_gone(restarting):
    account = restarting.account
    job = account.job(account.pool(nodes=1))
    account.add(job, "t", "sleep 60")
    account.task_in(job, "t", "running")
    restarting.agent().suspend()
    account.send("DELETE", f"/jobs/{job}")
    restarting.kill_both()
    restarting.start()
    restarting.account.gone(f"/jobs/{job}")


def command(home, *options):
    return [sys.executable, "-m", "runfleet.emulator", "--home", home, *options]


def test_a_second_emulator_leaves_at_once(restarting):
    """It exits with 0 and disturbs nobody."""
    second = subprocess.run(command(restarting.home), timeout=60)
    assert second.returncode == 0
    assert restarting.account.send("GET", "/pools").status_code == 200


def test_nobody_else_looks_into_its_folder(tmp_path, start_emulator):
    """Tasks have secrets in their environments; nor into one of an earlier version."""
    state = tmp_path / "emulator"
    state.mkdir(mode=0o755)
    start_emulator(tmp_path)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_the_endpoint_is_gone_after_a_clean_end(restarting):
    endpoint = restarting.home / "emulator" / "endpoint.json"
    assert json.loads(endpoint.read_text())["pid"] == restarting.emulator.process.pid
    restarting.kill(signal.SIGTERM)
    assert restarting.emulator.process.returncode == 0
    assert not endpoint.exists()


def newer(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")


def damaged(path):
    path.write_bytes(b"this is no database" * 1000)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(newer, "was written by a later version of runfleet"), (damaged, "cannot be read")],
)
def test_a_store_that_cannot_be_used_is_told_plainly(tmp_path, spoil, message):
    """In the log, without a traceback, with a hint; the file stays as it is."""
    state = tmp_path / "emulator"
    state.mkdir()
    spoil(state / "state.db")
    content = (state / "state.db").read_bytes()
    ended = subprocess.run(command(tmp_path), timeout=60)
    assert ended.returncode == 1
    log = (state / "log.txt").read_text()
    assert message in log
    assert "runfleet emulator reset" in log
    assert "Traceback" not in log
    assert (state / "state.db").read_bytes() == content


def test_an_emulator_with_nothing_to_do_ends(tmp_path, start_emulator):
    """Not one whose tasks run."""
    emulator = start_emulator(tmp_path, "--idle-exit", "1")
    assert emulator.process.wait(60) == 0


def test_an_emulator_stays_while_tasks_run(tmp_path, start_emulator, account_of, sh):
    emulator = start_emulator(tmp_path, "--idle-exit", "1.5")
    account = account_of(emulator)
    wait = sh(f'until test -e "{tmp_path}/go"; do sleep 0.05; done')
    account.add(account.job(account.pool(nodes=1)), "t", wait)
    time.sleep(2.5)
    assert emulator.process.poll() is None
    (tmp_path / "go").touch()
    assert emulator.process.wait(60) == 0


def test_an_emulator_stays_while_it_answers(tmp_path, start_emulator, account_of):
    """However slowly."""
    slow = Fault(FaultKind.SLOW, seconds=4.0, operations=("list_pools",))
    emulator = start_emulator(tmp_path, "--idle-exit", "1", faults=[slow])
    assert account_of(emulator).get("/pools")["value"] == []
    assert emulator.process.wait(60) == 0


@pytest.mark.parametrize("end", ["kill emulator", "kill agent", "kill both", "stop"])
def test_a_start_task_runs_again_when_what_it_had_left_is_gone(
    restarting, sh, wait_for, tmp_path, end
):
    """Its daemons go on beside the tasks of the node, but never without an emulator."""
    pids, account = tmp_path / "pids", restarting.account
    leave = f'nohup sleep 73 > log & echo $! >> "{pids}"'
    pool = account.pool(nodes=1, startTask={"commandLine": sh(leave), "waitForSuccess": True})
    (first,) = wait_for(lambda: pids.exists() and pids.read_text().split())
    task = account.run(account.job(pool), "t", sh(f"kill -0 {first}"))
    assert task["executionInfo"]["exitCode"] == 0
    {
        "kill agent": lambda: restarting.agent().kill(),
        "kill emulator": restarting.kill,
        "kill both": restarting.kill_both,
        "stop": lambda: restarting.kill(signal.SIGTERM),
    }[end]()
    if end != "kill agent":
        restarting.start()
        account = restarting.account
    (second,) = wait_for(lambda: pids.read_text().split()[1:])
    assert not runs(int(first))
    node = account.node_in(pool, "idle")
    assert node["startTaskInfo"]["exitCode"] == 0
    assert runs(int(second))
    account.send("POST", f"/pools/{pool}/nodes/{node['id']}/reboot")
    (third,) = wait_for(lambda: pids.read_text().split()[2:])
    assert not runs(int(second))
    account.client.begin_delete_pool(pool, polling_interval=0).result()
    wait_for(lambda: not runs(int(third)))


def test_an_emulator_without_an_agent_ends(restarting, wait_for, tmp_path):
    """Nothing could run any more; whoever needs it starts another. Nor does anything run on."""
    account, pid = restarting.account, tmp_path / "pid"
    account.add(account.job(account.pool()), "t", f"/bin/sh -c 'echo $$ > {pid}; sleep 600'")
    task = psutil.Process(int(wait_for(lambda: pid.exists() and pid.read_text())))
    lock = restarting.home / "emulator" / "agent.lock"
    lock.unlink()
    lock.mkdir()
    restarting.agent().kill()
    restarting.emulator.process.wait(60)
    # Whoever has inherited it may not have asked for its exit code yet.
    assert not task.is_running() or task.status() == psutil.STATUS_ZOMBIE
    log = restarting.emulator.log
    assert "the node agent cannot be started again" in log.read_text()
    log.write_text("")  # that the agent had no lock is no fault to be found there


@pytest.fixture
def damage(restarting):
    """Rename a table of a running emulator's store: the next one makes it anew."""

    def damage(table):
        path = restarting.home / "emulator" / "state.db"
        with contextlib.closing(sqlite3.connect(path)) as store:
            store.execute(f"ALTER TABLE {table} RENAME TO elsewhere")

    return damage


def wait_for_failure(restarting, table):
    """Wait until the emulator has ended for want of a table, as its log says; start another."""
    assert restarting.emulator.process.wait(60) == 1
    log = restarting.emulator.log
    assert f"the emulator cannot go on: no such table: {table}" in log.read_text()
    log.write_text("")
    restarting.start()


def test_a_request_that_fails_halfway_is_not_done_and_ends_the_emulator(
    restarting, damage, sh, tmp_path
):
    """Nothing of it is there afterwards; what ran runs again as after any other end."""
    account, starts = restarting.account, tmp_path / "starts"
    job = account.job(account.pool())
    account.add(job, "t", sh(f'echo >> "{starts}"; sleep 600'))
    account.wait_for(starts.exists)
    damage("job_schedules")
    body = {
        "id": "s",
        "schedule": {"doNotRunUntil": "2020-01-01T00:00:00Z"},
        "jobSpecification": {"poolInfo": {"poolId": "p"}},
    }
    # The SDK asks again, and finds nobody.
    with contextlib.suppress(AzureError):
        assert account.send("POST", "/jobschedules", body).status_code == 500
    wait_for_failure(restarting, "job_schedules")
    account = restarting.account
    assert account.get("/jobschedules")["value"] == []
    assert [one["id"] for one in account.get("/jobs")["value"]] == [job]
    account.wait_for(lambda: starts.read_text() == "\n\n")
    info = account.task_in(job, "t", "running")["executionInfo"]
    assert (info["retryCount"], info["requeueCount"]) == (0, 0)


def test_what_fails_by_itself_ends_the_emulator_too(restarting, damage):
    """A node leaves once its task has ended, long after it was asked to: so it does then."""
    account = restarting.account
    pool = account.pool()
    (node,) = account.nodes(pool)
    job = account.job(pool)
    account.add(job, "t", "sleep 600")
    account.task_in(job, "t", "running")
    damage("usage")
    body = {"nodeList": [node["id"]]}
    assert account.send("POST", f"/pools/{pool}/removenodes", body).status_code == 202
    wait_for_failure(restarting, "usage")
    restarting.account.steady(pool)
    assert restarting.account.nodes(pool) == []


def test_an_emulator_whose_agents_all_end_at_once_ends(restarting, wait_for):
    """Else a study would wait for ever, and nobody would be told why."""
    emulator, killed = restarting.emulator, set[int]()

    def is_over():
        ready = {
            int(pid) for pid in re.findall(r"node agent (\d+) is ready", emulator.log.read_text())
        }
        for pid in ready - killed:
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        return emulator.process.poll() is not None

    wait_for(is_over)
    assert len(killed) == 10
    assert "10 node agents ended before any task had" in emulator.log.read_text()


def test_an_idle_emulator_uses_no_processor_time(restarting, wait_for):
    account = restarting.account
    account.run(account.job(account.pool(nodes=2)), "t")
    processes = [psutil.Process(restarting.emulator.process.pid), restarting.agent()]

    def used():
        return sum(sum(one.cpu_times()[:2]) for one in processes)

    tick = 1 / os.sysconf("SC_CLK_TCK")
    wait_for(lambda: _difference(used, 1) <= tick)


def _difference(measure, seconds):
    before = measure()
    time.sleep(seconds)
    return measure() - before


def test_a_node_that_is_never_idle_knows_what_has_ended_there(restarting, sh):
    """It is not saved with each end of a task; what it does not know then, the tasks do."""
    account = restarting.account
    pool = account.pool(slots=2)
    job = account.job(pool)
    account.add(job, "long", sh("sleep 1000"))
    account.wait_for(lambda: account.task(job, "long")["state"] == "running")
    account.run(job, "good", "true")
    account.run(job, "bad", "false")
    restarting.kill_both()
    restarting.start()
    (node,) = restarting.account.nodes(pool)
    assert (node["totalTasksRun"], node["totalTasksSucceeded"]) == (2, 1)
    assert [task["taskId"] for task in node["recentTasks"]][-2:] == ["bad", "good"]


def test_the_files_of_a_task_that_runs_again_elsewhere_go(restarting, sh):
    account = restarting.account
    pool = account.pool(nodes=2)
    job = account.job(pool)
    account.add(job, "t", sh("sleep 1000"))
    first = account.task_in(job, "t", "running")["nodeInfo"]["nodeId"]
    option = {"nodeDisableSchedulingOption": "taskcompletion"}
    account.send("POST", f"/pools/{pool}/nodes/{first}/disablescheduling", option)
    restarting.kill_both()
    restarting.start()
    account = restarting.account
    assert account.task_in(job, "t", "running")["nodeInfo"]["nodeId"] != first
    files = f"/pools/{pool}/nodes/{first}/files"
    account.wait_for(
        lambda: (
            not any("/t/" in one["name"] for one in account.get(files, recursive="true")["value"])
        )
    )


@pytest.fixture
def long_running(restarting):
    """A task on a pool of its own, while which runs the journal is not cleared."""
    account = restarting.account
    job = account.job(account.pool())
    account.add(job, "long", "sleep 600")
    account.task_in(job, "long", "running")


@pytest.mark.usefixtures("long_running")
def test_a_task_that_waits_in_a_job_that_is_over_still_waits(restarting):
    """Its earlier attempt had failed, which is still noted."""
    account = restarting.account
    job = account.job(account.pool())
    account.run(job, "t", "false")
    account.send("POST", f"/jobs/{job}/disable", {"disableTasks": "requeue"})
    account.job_in(job, "disabled")
    account.send("POST", f"/jobs/{job}/tasks/t/reactivate")
    account.send("POST", f"/jobs/{job}/terminate")
    account.job_in(job, "completed")
    task, counts = account.task(job, "t"), counted(account, job)
    restarting.kill()
    restarting.start()
    account = restarting.account
    assert account.task(job, "t") == task
    assert counted(account, job) == counts


@pytest.fixture
def requeued(restarting, long_running):
    """Have a task requeued: its pool, its job and the node that it is on now."""
    account = restarting.account

    def requeued(command, **job_settings):
        pool = account.pool(nodes=3)
        job = account.job(pool, **job_settings)
        account.add(job, "t", command)
        first = account.task_in(job, "t", "running")["nodeInfo"]["nodeId"]
        off_scheduling(account, pool, first, "requeue")
        return pool, job, account.wait_for(lambda: runs_elsewhere(account, job, "t", first))

    return requeued


def off_scheduling(account, pool, node, option):
    body = {"nodeDisableSchedulingOption": option}
    account.send("POST", f"/pools/{pool}/nodes/{node}/disablescheduling", body)


def runs_elsewhere(account, job, task_id, node):
    task = account.task(job, task_id)
    other = task.get("nodeInfo", {}).get("nodeId")
    return other if task["state"] == "running" and other != node else None


def test_a_task_that_ends_with_its_job_stays_on_its_last_node(restarting, requeued, sh, tmp_path):
    """What is noted of its earlier attempt tells of another node."""
    account, flag = restarting.account, tmp_path / "flag"
    wait = sh(f'until test -e "{flag}"; do sleep 0.01; done; exit 3')
    manager = {"id": "manager", "commandLine": wait, "runExclusive": False}
    starts = tmp_path / "starts"
    command = sh(f'echo $AZ_BATCH_NODE_ID | tee "{starts}"; sleep 600')
    _, job, node = requeued(command, jobManagerTask=manager)
    account.wait_for(lambda: starts.exists() and starts.read_text() == f"{node}\n")
    restarting.end_unheard(flag)
    restarting.kill()
    restarting.start()
    account = restarting.account
    account.job_in(job, "completed")
    assert account.task(job, "t")["nodeInfo"]["nodeId"] == node
    assert account.read(job, "t") == f"{node}\n"


def test_the_files_of_a_requeued_task_that_runs_again_go_from_its_last_node(restarting, requeued):
    account = restarting.account
    pool, job, node = requeued("sleep 600")
    off_scheduling(account, pool, node, "taskcompletion")
    restarting.kill()
    restarting.start()
    account = restarting.account
    account.wait_for(lambda: runs_elsewhere(account, job, "t", node))
    folders = restarting.home / "emulator" / "nodes"
    account.wait_for(lambda: len(list(folders.glob(f"*/workitems/{job}/*/t"))) == 1)


def test_the_files_of_a_task_whose_end_was_only_noted_expire(restarting, sh, tmp_path):
    account, flag = restarting.account, tmp_path / "flag"
    job = account.job(account.pool())
    wait = sh(f'until test -e "{flag}"; do sleep 0.01; done; exit 3')
    account.add(job, "t", wait, constraints={"retentionTime": "PT2S"})
    account.task_in(job, "t", "running")
    restarting.end_unheard(flag)
    restarting.kill()
    restarting.start()
    account = restarting.account
    assert account.task(job, "t")["state"] == "completed"
    files = f"/jobs/{job}/tasks/t/files"
    account.wait_for(lambda: account.send("GET", files).status_code == 409)


def test_what_a_task_has_left_on_a_node_before_its_last_goes(restarting):
    """Both processes are killed before the agent hears that a requeued task's files are to go."""
    account = restarting.account
    job = account.job(account.pool(nodes=2))
    account.add(job, "elsewhere", "sleep 600")
    account.task_in(job, "elsewhere", "running")
    account.run(job, "t", "echo kept")
    nodes = restarting.home / "emulator" / "nodes"
    (folder,) = nodes.glob("*/workitems/*/job-1/t")
    (elsewhere,) = nodes.glob("*/workitems/*/job-1/elsewhere")
    elsewhere.with_name("t").joinpath("wd").mkdir(parents=True)
    restarting.kill_both()
    restarting.start()
    account = restarting.account
    account.wait_for(lambda: list(nodes.glob("*/workitems/*/job-1/t")) == [folder])
    assert account.read(job, "t") == "kept\n"


@pytest.mark.parametrize("by", ["delete tasks", "delete job", "reactivate"])
def test_a_node_remembers_tasks_that_are_gone(restarting, by):
    """It is not saved with each end of a task, but with what would be counted in vain."""
    account = restarting.account
    pool = account.pool(slots=2)
    job, other = account.job(pool), account.job(pool)
    account.add(job, "long", "sleep 600")
    account.task_in(job, "long", "running")
    for task_id in ("a", "b", "c"):
        account.run(other, task_id, "false")
    if by == "delete job":
        account.send("DELETE", f"/jobs/{other}")
        account.wait_for(lambda: stored_tasks(restarting) == 1)
    elif by == "delete tasks":
        for task_id in ("a", "b", "c"):
            account.client.delete_task(other, task_id)
    else:
        account.send("POST", f"/jobs/{other}/disable", {"disableTasks": "requeue"})
        account.job_in(other, "disabled")
        for task_id in ("a", "b", "c"):
            account.send("POST", f"/jobs/{other}/tasks/{task_id}/reactivate")
    restarting.kill_both()
    restarting.start()
    (node,) = restarting.account.nodes(pool)
    assert (node["totalTasksRun"], node["totalTasksSucceeded"]) == (3, 0)
    recent = [task["taskId"] for task in node["recentTasks"]]
    assert recent[-3:] == ["c", "b", "a"]


def stored_tasks(restarting):
    """How many tasks the store has, those of jobs that are gone included."""
    path = restarting.home / "emulator" / "state.db"
    with contextlib.closing(sqlite3.connect(path)) as store:
        (count,) = store.execute("SELECT count(*) FROM tasks").fetchone()
    return count
