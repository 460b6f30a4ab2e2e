"""A storage account that is away for a while: clients wait, as they do for the Batch service."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

STUDY = """\
study: {name}
model: {{command: "while [ ! -e '{go}' ]; do sleep 0.1; done"}}
pool: {{nodes: {{max: 1}}, vm_size: standard_f2s_v2}}
"""


@pytest.fixture
def account(
    shell: Any, service: Path, azurite: Any, gate: Any, add_account: Callable[..., None]
) -> None:
    """An account `far` behind the gate."""
    shell.variables["RUNFLEET_FAR_BATCH_KEY"] = (service / "emulator/key").read_text()
    shell.variables["RUNFLEET_FAR_STORAGE_KEY"] = azurite.key
    add_account(shell, "far", service, gate.url)


@pytest.fixture
def go(tmp_path: Path) -> Iterator[Path]:
    """A file without which the model does not end."""
    file = tmp_path / "go"
    yield file
    file.touch()


def told(process: Any, text: str) -> str:
    """The line of stderr in which that is told."""
    return next(line for line in process.stderr if text in line)


def begin(shell: Any, name: str, go: Path) -> Any:
    (shell.folder / f"{name}.yaml").write_text(STUDY.format(name=name, go=go))
    return shell.start("run", f"{name}.yaml", "--on", "far", "--yes")


@pytest.mark.slow
@pytest.mark.usefixtures("account")
def test_a_run_goes_on_after_an_outage_of_the_storage(shell: Any, gate: Any, go: Path) -> None:
    """Whoever waits hears why."""
    with begin(shell, "outlasted", go) as process:
        told(process, "running")
        gate.shut()
        words = told(process, "waiting: the storage")
        gate.open()
        go.touch()
        rest = process.stderr.read()
    assert words.startswith("waiting: the storage account does not answer GET /devstoreaccount1/")
    assert "Connection refused; trying again in " in words
    assert process.returncode == 0, rest
    assert "1 run: 1 succeeded." in rest


@pytest.mark.slow
@pytest.mark.usefixtures("account")
def test_ctrl_c_leaves_an_outage_of_the_storage(shell: Any, gate: Any, go: Path) -> None:
    with begin(shell, "left", go) as process:
        told(process, "running")
        gate.shut()
        told(process, "waiting: the storage")
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "The runs go on. Come back to them: runfleet watch left.yaml --on far" in rest
    ways_on = dict.fromkeys(("run", "watch", "results", "cancel"), "it goes on where it ended")
    ways_on |= dict.fromkeys(("status", "explain", "logs"), "nothing is lost")
    started = {name: shell.start(name, "left.yaml", "--on", "far") for name in ways_on}
    for name, way_on in ways_on.items():
        assert hint_of(started[name]) == (
            f"check the network and the account's URL; then give the same command again: {way_on}, "
            "and runs that are submitted go on meanwhile"
        )


def hint_of(process: Any) -> str:
    """What a command that fails says last."""
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    return str(errors.splitlines()[-1].removeprefix("hint: "))
