"""azure-batch 14.2, unmodified."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".build" / "azure-batch-14" / "bin" / "python"
SCRIPT = Path(__file__).with_name("older_sdk.py")


def test_the_whole_way_of_an_older_client(emulator, skip):
    """Items 102, 148 and 150."""
    if not PYTHON.exists():
        skip("azure-batch 14 is not there; `make .build/azure-batch-14/installed` installs it")
    ended = subprocess.run(
        [PYTHON, SCRIPT, emulator.url, emulator.account],
        input=emulator.key,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "missing pool exists": False,
        "pool exists": True,
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
        "priority": 5,
        "schedule exists": False,
        "disabled schedule": "disabled",
        "interval": 1800.0,
        "jobs of schedule": ["old-schedule:job-1"],
        "terminated": "TerminateJobSchedule",
        "error": "TaskNotFound",
    }
