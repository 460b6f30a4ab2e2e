"""The benchmark measures equal work, which it checks itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.mark.needs("parallel")
def test_all_tools_do_the_same_runs(tmp_path: Path) -> None:
    """Each tool does every run, keeps its stdout and stderr, and gets a line of the table."""
    options = ["--runs", "20", "--rounds", "1", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, BENCH / "run_to_completion.py", *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    names = [line[:14].strip() for line in done.stdout.splitlines()[2:-1]]
    assert names == ["runfleet", "HyperQueue", "GNU parallel", "xargs -P2"]
