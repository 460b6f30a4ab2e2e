"""The benchmark of storage measures transfers that have worked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def test_all_loads_go_and_come_back(tmp_path: Path, azurite: object) -> None:
    """The script itself checks that all files have come back."""
    options = ["--rounds", "1", "--files", "0.002", "--bytes", "0.01", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, BENCH / "storage.py", *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 7
    assert list(tmp_path.iterdir()) == []
