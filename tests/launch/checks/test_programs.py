"""Programs of the other operating system are refused before they are carried anywhere."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from runfleet.launch import LaunchError
from runfleet.launch.checks.programs import check_programs, find_doubtful_programs
from runfleet.launch.pool import plan_local_pool
from runfleet.study.model import Model, PackageReference, SharedInput
from runfleet.study.pool import PoolRequest

CONTENTS = {
    "prog": b"\x7fELF\2\1",
    "prog.exe": b"MZ\x90\0",
    "native.exe": b"\x7fELF\2\1",
    "run.sh": b"#!/bin/sh\n",
    "run.bat": b"@echo off\r\n",
    "odd.bat": b"#!/bin/sh\n",
    "bin/deep.exe": b"MZ\x90\0",
    "empty": b"",
}


@pytest.fixture
def model(as_inputs):
    """Make a model of a command, all programs of the table being its inputs."""
    inputs = as_inputs(CONTENTS)
    return lambda command: Model(command, inputs=inputs)


def pool(image: str):
    return plan_local_pool(PoolRequest(image=image), cores=2)


@pytest.mark.parametrize(
    ("image", "command", "program"),
    [
        ("ubuntu-22.04", "./prog.exe in.txt", "./prog.exe"),
        ("ubuntu-22.04", "A=1 ./prog.exe > out.txt", "./prog.exe"),
        ("ubuntu-22.04", "true && ( bin/deep.exe )", "bin/deep.exe"),
        ("ubuntu-22.04", "# first\ntrue\n./prog.exe", "./prog.exe"),
        ("ubuntu-22.04", "run.bat", "run.bat"),
        ("ubuntu-22.04", "elsewhere.CMD", "elsewhere.CMD"),
        ("windows-2022", "prog", "prog"),
        ("windows-2022", r".\PROG in.txt", r".\PROG"),
        ("windows-2022", "echo a & native", "native"),
        ("windows-2022", '"run.sh" x', "run.sh"),
        ("windows-2022", "call run.sh", "run.sh"),
    ],
)
def test_a_program_of_the_other_system_is_refused(model, image: str, command: str, program: str):
    with pytest.raises(LaunchError) as caught:
        check_programs(model(command), pool(image))
    assert caught.value.message.startswith(f"`{program}` is a program of ")
    assert "write `pool: {image: " in caught.value.hint


def test_the_refusal_names_systems_and_remedy(model):
    with pytest.raises(LaunchError) as caught:
        check_programs(model("./prog.exe"), pool("ubuntu-22.04"))
    assert (caught.value.message, caught.value.hint) == (
        "`./prog.exe` is a program of Windows, and the nodes of `ubuntu-22.04` run Linux",
        "write `pool: {image: windows-2022}`, or name the program for Linux",
    )


@pytest.mark.parametrize(
    ("image", "command"),
    [
        ("ubuntu-22.04", "./prog"),
        ("ubuntu-22.04", "./native.exe"),
        ("ubuntu-22.04", "./odd.bat"),
        ("ubuntu-22.04", "./empty"),
        ("ubuntu-22.04", "wine prog.exe"),
        ("ubuntu-22.04", "cat prog.exe > copy.exe; grep -c x run.bat"),
        ("ubuntu-22.04", "echo 'not closed"),
        ("ubuntu-22.04", ""),
        ("windows-2022", "prog.exe"),
        ("windows-2022", "RUN & type prog"),
        ("windows-2022", "copy run.sh other.sh"),
        ("windows-2022", "python3 run.sh"),
    ],
)
def test_programs_that_may_run_there_are_taken(model, image: str, command: str):
    check_programs(model(command), pool(image))


def test_a_program_of_windows_by_its_name_only_is_told(model):
    """A package may bring what is called so, and be for Linux."""
    (warning,) = find_doubtful_programs(model("other.exe"), pool("ubuntu-22.04"))
    assert warning.startswith("`other.exe` is a program of Windows by its name, and the nodes of ")
    assert not list(find_doubtful_programs(model("other.exe"), pool("windows-2022")))
    assert not list(find_doubtful_programs(model("./native.exe"), pool("ubuntu-22.04")))


def test_powershell_is_doubtful_on_windows(model):
    """Azure's nodes have it, and Wine has not."""
    started = model("echo a & PowerShell.exe -File x.ps1")
    (told,) = find_doubtful_programs(started, pool("windows-2022"))
    assert told.startswith("`PowerShell.exe`: nodes of Azure have PowerShell, and Wine on this")
    assert not list(find_doubtful_programs(model("echo powershell"), pool("windows-2022")))


def test_programs_that_every_machine_of_the_other_system_has_are_told(model):
    """Unless a package brings them, as those of MSYS2 and BusyBox do."""
    told = find_doubtful_programs(model("creek.exe & cp a b"), pool("windows-2022"))
    assert [one[: one.index(",")] for one in told] == ["`cp` is a program of Linux"]
    assert not list(find_doubtful_programs(model("cp a b"), pool("ubuntu-22.04")))
    told = find_doubtful_programs(model("./native && copy a b; echo del"), pool("ubuntu-22.04"))
    assert [one[: one.index(",")] for one in told] == ["`copy` is a program of Windows"]
    packed = Model("sh run.sh", packages=(PackageReference("busybox", "1.0"),))
    assert not list(find_doubtful_programs(packed, pool("windows-2022")))


@pytest.mark.needs("x86_64-w64-mingw32-gcc")
def test_a_library_that_does_not_come_along_is_told(tmp_path: Path):
    """That it lies beside the program helps only if it is an input, too."""
    (tmp_path / "rain.c").write_text("int rain(void) { return 42; }\n")
    (tmp_path / "model.c").write_text("int rain(void); int main(void) { return rain(); }\n")
    for line in ("-shared rain.c -o rain.dll", "model.c rain.dll -o model.exe"):
        subprocess.run(["x86_64-w64-mingw32-gcc", *line.split()], cwd=tmp_path, check=True)
    files = [tmp_path / name for name in ("model.exe", "rain.dll")]
    inputs = tuple(SharedInput(PurePosixPath(file.name), file) for file in files)
    windows = pool("windows-2022")
    (told,) = find_doubtful_programs(Model("model 1", inputs=inputs[:1]), windows)
    assert told == (
        "`rain.dll`, which `model` needs, lies beside it and does not come along: add it to the "
        "`inputs`"
    )
    assert not list(find_doubtful_programs(Model("model 1", inputs=inputs), windows))
    files[1].unlink()
    (told,) = find_doubtful_programs(Model("model 1", inputs=inputs[:1]), windows)
    assert told.startswith("`model`: `rain.dll` is missing, which `model.exe` needs: put it")


def test_a_program_that_is_damaged_is_told(model):
    (told,) = find_doubtful_programs(model("prog.exe"), pool("windows-2022"))
    assert "prog.exe` is a DOS program, or cut off" in told
