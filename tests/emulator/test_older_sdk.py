"""azure-batch 14.2, unmodified."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from runfleet.emulator.handlers import HANDLERS
from runfleet.storage import DirectoryStorage
from runfleet.storage.packages import PackageFolder
from runfleet.wire.requests import Request
from runfleet.wire.router import route

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".build" / "azure-batch-14" / "bin" / "python"
HERE = Path(__file__).parent

# What the service, too, refuses on virtual nodes of its kind.
REFUSED_AS_EVER = {
    "compute_node.reimage": "OperationNotValidOnNode",
    "compute_node.get_remote_desktop": "OperationNotValidOnNode",
    "compute_node_extension.get": "ResourceNotFound",
}


@pytest.fixture(scope="module")
def run_older(emulator, request):
    """Carry out a script with the older SDK, and give what it prints."""

    def run(script, *arguments):
        if not PYTHON.exists():
            request.getfixturevalue("skip")(
                "azure-batch 14 is not there; `make .build/azure-batch-14/installed` installs it"
            )
        ended = subprocess.run(
            [PYTHON, HERE / script, emulator.url, emulator.account, *arguments],
            input=emulator.key,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


def test_the_whole_way_of_an_older_client(run_older):
    """Items 102, 148 and 150."""
    assert run_older("older_sdk.py") == {
        "missing pool exists": False,
        "pool exists": True,
        "communication": "classic",
        "added": 250,
        "listed": 250,
        "states": ["completed"],
        "stdout": "hello\n",
        "file": "content\n",
        "part": "hell",
        "files": ["stderr.txt", "stdout.txt", "wd", "wd/a b", "wd/a b/c.txt"],
        "length": 6,
        "rebooting": "rebooting",
        "disabled": "disabled",
        "managed": "JMComplete",
        "priority": 5,
        "auto pool": ["old_", True, False],
        "schedule exists": False,
        "disabled schedule": "disabled",
        "interval": 1800.0,
        "jobs of schedule": ["old-schedule:job-1"],
        "terminated": "TerminateJobSchedule",
        "error": "TaskNotFound",
    }


def test_every_method_of_sdk_14(run_older, emulator, tmp_path):
    """Each does what it promises, but for what the service refuses and what is not built."""
    (tmp_path / "hello").write_text("hello")
    PackageFolder(emulator.home / "emulator" / "packages").add("app", "1", tmp_path)
    storage = DirectoryStorage(emulator.home / "storage")
    storage.create_container("logs")
    url = storage.container_url("logs", life=timedelta(days=1), write=True)
    walked = run_older("older_sdk_walk.py", url)
    assert sorted(walked["seen"]) == walked["public"]
    for name, (method, target) in walked["refused"].items():
        asked = Request(method, urlsplit(target).path, "", "", datetime.now(UTC))
        operation = route(asked).operation.name
        is_unbuilt = operation not in HANDLERS and name not in REFUSED_AS_EVER
        expected = {"NotImplemented", 501} if is_unbuilt else {REFUSED_AS_EVER.get(name)}
        assert walked["seen"][name] in expected, name
