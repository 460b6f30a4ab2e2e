"""What a command starts by nearly the name of an input is told before anything runs."""

from __future__ import annotations

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.mistyped_programs import find_mistyped_programs
from runfleet.study.model import Model, PackageReference

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
CONTENTS = {
    "model.exe": b"MZ\x90\0",
    "bin/deep.exe": b"MZ\x90\0",
    "start.bat": b"@echo off\r\n",
    "model.sh": b"#!/bin/sh\n",
    "python.py": b"#!/usr/bin/env python3\n",
    "solver": b"\x7fELF\2\1",
    "model.c": b"int main(void) { return 0; }\n",
    "in.txt": b"1 2\n",
}


@pytest.fixture
def told(as_inputs):
    """Tell what was probably meant by each program of a command."""
    inputs = as_inputs(CONTENTS)

    def look(system: OperatingSystem, command: str, *packages: str) -> list[str]:
        references = tuple(map(PackageReference.parse, packages))
        model = Model(command, inputs=inputs, packages=references)
        return list(find_mistyped_programs(model, system))

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
        (LINUX, "model.sh in.txt", "./model.sh"),
    ],
)
def test_the_input_that_was_meant_is_told(told, system: OperatingSystem, command: str, meant: str):
    (warning,) = told(system, command)
    assert warning.startswith("the command starts `")
    assert warning.endswith(f"`, and no input is that; did you mean `{meant}`?")


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (WINDOWS, "MODEL & start & type in.txt"),
        (WINDOWS, r"%AZ_BATCH_TASK_DIR%\modle.exe"),
        (LINUX, "./model.sh && python3 python.py"),
        (LINUX, "cc -o in model.c && ./in"),
        (LINUX, "./in.text; ./other; $HOME/model.sh; /opt/model.sh"),
    ],
)
def test_other_programs_are_left_alone(told, system: OperatingSystem, command: str):
    assert told(system, command) == []


def test_packages_bring_programs_to_the_path(told):
    assert told(LINUX, "model.sh in.txt", "model==1.0") == []
