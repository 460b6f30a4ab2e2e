"""Scripts with the line ends of Windows are told before they are not found."""

from __future__ import annotations

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.windows_line_ends import find_windows_line_ends
from runfleet.study.model import Model

CONTENTS = {
    "model.sh": b"#!/bin/sh\r\necho 1\r\n",
    "my steps.sh": b"echo 1\r\n",
    "steps": b"#!/usr/bin/env bash\r\necho 1\r\n",
    "fine.sh": b"#!/bin/sh\necho 1\n",
    "model.py": b"#!/usr/bin/env python3\r\nprint(1)\r\n",
    "in.txt": b"1 2\r\n",
    "solver": b"\x7fELF\2\1\r\n",
    "empty.sh": b"",
}


@pytest.fixture
def told(as_inputs):
    """Tell which scripts of a command are named."""
    inputs = as_inputs(CONTENTS)

    def look(command: str, system: OperatingSystem = OperatingSystem.LINUX) -> list[str]:
        return list(find_windows_line_ends(Model(command, inputs=inputs), system))

    return look


def test_the_way_to_convert_it_is_told(told) -> None:
    """A name with a blank is quoted."""
    (warning,) = told("sh 'my steps.sh' in.txt")
    assert warning == (
        "the lines of `my steps.sh` end as on Windows, and Linux cannot run it so: convert it "
        "with `sed -i 's/\\r$//' 'my steps.sh'`"
    )


@pytest.mark.parametrize(
    "command",
    [
        "./model.sh",
        "A=1 ./model.py",
        "sh model.sh",
        "cd .; bash -eu steps",
        "sh fine.sh && ./steps",
    ],
)
def test_what_linux_cannot_run_is_named(told, command: str) -> None:
    """Whether it is started by itself, or read by a shell."""
    assert len(told(command)) == 1


@pytest.mark.parametrize(
    "command",
    [
        "python3 model.py",
        "./fine.sh",
        "sh empty.sh",
        "./solver in.txt < in.txt",
        "cat model.sh",
        "./elsewhere.sh",
        "sh -c 'echo 1'",
    ],
)
def test_what_runs_all_the_same_is_not(told, command: str) -> None:
    """Python reads either, and data is the model's own business."""
    assert told(command) == []


def test_windows_takes_them(told) -> None:
    """Of Linux alone they are told."""
    assert told("sh model.sh", OperatingSystem.WINDOWS) == []
