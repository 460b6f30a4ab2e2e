"""What a command starts by nearly the name of an input is told before anything runs."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.mistyped_programs import find_mistyped_programs
from runfleet.study.model import Model, PackageReference
from runfleet.study.overlays import Overlay

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
CONTENTS = {
    "model.exe": b"MZ\x90\0",
    "bin/deep.exe": b"MZ\x90\0",
    "start.bat": b"@echo off\r\n",
    "model.sh": b"#!/bin/sh\n",
    "python.py": b"#!/usr/bin/env python3\n",
    "solver": b"\x7fELF\2\1",
    "plots.R": b"plot(1)\n",
    "tools/prepare.py": b"print(1)\n",
    "model.c": b"int main(void) { return 0; }\n",
    "in.txt": b"1 2\n",
}


@pytest.fixture
def told(as_inputs, tmp_path: Path):
    """Tell what was probably meant by each program of a command."""
    inputs = as_inputs(CONTENTS)
    template = tmp_path / "rendered.py.j2"
    template.write_text("print(1)")

    def look(system: OperatingSystem, command: str, *packages: str) -> list[str]:
        references = tuple(map(PackageReference.parse, packages))
        overlays = (Overlay.read(PurePosixPath("rendered.py"), template, shown=template),)
        model = Model(command, inputs=inputs, packages=references, overlays=overlays)
        return list(find_mistyped_programs(model, system, tmp_path))

    return look


@pytest.mark.parametrize(
    ("system", "command", "meant"),
    [
        (WINDOWS, "modle.exe 1 2", "model.exe"),
        (WINDOWS, "modle 1 2 > out.txt", "model.exe"),
        (WINDOWS, r"bin\depe.exe", r"bin\deep.exe"),
        (WINDOWS, "echo a & call strat.bat", "start.bat"),
        (LINUX, "./modle.sh", "./model.sh"),
        (LINUX, "A=1 ./slover < in.txt", "./solver"),
        (LINUX, "./Model.sh", "./model.sh"),
        (LINUX, "modle.sh", "./model.sh"),
        (LINUX, "sh modle.sh", "model.sh"),
        (LINUX, "bash -eux ./modle.sh && bash -eux ./modle.sh", "model.sh"),
        (LINUX, "A=1 /usr/bin/python3.11 -u tools/perpare.py < in.txt", "tools/prepare.py"),
        (LINUX, "mpirun -n 2 python3 rendred.py", "rendered.py"),
        (LINUX, "Rscript --vanilla plts.R 3", "plots.R"),
        (LINUX, "bash -ec './modle.sh $1' run 3", "./model.sh"),
        (WINDOWS, "cmd /c strat.bat 1", "start.bat"),
        (WINDOWS, 'cmd /s /c "strat.bat 1 > out.txt"', "start.bat"),
        (WINDOWS, r"python.exe tools\perpare.py", r"tools\prepare.py"),
    ],
)
def test_the_input_that_was_meant_is_told(told, system: OperatingSystem, command: str, meant: str):
    (warning,) = told(system, command)
    assert warning.startswith("the command starts `")
    assert warning.endswith(f"`, and no input is that; did you mean `{meant}`?")


@pytest.mark.parametrize("name", ["model.sh", "solver"])
def test_an_input_that_is_looked_for_on_the_path_is_told(told, name: str):
    (warning,) = told(LINUX, f"{name} in.txt")
    assert warning == (
        f"the command starts `{name}`, which only the PATH may have; did you mean `./{name}`?"
    )


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (WINDOWS, "MODEL & start & type in.txt"),
        (WINDOWS, r"%AZ_BATCH_TASK_DIR%\modle.exe"),
        (LINUX, "./model.sh && python3 python.py"),
        (LINUX, "slover < in.txt"),
        (LINUX, "cc -o in model.c && ./in"),
        (LINUX, "./in.text; ./other; $HOME/model.sh; /opt/model.sh"),
        (LINUX, "sh -c 'cd tools; ./modle.sh'; python -m tools.perpare; perl -ne plts.R"),
        (LINUX, "sh model.sh; sh $X/modle.sh; sh /opt/modle.sh; python rendered.py; sh -s < in.t"),
        (LINUX, "cd tools && python prepare.py; ./modle.sh"),
        (LINUX, "cp model.sh model2.sh && ./model2.sh"),
        (LINUX, "./solver > model2.sh && sh model2.sh"),
        (LINUX, "sh model.sh && sh model1.sh"),
        (LINUX, "cc -o solver2 model.c && ./solver2"),
        (WINDOWS, "cmd /c START.BAT & cmd /s /c start"),
    ],
)
def test_other_programs_are_left_alone(told, system: OperatingSystem, command: str):
    assert told(system, command) == []


def test_packages_bring_programs_to_the_path(told):
    assert told(LINUX, "model.sh in.txt", "model==1.0") == []


def test_packages_bring_scripts_that_a_shell_finds(told):
    """Other interpreters look for theirs in the folder alone."""
    assert told(LINUX, "bash modle.sh", "model==1.0") == []
    assert len(told(LINUX, "bash ./modle.sh; python3 tools/perpare.py", "model==1.0")) == 1


def test_a_file_beside_the_study_file_is_typed_rightly(told, tmp_path: Path):
    """That it does not come along is another warning's word."""
    (tmp_path / "model2.sh").touch()
    assert told(LINUX, "sh model2.sh; ./model2.sh") == []
