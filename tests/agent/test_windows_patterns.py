"""Patterns of output files on Windows nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.agent.windows_patterns import parse

FILES = ["wd/Out.CSV", "wd/Results/Run 1/Q.csv", "wd/.hidden.csv", "stdout.txt"]


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """The folder of a task on a node whose root is `tmp_path/node-1`."""
    task = tmp_path / "node-1" / "workitems" / "job" / "job-1" / "task"
    for name in FILES:
        (task / name).parent.mkdir(parents=True, exist_ok=True)
        (task / name).touch()
    return task


@pytest.mark.parametrize(
    ("pattern", "relative"),
    [
        ("out.csv", ["out.csv"]),
        ("*.csv", ["Out.CSV"]),
        ("OUT.*", ["Out.CSV"]),
        (r"results\**\q.csv", ["Run 1/Q.csv"]),
        (r"RESULTS\run 1\q.CSV", ["q.CSV"]),
        ("results/*/*", ["Run 1/Q.csv"]),
        (r"..\STD*.txt", ["stdout.txt"]),
        (r"%az_batch_task_dir%\std*.txt", ["stdout.txt"]),
        ("$AZ_BATCH_TASK_DIR/stdout.txt", ["stdout.txt"]),
        ("${NAME}.csv", ["out.csv"]),
        ("100%.csv", []),
        ("%NONE%.csv", []),
        (r"E:\*.csv", []),
        (r"D:\node-1\workitems\job\job-1\task\wd\*.csv", ["Out.CSV"]),
    ],
)
def test_patterns_are_those_of_windows(task, tmp_path, pattern, relative):
    """Case does not matter, both slashes separate, and variables have per cent signs."""
    environment = {
        "AZ_BATCH_TASK_DIR": r"D:\node-1\workitems\job\job-1\task",
        "NAME": "out",
    }
    root = str(tmp_path / "node-1")
    parsed, folder = parse(pattern, environment, str(task / "wd"), root)
    matches = list(parsed.find(folder))
    assert [match.relative for match in matches] == relative
    assert all(Path(match.path).is_file() for match in matches)
