"""The benchmark of the agent measures runs that have worked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def test_the_agent_and_the_floor_do_all_runs(tmp_path: Path) -> None:
    """Each run leaves its files, those of the agent also in the container."""
    options = ["--runs", "20", "--rounds", "1", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, BENCH / "agent.py", *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert len(list(tmp_path.glob("*/f0/run-*/wd/out.txt"))) == 20
    assert len(list(tmp_path.glob("*/a0/storage/study-bench/runs/bench/run-*/*.txt"))) == 60
