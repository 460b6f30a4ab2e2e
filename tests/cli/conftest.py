"""The real command `runfleet`, each test with a home of its own."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from runfleet.home import Folders

WriteStudy = Callable[..., str]

# What the machine says in them does not matter to the tests.
NOT_OURS = ("NO_COLOR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
COMMAND = Path(sys.executable).parent / "runfleet"

_STUDY = """\
study: {name}
model:
  command: sh {name}.sh
  inputs: [{name}.sh]
parameters:
  N: {{values: {values}}}
"""


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
            **{name: value for name, value in os.environ.items() if name not in NOT_OURS},
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

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `runfleet`, to be talked to while it goes on."""
        return subprocess.Popen(
            [str(COMMAND), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_terminal(
        self,
        *arguments: str,
        typed: str = "",
        watch: Callable[[str], None] | None = None,
        **environment: str,
    ) -> tuple[int, str]:
        """
        Run `runfleet` on a terminal of its own; gives its exit code and all that it showed.

        Meanwhile `watch` is called with what it has shown so far.
        """
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
        shown = _read_all(ours, watch)
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


def _read_all(terminal: int, watch: Callable[[str], None] | None) -> str:
    """Everything until the last process has closed the other end, which is an error on Linux."""
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
            if watch:
                watch(shown.decode(errors="ignore"))
    except OSError:
        pass
    finally:
        os.close(terminal)
    return shown.decode().replace("\r\n", "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the user is: a folder with a blank and a quote in its name."""
    folder = tmp_path / "user's models"
    folder.mkdir()
    return folder


@pytest.fixture
def without_rights(skip: Callable[[str], None]) -> str:
    """What stands before a command that root gives to have it carried out as by anybody."""
    if os.geteuid() != 0:
        return ""
    if shutil.which("setpriv") is None:
        skip("root cannot give up its rights here")
    return "setpriv --inh-caps=-all --bounding-set=-all"


@pytest.fixture
def runfleet(folder: Path, tmp_path: Path) -> Iterator[Shell]:
    """`runfleet` with a home of its own, whose emulator ends with the test."""
    shell = Shell(folder, tmp_path / "home")
    yield shell
    # Not by what it announces: one that is still starting when the test is over ends, too.
    if Folders(shell.home).lock.exists():
        assert shell("emulator", "stop").code == 0


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose emulator serves all tests of a module."""
    home = tmp_path_factory.mktemp("home")
    yield home
    assert Shell(home, home)("emulator", "stop").code == 0


@pytest.fixture
def local(folder: Path, shared_home: Path) -> Shell:
    """`runfleet` with the emulator that all tests of the module share."""
    return Shell(folder, shared_home)


@pytest.fixture
def write_study(folder: Path) -> WriteStudy:
    """Writes a study of a shell script, with a run for each value of `N`."""

    def write(name: str, script: str, values: Sequence[int] = (1, 2, 3), more: str = "") -> str:
        (folder / f"{name}.sh").write_text(script)
        (folder / f"{name}.yaml").write_text(_STUDY.format(name=name, values=list(values)) + more)
        return f"{name}.yaml"

    return write
