"""The real command `runfleet`, each test with a home of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).parent / "runfleet"


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Shell:
    """
    Runs `runfleet` in a folder.

    Parameters
    ----------
    folder
        Where it is called.
    home
        Its RUNFLEET_HOME.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
            "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}",
            "RUNFLEET_HOME": str(home),
            "COLUMNS": "80",
            "TERM": "xterm",
        }

    def __call__(self, *arguments: str) -> Ended:
        return self._end([str(COMMAND), *arguments])

    def line(self, text: str) -> Ended:
        """Carry out a line as it is typed into a shell."""
        return self._end(["sh", "-c", text])

    def on_terminal(self, *arguments: str, typed: str = "", **environment: str) -> tuple[int, str]:
        """Run `runfleet` on a terminal of its own; gives its exit code and all that it showed."""
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        process = subprocess.Popen(
            [str(COMMAND), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=self.folder,
            env=self.environment | environment,
        )
        os.close(theirs)
        shown = _read_all(ours)
        return process.wait(), shown

    def _end(self, command: list[str]) -> Ended:
        run = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return Ended(run.returncode, run.stdout, run.stderr)


def _read_all(terminal: int) -> str:
    """Everything until the last process has closed the other end, which is an error on Linux."""
    parts = []
    try:
        while part := os.read(terminal, 4096):
            parts.append(part)
    except OSError:
        pass
    finally:
        os.close(terminal)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the user is: a folder with a blank and a quote in its name."""
    folder = tmp_path / "user's models"
    folder.mkdir()
    return folder


@pytest.fixture
def runfleet(folder: Path, tmp_path: Path) -> Shell:
    return Shell(folder, tmp_path / "home")
