"""Programs that the shell finds, and runs do not, as the emulator has another PATH."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks import find_lost_programs
from runfleet.study.model import Model, PackageReference

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
OTHER = "the emulator was started with another PATH"

Look = Callable[..., list[str]]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where this shell looks for programs, and has `swmmx` and `python3`."""
    folder = make_programs(tmp_path / "own", "swmmx", "python3")
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """The one where runs look, without `swmmx`."""
    return make_programs(tmp_path / "theirs", "python3", "other")


@pytest.fixture
def look(own: Path, theirs: Path) -> Look:
    def look(model: Model, system: OperatingSystem = LINUX) -> list[str]:
        return list(find_lost_programs(model, system, str(theirs)))

    return look


def make_programs(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).touch(mode=0o755)
    return folder


@pytest.mark.parametrize("command", ["swmmx in.inp", "cd a && swmmx b; swmmx c", "sh -c 'swmmx a'"])
def test_a_program_that_runs_do_not_find_is_told(look: Look, own: Path, command: str) -> None:
    told = [f"`swmmx` is `{own}/swmmx` here, and is not found by runs: {OTHER}"]
    assert look(Model(command)) == told


def test_another_program_of_that_name_is_told(look: Look, own: Path, theirs: Path) -> None:
    """As the Python of a virtual environment, which has other modules."""
    told = [f"`python3` is `{own}/python3` here, and is `{theirs}/python3` in runs: {OTHER}"]
    assert look(Model("python3 model.py")) == told


@pytest.mark.parametrize(
    "model",
    [
        Model("./swmmx in.inp; nowhere; other"),
        Model("echo swmmx"),
        Model("PATH=/opt/swmm:$PATH swmmx in.inp"),
        Model("swmmx", environment={"PATH": "/opt/swmm:/bin"}),
        Model("swmmx", packages=(PackageReference("swmm", "5"),)),
    ],
)
def test_what_the_study_may_find_itself_is_left_alone(look: Look, model: Model) -> None:
    assert look(model) == []


def test_of_other_machines_nothing_is_known(own: Path, theirs: Path, look: Look) -> None:
    assert not list(find_lost_programs(Model("swmmx"), LINUX, None))
    assert look(Model("swmmx"), WINDOWS) == []


def test_a_folder_by_another_name_is_the_same(own: Path, tmp_path: Path) -> None:
    """As `/bin` is `/usr/bin`."""
    (tmp_path / "link").symlink_to(own)
    assert not list(find_lost_programs(Model("swmmx"), LINUX, str(tmp_path / "link")))
