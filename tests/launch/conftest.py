"""An account with a real emulator, for all tests of this folder."""

from __future__ import annotations

import json
import os
import signal
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath

import pytest

from runfleet.launch import Account, connect
from runfleet.study import Study
from runfleet.study.model import SharedInput

_numbers = count(1)


WaitFor = Callable[..., None]
WriteStudy = Callable[..., Study]


def end_emulator(home: Path, sign: signal.Signals = signal.SIGTERM) -> None:
    """End the emulator of a home folder, if there is one, and wait until it is gone."""
    try:
        pid = json.loads((home / "emulator/endpoint.json").read_text())["pid"]
        os.kill(pid, sign)
    except (FileNotFoundError, ProcessLookupError):
        return
    wait_until(lambda: not is_alive(pid), seconds=60)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has asked for its exit code does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def as_inputs(tmp_path: Path) -> Callable[[Mapping[str, bytes]], tuple[SharedInput, ...]]:
    """Write files, and make them the inputs of a model."""

    def write(name: str, content: bytes) -> SharedInput:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        return SharedInput(PurePosixPath(name), file)

    return lambda contents: tuple(write(*named) for named in contents.items())


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose emulator serves all tests that leave it alone."""
    home = tmp_path_factory.mktemp("a home")
    yield home
    end_emulator(home)


@pytest.fixture
def account(shared_home: Path) -> Iterator[Account]:
    with connect(home=shared_home) as account:
        yield account


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of one's own, for tests that end its emulator."""
    path = tmp_path / "it's home"
    yield path
    end_emulator(path)


@pytest.fixture
def stop(home: Path) -> Callable[[], None]:
    """End the emulator of `home`, as it does itself when it has nothing to do."""
    return lambda: end_emulator(home)


@pytest.fixture
def wait_for() -> WaitFor:
    """Wait for a condition: `wait_for(lambda: ..., seconds=10)`."""
    return wait_until


@pytest.fixture
def write_study(tmp_path: Path) -> WriteStudy:
    """Write and load a study file; each test's studies have names of their own."""
    number = next(_numbers)

    def write(text: str, *, name: str = "study", **files: str) -> Study:
        folder = tmp_path / "a user's folder"
        folder.mkdir(exist_ok=True)
        for file, content in files.items():
            (folder / file.replace("_", ".")).write_text(content)
        path = folder / f"{name}-{number}.yaml"
        path.write_text(textwrap.dedent(text))
        return Study.load(path)

    return write
