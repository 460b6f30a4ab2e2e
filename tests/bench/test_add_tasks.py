"""The benchmark adds tasks to an emulator of its own and counts them back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def test_rates_memory_and_ratio_are_printed() -> None:
    """A small job is enough to see that it works."""
    command = [sys.executable, BENCH / "add_tasks.py", "--tasks", "2000", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first_words = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert [words.split()[0] for words in first_words] == ["2,000", "first", "peak", "2,000"]
