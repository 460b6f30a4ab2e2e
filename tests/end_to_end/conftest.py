"""An account as on Azure: a Batch service behind TLS, and a storage account that is no folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("runfleet")


@dataclass
class Shell:
    """Carries out `runfleet ARGUMENT...` in a folder."""

    folder: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    command: Path = COMMAND

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "RUNFLEET_HOME": str(self.home),
            "NO_COLOR": "1",
            # No keyring of this machine, and no login of whoever runs the tests.
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **self.variables,
        }

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it, to be killed while it goes on."""
        return subprocess.Popen(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a Batch service that no other test uses; what it serves is behind TLS."""
    home = tmp_path_factory.mktemp("far away")
    environment = os.environ | {"RUNFLEET_HOME": str(home)}
    subprocess.run([COMMAND, "emulator", "start", "--tls", "--detach"], env=environment, check=True)
    yield home
    subprocess.run([COMMAND, "emulator", "stop"], env=environment, check=True)


@pytest.fixture
def shell(tmp_path: Path, service: Path, azurite: Any) -> Iterator[Shell]:
    """`runfleet` with a home of its own, which knows the account `azure`."""
    folder = tmp_path / "user's models"
    folder.mkdir()
    shell = Shell(folder, tmp_path / "home")
    shell.variables["RUNFLEET_AZURE_BATCH_KEY"] = (service / "emulator/key").read_text()
    shell.variables["RUNFLEET_AZURE_STORAGE_KEY"] = azurite.key
    add_account(shell, "azure", service, azurite.url)
    yield shell
    if (shell.home / "emulator").exists():
        assert shell("emulator", "stop").returncode == 0


def add_account(shell: Shell, name: str, service: Path, storage: str, *options: str) -> None:
    """Make an account of the service and a storage account known."""
    facts = json.loads((service / "emulator/endpoint.json").read_text())
    added = shell(
        *("account", "add", name, "--endpoint", facts["url"], "--batch-account", "local"),
        *("--storage", storage, "--ca-file", facts["ca_file"], *options),
    )
    assert added.returncode == 0, added.stderr


@pytest.fixture(name="add_account")
def give_add_account() -> Callable[..., None]:
    """Make another account known."""
    return add_account
