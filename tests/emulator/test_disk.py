"""The emulator on a disk that really becomes full: a small one of its own."""

from __future__ import annotations

import pytest

from runfleet.errors import RunfleetError


@pytest.fixture
def emulator(disk, start_emulator):
    return start_emulator(disk.folder / "home")


@pytest.fixture
def account(emulator, account_of):
    return account_of(emulator)


def test_all_waits_for_space_and_nothing_is_lost(disk, emulator, account, sh, tmp_path):
    """What has ended is told once it is noted; who asks for more is told why not."""
    job = account.job(account.pool(nodes=2))
    account.run(job, "before", sh("echo hello"))
    flag = tmp_path / "flag"
    account.add(job, "t", sh(f'until test -e "{flag}"; do sleep 0.01; done; echo x >> "{flag}"'))
    account.task_in(job, "t", "running")
    disk.fill(left=0)
    refused = account.send("POST", f"/jobs/{job}/tasks", {"id": "more", "commandLine": "true"})
    assert account.code(refused) == (403, "IOError")
    assert "0.0 MB are left" in refused.json()["values"][0]["value"]
    flag.touch()
    account.wait_for(flag.read_text)
    assert account.send("POST", f"/jobs/{job}/disable", {"disableTasks": "wait"}).status_code == 403
    assert account.task(job, "before")["executionInfo"]["exitCode"] == 0
    disk.free()
    account.task_in(job, "t", "completed")
    account.job_in(job, "disabled")
    emulator.process.kill()
    emulator.process.wait()
    emulator.start()
    assert account.task(job, "t")["executionInfo"]["exitCode"] == 0
    assert flag.read_text() == "x\n"


def test_a_node_takes_no_tasks_while_its_disk_is_full(disk, account, sh, tmp_path):
    """The task that lacked space fails; the others wait until there is some."""
    big = tmp_path / "big"
    big.write_bytes(bytes(24 << 20))
    pool = account.pool()
    job = account.job(pool)
    files = [{"httpUrl": big.as_uri(), "filePath": name} for name in ("big", "copy")]
    disk.fill(left=40 << 20)
    # Both at once: when the first has begun, there may be no space to add another.
    tasks = [{"id": "t", "commandLine": "true", "resourceFiles": files}]
    wait = sh(f'until test -e "{tmp_path}/go"; do sleep 0.01; done')
    tasks.append({"id": "next", "commandLine": wait})
    account.client.create_task_collection(job, {"value": tasks})
    failure = account.task_in(job, "t", "completed")["executionInfo"]["failureInfo"]
    assert failure["code"] == "DiskFull"
    (error,) = account.node_in(pool, "unusable")["errors"]
    assert error["code"] == "DiskFull"
    # It may have begun before the node was known to be full.
    assert account.task_in(job, "next", "active")["executionInfo"]["requeueCount"] == 0
    disk.free()
    (tmp_path / "go").touch()
    assert account.task_in(job, "next", "completed")["executionInfo"]["exitCode"] == 0
    assert "errors" not in account.node_in(pool, "idle")


def test_no_emulator_starts_on_a_full_disk(disk, start_emulator):
    """It says what is missing, and leaves everything as it is."""
    home = disk.folder / "home"
    disk.fill(left=1 << 20)
    with pytest.raises(RunfleetError, match="are left on the disk of") as raised:
        start_emulator(home)
    assert "see to it that 32 MB are free" in raised.value.message
    disk.free()
    start_emulator(home)
