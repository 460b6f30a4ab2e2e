"""What all tests share: programs they need, and a `runfleet` with a home of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EPANET = ROOT / ".build" / "epanet"

RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a program which is not installed."""
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if shutil.which(program) is None:
                skip(f"`{program}` is not installed; `make test` says how")


def skip(reason: str) -> None:
    """Leave a test out. Not in CI: there, whatever is missing is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"nothing is skipped in CI: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def epanet() -> Path:
    """The folder of the application package `epanet`, version 2.3.5."""
    if not (EPANET / "bin" / "runepanet").exists():
        skip("EPANET is not there; `make .build/epanet` fetches it")
    return EPANET


@pytest.fixture
def runfleet(tmp_path: Path) -> Iterator[RunCommand]:
    """Carry out `runfleet ARGUMENT...` in a folder, with a home and an emulator of its own."""
    program = Path(sys.executable).with_name("runfleet")
    environment = {**os.environ, "RUNFLEET_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}

    def run(*arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True
        )

    yield run
    run("emulator", "stop")
