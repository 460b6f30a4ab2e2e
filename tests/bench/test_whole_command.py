"""The benchmarks of whole commands run, small, and print what they promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.parametrize(
    ("script", "options", "promised"),
    [
        ("start.py", ("--rounds", "1", "--idle", "0.1"), "command to first task"),
        ("status.py", ("--runs", "100", "--rounds", "1"), "status: median"),
        ("shared_input.py", ("--runs", "5", "--megabytes", "2"), "times the input"),
    ],
)
def test_a_small_measurement(script, options, promised, tmp_path):
    command = [sys.executable, BENCH / script, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert promised in done.stdout
