"""What a command reads by hand it may lack on the nodes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.left_behind import find_left_behind
from runfleet.study.model import Model, Output, PackageReference, SharedInput


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("python3 model.py", ["model.py"]),
        ("./model.py < in.txt && ./model.py", ["./model.py", "in.txt"]),
        ("python3 brought.py > in.txt 2>model.py", []),
        ("./prog in.txt out.csv", ["in.txt"]),
        ("prog nothere.txt folder 'not closed", []),
        ("/bin/sh " + "x" * 5000, []),
    ],
)
def test_files_of_a_command_that_are_no_inputs_are_told(
    tmp_path: Path, command: str, left: list[str]
):
    """They lie beside the study file, where the command is tried by hand; runs do not get them."""
    for name in ("model.py", "in.txt", "brought.py", "out.csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    brought = SharedInput(PurePosixPath("brought.py"), tmp_path / "brought.py")
    model = Model(command, inputs=(brought,), outputs=(Output("*.csv"),))
    told = list(find_left_behind(model, OperatingSystem.LINUX, tmp_path))
    assert [warning.split("`")[1] for warning in told] == left


def test_paths_of_windows_are_read_as_cmd_does(tmp_path: Path):
    """Backslashes are no quotes there."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/in.txt").touch()
    model = Model(r'prog.exe "data\in.txt" >data\in.txt', outputs=(Output("*.csv"),))
    told = list(find_left_behind(model, OperatingSystem.WINDOWS, tmp_path))
    assert [warning.split("`")[1] for warning in told] == [r"data\in.txt"]


@pytest.mark.parametrize("system", OperatingSystem)
def test_programs_may_come_of_a_package(tmp_path: Path, system: OperatingSystem):
    """Whoever puts a program into a package has it beside the study file still."""
    for name in ("snow.exe", "in.txt"):
        (tmp_path / name).touch()
    model = Model("snow.exe in.txt", packages=(PackageReference("snow", "1.0"),))
    told = list(find_left_behind(model, system, tmp_path))
    assert [warning.split("`")[1] for warning in told] == ["in.txt"]


def test_windows_looks_for_programs_by_their_endings_and_in_any_case(tmp_path: Path):
    """So that `st`, here a program of Linux, is `st.exe` there."""
    for name in ("st", "st.exe", "in.txt", "IN.TXT", "out.csv", "data"):
        (tmp_path / name).touch()
    inputs = tuple(
        SharedInput(PurePosixPath(name), tmp_path / name) for name in ("st.exe", "in.txt")
    )
    model = Model("st IN.TXT out.csv data", inputs=inputs, outputs=(Output("*.CSV"),))
    told = list(find_left_behind(model, OperatingSystem.WINDOWS, tmp_path))
    assert [warning.split("`")[1] for warning in told] == ["data"]
    told = list(find_left_behind(model, OperatingSystem.LINUX, tmp_path))
    assert [warning.split("`")[1] for warning in told] == ["st", "IN.TXT", "out.csv", "data"]
