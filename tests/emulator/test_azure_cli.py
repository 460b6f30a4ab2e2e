"""`az batch`, unmodified, in the environment that `runfleet emulator env` exports."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AZ = Path(__file__).parents[2] / ".build" / "azure-cli" / "bin" / "az"
IMAGE = "canonical:0001-com-ubuntu-server-jammy:22_04-lts"
SUCCEEDED = {"active": 0, "running": 0, "completed": 3, "succeeded": 3, "failed": 0}


@pytest.fixture
def environment(start_emulator, tmp_path, skip) -> dict[str, str]:
    """A shell after `eval "$(runfleet emulator env)"`, in which nobody has used `az` before."""
    if not AZ.exists():
        skip("the Azure CLI is not there; `make .build/azure-cli/installed` installs it")
    emulator = start_emulator(tmp_path / "home", "--tls")
    return {
        **os.environ,
        **exported(emulator.home),
        "AZURE_CONFIG_DIR": str(tmp_path / "configuration"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
    }


@pytest.fixture
def az(environment) -> Callable[..., Any]:
    """Carry out `az ARGUMENT...`; what it prints is JSON."""

    def az(*arguments: str) -> Any:
        ended = subprocess.run(
            [AZ, *arguments], env=environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    return az


@pytest.fixture
def batch(az) -> Callable[..., Any]:
    """Carry out `az batch ARGUMENT...`."""
    return lambda *arguments: az("batch", *arguments)


def exported(home: Path) -> dict[str, str]:
    """What `eval "$(runfleet emulator env --entra)"` sets."""
    program = Path(sys.executable).with_name("runfleet")
    lines = subprocess.run(
        [program, "emulator", "env", "--entra"],
        env={**os.environ, "RUNFLEET_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(word.split("=", 1) for word in shlex.split(lines) if word != "export")


@pytest.mark.slow
def test_the_whole_way_of_az_batch(batch, wait_for, tmp_path):
    """A pool, a job, tasks from options and from a file, what they wrote, and the end of it."""
    agent = ("--node-agent-sku-id", "batch.node.ubuntu 22.04")
    size = ("--vm-size", "standard_f2s_v2", "--target-dedicated-nodes", "1")
    batch("pool", "create", "--id", "p", "--image", IMAGE, *agent, *size)
    assert [pool["id"] for pool in batch("pool", "list")] == ["p"]
    batch("job", "create", "--id", "j", "--pool-id", "p")
    line = "/bin/sh -c 'echo hello > out.txt'"
    task = batch("task", "create", "--job-id", "j", "--task-id", "one", "--command-line", line)
    assert task["commandLine"] == line
    several = tmp_path / "tasks.json"
    several.write_text(json.dumps([{"id": name, "commandLine": "true"} for name in ("a", "b")]))
    added = batch("task", "create", "--job-id", "j", "--json-file", str(several))
    assert {one["taskId"]: one["status"] for one in added} == {"a": "Success", "b": "Success"}
    wait_for(
        lambda: batch("job", "task-counts", "show", "--job-id", "j")["taskCounts"] == SUCCEEDED
    )
    assert {one["id"]: one["state"] for one in batch("task", "list", "--job-id", "j")} == {
        "one": "completed",
        "a": "completed",
        "b": "completed",
    }
    of_one = ("--job-id", "j", "--task-id", "one")
    assert batch("task", "show", *of_one)["executionInfo"]["exitCode"] == 0
    files = batch("task", "file", "list", *of_one, "--recursive")
    assert "wd/out.txt" in {one["name"] for one in files}
    copy = tmp_path / "copy.txt"
    batch(
        "task", "file", "download", *of_one, "--file-path", "wd/out.txt", "--destination", str(copy)
    )
    assert copy.read_text() == "hello\n"
    batch("job", "delete", "--job-id", "j", "--yes")
    batch("pool", "resize", "--pool-id", "p", "--target-dedicated-nodes", "0")
    assert batch("pool", "show", "--pool-id", "p")["targetDedicatedNodes"] == 0
    batch("pool", "delete", "--pool-id", "p", "--yes")
    wait_for(lambda: batch("pool", "list") == [])


@pytest.mark.slow
def test_the_job_schedules_of_az_batch(batch):
    manager = ("--job-manager-task-id", "m", "--job-manager-task-command-line", "true")
    times = ("--recurrence-interval", "PT1H", "--start-window", "PT30M")
    batch("job-schedule", "create", "--id", "s", "--pool-id", "p", *times, *manager)
    named = ("--job-schedule-id", "s")
    assert [job["id"] for job in batch("job", "list", *named)] == ["s:job-1"]
    assert [task["id"] for task in batch("task", "list", "--job-id", "s:job-1")] == ["m"]
    batch("job-schedule", "stop", *named)
    assert batch("job-schedule", "show", *named)["state"] == "completed"
    batch("job-schedule", "delete", *named, "--yes")
    assert batch("job", "list") == []


@pytest.mark.slow
def test_az_logs_in_and_manages_packages(az, batch, environment, tmp_path):
    """The emulator is a cloud of its own, with an identity that needs no key."""
    del environment["AZURE_BATCH_ACCESS_KEY"]
    az("cloud", "register", "--name", "emulator", *resource_manager(environment))
    az("cloud", "set", "--name", "emulator")
    (subscription,) = az("login", "--identity")
    assert subscription["name"] == "runfleet emulator"
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("program", "x")
    account = ("--resource-group", "any", "--name", "local")
    named = (*account, "--application-name", "app")
    version = (*named, "--version-name", "1.0")
    made = batch("application", "package", "create", *version, "--package-file", str(package))
    assert made["state"] == "Active"
    assert batch("application", "summary", "list")[0]["versions"] == ["1.0"]
    batch("application", "package", "delete", *version, "--yes")
    batch("application", "delete", *named, "--yes")
    assert batch("application", "list", *account) == []


def resource_manager(environment: dict[str, str]) -> tuple[str, str]:
    """Where the emulator serves it."""
    return ("--endpoint-resource-manager", environment["AZURE_BATCH_ENDPOINT"])
