"""`az batch`, unmodified, in the environment that `runfleet emulator env` exports."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AZ = Path(__file__).parents[2] / ".build" / "azure-cli" / "bin" / "az"
IMAGE = "canonical:0001-com-ubuntu-server-jammy:22_04-lts"
SUCCEEDED = {"active": 0, "running": 0, "completed": 3, "succeeded": 3, "failed": 0}


@pytest.fixture
def az(start_emulator, tmp_path, skip) -> Callable[..., Any]:
    """Carry out `az batch ARGUMENT...`; what it prints is JSON."""
    if not AZ.exists():
        skip("the Azure CLI is not there; `make .build/azure-cli/installed` installs it")
    emulator = start_emulator(tmp_path / "home", "--tls")
    environment = {
        **os.environ,
        **exported(emulator.home),
        "AZURE_CONFIG_DIR": str(tmp_path / "configuration"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
    }

    def az(*arguments: str) -> Any:
        ended = subprocess.run(
            [AZ, "batch", *arguments], env=environment, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout) if ended.stdout.strip() else None

    return az


def exported(home: Path) -> dict[str, str]:
    """What `eval "$(runfleet emulator env)"` sets."""
    program = Path(sys.executable).with_name("runfleet")
    lines = subprocess.run(
        [program, "emulator", "env"],
        env={**os.environ, "RUNFLEET_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(word.split("=", 1) for word in shlex.split(lines) if word != "export")


@pytest.mark.slow
def test_the_whole_way_of_az_batch(az, wait_for, tmp_path):
    """A pool, a job, tasks from options and from a file, what they wrote, and the end of it."""
    agent = ("--node-agent-sku-id", "batch.node.ubuntu 22.04")
    size = ("--vm-size", "standard_f2s_v2", "--target-dedicated-nodes", "1")
    az("pool", "create", "--id", "p", "--image", IMAGE, *agent, *size)
    assert [pool["id"] for pool in az("pool", "list")] == ["p"]
    az("job", "create", "--id", "j", "--pool-id", "p")
    line = "/bin/sh -c 'echo hello > out.txt'"
    task = az("task", "create", "--job-id", "j", "--task-id", "one", "--command-line", line)
    assert task["commandLine"] == line
    several = tmp_path / "tasks.json"
    several.write_text(json.dumps([{"id": name, "commandLine": "true"} for name in ("a", "b")]))
    added = az("task", "create", "--job-id", "j", "--json-file", str(several))
    assert {one["taskId"]: one["status"] for one in added} == {"a": "Success", "b": "Success"}
    wait_for(lambda: az("job", "task-counts", "show", "--job-id", "j")["taskCounts"] == SUCCEEDED)
    assert {one["id"]: one["state"] for one in az("task", "list", "--job-id", "j")} == {
        "one": "completed",
        "a": "completed",
        "b": "completed",
    }
    of_one = ("--job-id", "j", "--task-id", "one")
    assert az("task", "show", *of_one)["executionInfo"]["exitCode"] == 0
    files = az("task", "file", "list", *of_one, "--recursive")
    assert "wd/out.txt" in {one["name"] for one in files}
    copy = tmp_path / "copy.txt"
    az("task", "file", "download", *of_one, "--file-path", "wd/out.txt", "--destination", str(copy))
    assert copy.read_text() == "hello\n"
    az("job", "delete", "--job-id", "j", "--yes")
    az("pool", "resize", "--pool-id", "p", "--target-dedicated-nodes", "0")
    assert az("pool", "show", "--pool-id", "p")["targetDedicatedNodes"] == 0
    az("pool", "delete", "--pool-id", "p", "--yes")
    wait_for(lambda: az("pool", "list") == [])
