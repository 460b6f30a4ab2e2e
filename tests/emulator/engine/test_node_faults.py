"""Nodes and tasks that go wrong because somebody asked for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runfleet.emulator import Fault, FaultKind, TaskKind, Transfer

Start = Callable[..., Any]


@pytest.mark.parametrize("kind", [FaultKind.NODE_LOST, FaultKind.DISK_FULL])
def test_a_node_comes_back_by_itself(
    start_emulator: Start, account_of: Any, tmp_path: Path, sh: Any, kind: FaultKind
) -> None:
    """What ran there runs again, as if nothing had been: no retry, no requeue is counted."""
    seconds = {"seconds": 0.3} if kind is FaultKind.NODE_LOST else {}
    emulator = start_emulator(tmp_path, faults=[Fault(kind, nth=(2,), **seconds)])
    account = account_of(emulator)
    job = account.job(account.pool(slots=2))
    account.add(job, "long", sh(f"echo x >> {tmp_path}/long; test -e {tmp_path}/go || sleep 60"))
    account.task_in(job, "long", "running")
    account.wait_for((tmp_path / "long").exists)
    (tmp_path / "go").touch()
    account.add(job, "second", "sleep 1")
    long = account.task_in(job, "long", "completed")
    assert long["executionInfo"]["result"] == "success"
    assert (long["executionInfo"]["retryCount"], long["executionInfo"]["requeueCount"]) == (0, 0)
    assert (tmp_path / "long").read_text() == "x\nx\n"
    second = account.task_in(job, "second", "completed")["executionInfo"]
    code = second.get("failureInfo", {}).get("code")
    assert code == ("DiskFull" if kind is FaultKind.DISK_FULL else None)


def test_a_full_disk_may_leave_its_node_unusable(
    start_emulator: Start, account_of: Any, tmp_path: Path
) -> None:
    """The task fails of it, and the node says why it takes no other (item 3.2)."""
    emulator = start_emulator(tmp_path, faults=[Fault(FaultKind.DISK_FULL, recovers=False)])
    account = account_of(emulator)
    pool = account.pool()
    job = account.job(pool)
    failure = account.run(job, "t")["executionInfo"]["failureInfo"]
    assert (failure["category"], failure["code"]) == ("servererror", "DiskFull")
    node = account.node_in(pool, "unusable")
    assert [error["code"] for error in node["errors"]] == ["DiskFull"]


def test_a_spot_node_is_preempted(
    start_emulator: Start, account_of: Any, tmp_path: Path, sh: Any
) -> None:
    """It is gone with its files; another one comes, and runs the task."""
    fault = Fault(FaultKind.NODE_PREEMPTED, nth=(1,), seconds=0.2)
    emulator = start_emulator(tmp_path, "--node-delay", "0.3", faults=[fault])
    account = account_of(emulator)
    pool = account.pool(nodes=0, targetLowPriorityNodes=1)
    (before,) = account.nodes(pool)
    job = account.job(pool)
    account.add(job, "t", sh(f"test -e {tmp_path}/go || sleep 60"))
    account.wait_for(lambda: before["id"] not in present(account, pool))
    (tmp_path / "go").touch()
    task = account.task_in(job, "t", "completed")
    assert task["executionInfo"]["result"] == "success"
    assert task["executionInfo"]["requeueCount"] == 0
    assert task["nodeInfo"]["nodeId"] != before["id"]


def present(account: Any, pool: str) -> set[str]:
    """The nodes of a pool that have not been taken away."""
    return {node["id"] for node in account.nodes(pool) if node["state"] != "preempted"}


TRANSFERS = {
    "BlobAccessDenied": (FaultKind.EXPIRED_SAS, Transfer.INPUTS),
    "FileUploadAccessDenied": (FaultKind.EXPIRED_SAS, Transfer.OUTPUTS),
    "BlobDownloadMiscError": (FaultKind.STORAGE_ERROR, Transfer.INPUTS),
    "FileUploadMiscError": (FaultKind.STORAGE_ERROR, Transfer.OUTPUTS),
}


def test_files_cannot_be_moved(start_emulator: Start, account_of: Any, tmp_path: Path) -> None:
    """Tasks fail in the words of the service; the next one does not."""
    faults = [
        Fault(kind, files=files, nth=(number,))
        for number, (kind, files) in enumerate(TRANSFERS.values(), start=1)
    ]
    account = account_of(start_emulator(tmp_path, faults=faults))
    job = account.job(account.pool(slots=len(faults)))
    folder = tmp_path / "storage" / "data"
    folder.mkdir(parents=True)
    (folder / "in.txt").write_text("in")
    output = {
        "filePattern": "in.txt",
        "destination": {"container": {"containerUrl": folder.as_uri(), "path": "out.txt"}},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }
    parts = {
        "resourceFiles": [{"httpUrl": f"{folder.as_uri()}/in.txt", "filePath": "in.txt"}],
        "outputFiles": [output],
    }
    for code in TRANSFERS:
        account.add(job, code, "cat in.txt", **parts)
    assert account.run(job, "last", "cat in.txt", **parts)["executionInfo"]["exitCode"] == 0
    assert (folder / "out.txt").read_text() == "in"
    for code in TRANSFERS:
        failed = account.task_in(job, code, "completed")["executionInfo"]
        assert failed["failureInfo"]["code"] == code


def test_a_start_task_fails(start_emulator: Start, account_of: Any, tmp_path: Path) -> None:
    """Once, which a retry mends; the pool without one has a node that takes no tasks."""
    faults = [Fault(FaultKind.START_TASK_FAILS, nth=(1, 3))]
    account = account_of(start_emulator(tmp_path, faults=faults))
    start_task = {"commandLine": "true", "waitForSuccess": True}
    mended = account.pool(startTask={**start_task, "maxTaskRetryCount": 1})
    assert account.node_in(mended, "idle")["startTaskInfo"]["retryCount"] == 1
    failed = account.node_in(account.pool(startTask=start_task), "starttaskfailed")
    assert failed["startTaskInfo"]["exitCode"] == 1


@pytest.mark.parametrize("instances", [0, 2])
def test_a_full_disk_fails_the_task_that_met_it(
    start_emulator: Start, account_of: Any, tmp_path: Path, instances: int
) -> None:
    """On one node or on several: it is not queued again as those are that were there with it."""
    account = account_of(start_emulator(tmp_path, faults=[Fault(FaultKind.DISK_FULL, nth=(1,))]))
    pool = account.pool(nodes=2, enableInterNodeCommunication=True)
    settings = {"numberOfInstances": instances, "coordinationCommandLine": "true"}
    more = {"multiInstanceSettings": settings} if instances else {}
    task = account.run(account.job(pool), "t", **more)
    assert task["executionInfo"]["failureInfo"]["code"] == "DiskFull"


def test_a_node_cannot_be_prepared(start_emulator: Start, account_of: Any, tmp_path: Path) -> None:
    """Its disk is full, or the files do not come: no task is blamed, and another try succeeds."""
    faults = [
        Fault(FaultKind.DISK_FULL, of=TaskKind.PREPARATION_TASKS, nth=(1,)),
        Fault(FaultKind.EXPIRED_SAS, of=TaskKind.PREPARATION_TASKS, nth=(2,)),
    ]
    account = account_of(start_emulator(tmp_path, faults=faults))
    pool = account.pool()
    shared = tmp_path / "shared.txt"
    shared.write_text("shared")
    file = {"httpUrl": shared.as_uri(), "filePath": "shared.txt"}
    job = account.job(pool, jobPreparationTask={"commandLine": "true", "resourceFiles": [file]})
    account.add(job, "t")
    path = f"/jobs/{job}/jobpreparationandreleasetaskstatus"

    def failure() -> Any:
        infos = [one["jobPreparationTaskExecutionInfo"] for one in account.get(path)["value"]]
        return infos[0].get("failureInfo") if infos else None

    def is_refused() -> bool:
        return (failure() or {}).get("code") == "BlobAccessDenied"

    account.wait_for(is_refused)
    assert account.task(job, "t")["state"] == "active"
    (node,) = account.nodes(pool)
    account.send("POST", f"/pools/{pool}/nodes/{node['id']}/reboot", {})
    task = account.task_in(job, "t", "completed")["executionInfo"]
    assert (task["result"], task["retryCount"], task["requeueCount"]) == ("success", 0, 0)


def test_a_start_task_lacks_its_files(
    start_emulator: Start, account_of: Any, tmp_path: Path
) -> None:
    """And is not run again by itself: only what a command exits with is retried."""
    faults = [Fault(FaultKind.STORAGE_ERROR, of=TaskKind.START_TASKS, status=500)]
    account = account_of(start_emulator(tmp_path, faults=faults))
    file = {"httpUrl": (tmp_path / "x").as_uri(), "filePath": "x"}
    pool = account.pool(startTask={"commandLine": "true", "resourceFiles": [file]})
    info = account.node_in(pool, "starttaskfailed")["startTaskInfo"]
    assert info["failureInfo"]["code"] == "BlobDownloadMiscError"
