"""Jobs and job schedules that are terminated and deleted with `force`."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

PREPARATION = {"commandLine": "true"}
# Neither a request nor the end of its folder moves it, only SIGKILL does.
STUBBORN = 'trap "" TERM; echo $$ > "{pids}"; while true; do sleep 1; mkdir -p "$PWD"; done'


@pytest.fixture
def releasing(account, sh):
    """A job that is terminating, and would be for a minute, as its release task runs so long."""
    job = account.job(
        account.pool(), jobPreparationTask=PREPARATION, jobReleaseTask={"commandLine": "sleep 60"}
    )
    account.run(job, "t")
    assert account.send("POST", f"/jobs/{job}/terminate").status_code == 202
    account.wait_for(lambda: release_of(account, job))
    return job


def release_of(account, job):
    (node,) = account.get(f"/jobs/{job}/jobpreparationandreleasetaskstatus")["value"]
    return node.get("jobReleaseTaskExecutionInfo")


def runs(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def run_stubborn(account, sh, tmp_path, job, task="t"):
    """Run a task that goes on writing into its folder; its process."""
    pids = tmp_path / f"{job}-{task}"
    account.add(job, task, sh(STUBBORN.format(pids=pids)))
    return int(account.wait_for(lambda: pids.exists() and pids.read_text()))


def test_a_job_is_terminated_without_its_release_task(account, client, sh):
    job = account.job(
        account.pool(), jobPreparationTask=PREPARATION, jobReleaseTask={"commandLine": "sleep 60"}
    )
    account.run(job, "t")
    # Without any options azure-batch 15.1 fails by itself.
    options = {"terminateReason": "Enough"}
    client.begin_terminate_job(job, options, force=True, polling_interval=0).result()
    assert account.get(f"/jobs/{job}")["state"] == "completed"
    assert release_of(account, job) is None


def test_a_job_that_is_terminating_is_hurried(account, releasing):
    path = f"/jobs/{releasing}/terminate"
    assert account.code(account.send("POST", path)) == (409, "JobBeingTerminated")
    assert account.send("POST", path, force="True").status_code == 202
    job = account.get(f"/jobs/{releasing}")
    assert (job["state"], job["executionInfo"]["terminateReason"]) == ("completed", "UserTerminate")
    account.wait_for(lambda: release_of(account, releasing)["state"] == "completed")
    assert account.code(account.send("POST", path, force="true")) == (409, "JobCompleted")


def test_a_job_that_is_being_deleted_is_hurried(account, releasing):
    path = f"/jobs/{releasing}"
    assert account.send("DELETE", path).status_code == 202
    assert account.code(account.send("DELETE", path, force="false")) == (409, "JobBeingDeleted")
    assert account.send("DELETE", path, force="true").status_code == 202
    assert account.send("GET", path).status_code == 404


def test_force_is_true_or_false(account, releasing):
    for method, path in (("DELETE", ""), ("POST", "/terminate")):
        response = account.send(method, f"/jobs/{releasing}{path}", force="yes")
        assert account.code(response) == (400, "InvalidQueryParameterValue")


def test_a_job_that_is_deleted_by_force_leaves_no_process_and_no_file(
    account, client, emulator, sh, tmp_path
):
    pool = account.pool(slots=2)
    job = account.job(pool)
    pid = run_stubborn(account, sh, tmp_path, job)
    (folder,) = (emulator.home / "emulator" / "nodes").glob(f"*/workitems/{job}/job-1")
    client.begin_delete_job(job, force=True, polling_interval=0).result()
    assert account.send("GET", f"/jobs/{job}").status_code == 404
    account.wait_for(lambda: not runs(pid))
    account.wait_for(lambda: not folder.exists())
    client.create_job({"id": job, "poolInfo": {"poolId": pool}})
    account.run(job, "t", sh("echo another"))
    assert account.read(job, "t") == "another\n"
    account.wait_for(lambda: account.nodes(pool)[0]["runningTaskSlotsCount"] == 0)


def test_schedules_are_terminated_and_deleted_by_force(account, unused, sh):
    job = {
        "poolInfo": {"poolId": account.pool()},
        "jobPreparationTask": PREPARATION,
        "jobReleaseTask": {"commandLine": "sleep 60"},
    }
    schedule = {"recurrenceInterval": "PT1H"}
    body = {"id": unused, "schedule": schedule, "jobSpecification": job}
    assert account.send("POST", "/jobschedules", body).status_code == 201
    account.run(f"{unused}:job-1", "t")
    path = f"/jobschedules/{unused}"
    assert account.send("POST", f"{path}/terminate").status_code == 202
    assert account.get(path)["state"] == "terminating"
    assert account.send("POST", f"{path}/terminate", force="true").status_code == 202
    assert account.get(path)["state"] == "completed"
    assert account.send("DELETE", path, force="true").status_code == 202
    assert account.send("GET", path).status_code == 404
    assert account.send("GET", f"/jobs/{unused}:job-1").status_code == 404


@pytest.mark.parametrize("action", ["terminate", "delete"])
def test_nothing_comes_back_after_the_emulator_was_killed(
    tmp_path, start_emulator, account_of, sh, wait_for, action
):
    """The agent may have had no time yet to end what it was told to."""
    home = tmp_path / "home"
    emulator = start_emulator(home)
    account = account_of(emulator)
    pool = account.pool(slots=2)
    job = account.job(
        pool, jobPreparationTask=PREPARATION, jobReleaseTask={"commandLine": "sleep 60"}
    )
    pid = run_stubborn(account, sh, tmp_path, job)
    path = f"/jobs/{job}"
    if action == "delete":
        account.send("DELETE", path, force="true")
    else:
        account.send("POST", f"{path}/terminate", force="true")
    os.kill(emulator.process.pid, signal.SIGKILL)
    emulator.process.wait(60)
    account = account_of(start_emulator(home))
    wait_for(lambda: not runs(pid))
    if action == "delete":
        assert account.send("GET", path).status_code == 404
        assert not [*(home / "emulator" / "nodes").glob(f"*/workitems/{job}/job-1")]
    else:
        assert account.get(path)["state"] == "completed"
        assert account.task(job, "t")["state"] == "completed"
        assert release_of(account, job) is None
    (node,) = account.nodes(pool)
    assert node["runningTaskSlotsCount"] == 0
