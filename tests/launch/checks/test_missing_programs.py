"""A command whose own program is nowhere fails in every run."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.mistyped_programs import find_missing_programs
from runfleet.study.model import Model, PackageReference, SharedInput

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[SharedInput, ...]:
    """One is brought; `beside.py` and `beside.exe` only lie there."""
    for name in ("brought.py", "beside.py", "beside.exe"):
        (tmp_path / name).touch()
    return (SharedInput(PurePosixPath("brought.py"), tmp_path / "brought.py"),)


@pytest.mark.parametrize(
    ("system", "command", "program"),
    [
        (LINUX, "./nomodel a b", "./nomodel"),
        (LINUX, "OMP_NUM_THREADS=2 bin/nomodel && ./post", "bin/nomodel"),
        (LINUX, "python3 -u sub/model.py 3", "sub/model.py"),
        (LINUX, "sh run.sh; ./model", "run.sh"),
        (WINDOWS, r"bin\model.exe in.txt", r"bin\model.exe"),
    ],
)
def test_what_is_nowhere_is_told(
    tmp_path: Path,
    inputs: tuple[SharedInput, ...],
    system: OperatingSystem,
    command: str,
    program: str,
) -> None:
    [told] = find_missing_programs(Model(command, inputs=inputs), system, tmp_path)
    assert told == (
        f"the command starts `{program}`, and there is no such file: put it beside the study file "
        "and add it to `inputs`, or correct its path"
    )


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (LINUX, "./brought.py; python3 nowhere.py"),
        (LINUX, "python3 ./brought.py"),
        (LINUX, "python3 beside.py"),
        (LINUX, "make && ./model"),
        (LINUX, "model in.txt"),
        (LINUX, "/opt/model/bin/model"),
        (LINUX, "$AZ_BATCH_NODE_SHARED_DIR/model"),
        (LINUX, "python3 -c 'print(1)' model.py"),
        (LINUX, "python3 -m model.py"),
        (LINUX, "java -cp . org.Model"),
        (LINUX, ""),
        (WINDOWS, r".\BESIDE in.txt"),
    ],
)
def test_what_may_be_there_is_not(
    tmp_path: Path, inputs: tuple[SharedInput, ...], system: OperatingSystem, command: str
) -> None:
    (tmp_path / "BESIDE.exe").touch()
    assert not list(find_missing_programs(Model(command, inputs=inputs), system, tmp_path))


def test_a_package_may_bring_it(tmp_path: Path) -> None:
    model = Model("./nomodel", packages=(PackageReference("snow", "1.0"),))
    assert not list(find_missing_programs(model, LINUX, tmp_path))
