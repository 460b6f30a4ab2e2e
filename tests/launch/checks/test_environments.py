"""Environment variables that are not what they were meant to be."""

from __future__ import annotations

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.environments import find_odd_environments
from runfleet.study.model import Model

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS


@pytest.mark.parametrize(
    ("system", "text", "told"),
    [
        (LINUX, "$HOME/data", "`$HOME` in `DATA`"),
        (LINUX, "a ${K}", "`${K}` in `DATA`"),
        (LINUX, "5 $ and 10 %", None),
        (LINUX, "%HOME%", None),
        (WINDOWS, "%TEMP%\\x", "`%TEMP%` in `DATA`"),
        (WINDOWS, "50 %", None),
    ],
)
def test_no_shell_reads_the_values_of_an_environment(system, text: str, told: str | None):
    """But for a command that reads one again by itself."""
    found = [*find_odd_environments(Model("./model", environment={"DATA": text}), system)]
    rest = " under `environment` stays as it is, for no shell reads it there; set the variable in "
    assert found == ([f"{told}{rest}the command"] if told else [])
    model = Model('eval "./model $DATA"; call model %DATA%', environment={"DATA": text})
    assert not [*find_odd_environments(model, system)]


@pytest.mark.parametrize(
    ("system", "name", "text", "is_told"),
    [
        (LINUX, "PATH", "/opt/model/bin", True),
        (LINUX, "PATH", "bin:$PATH", True),
        (LINUX, "PATH", "/opt/model/bin:/usr/bin", False),
        (LINUX, "Path", "/opt", False),
        (WINDOWS, "Path", "D:\\model", True),
        (WINDOWS, "PATH", "D:\\model;C:\\Windows\\System32", False),
    ],
)
def test_a_path_without_the_system_is_told(system, name: str, text: str, is_told: bool):
    """Runs would end before their command begins, as nothing copies their inputs."""
    found = [*find_odd_environments(Model("./model", environment={name: text}), system)]
    start = f"`{name}` under `environment` takes the place of that of the nodes"
    assert [one.startswith(start) for one in found] == ([True] if is_told else [])
