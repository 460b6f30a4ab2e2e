"""What accounts share, and who: two Batch accounts a storage account, two users an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runfleet.storage import AzureBlob

STUDY = """\
study: {name}
model: {{command: echo $X}}
parameters: {{X: {{values: {values}}}}}
"""

WriteStudy = Callable[..., str]


@pytest.fixture
def write_study(shell: Any) -> WriteStudy:
    """Writes a small study; those of all tests meet in one storage account."""

    def write(name: str, values: tuple[int, ...] = (1, 2), *, file: str | None = None) -> str:
        file = file or f"{name}.yaml"
        (shell.folder / file).write_text(STUDY.format(name=name, values=[*values]))
        return file

    return write


@pytest.fixture
def lab(
    shell: Any,
    tmp_path: Path,
    azurite: Any,
    add_account: Callable[..., None],
    run_emulator: Callable[..., Any],
) -> Iterator[str]:
    """Another Batch account, whose files are in the same storage account."""
    home = tmp_path / "lab"
    with run_emulator(home, "--tls") as emulator:
        shell.variables["RUNFLEET_LAB_2_BATCH_KEY"] = emulator.key
        shell.variables["RUNFLEET_LAB_2_STORAGE_KEY"] = azurite.key
        add_account(shell, "lab-2", home, azurite.url)
        yield "lab-2"


COMMANDS = (
    *("run --yes", "retry --yes", "delete --yes"),
    *("status", "results", "explain", "watch", "cancel"),
)


def test_no_command_takes_the_study_of_another_batch_account(
    shell: Any, write_study: WriteStudy, azurite: Any, lab: str
) -> None:
    study = write_study("basin")
    assert shell("run", study, "--on", "azure", "--yes").returncode == 0
    table = (shell.folder / "results/basin/runs.csv").read_bytes()
    for command in COMMANDS:
        refused = shell(*command.split(), study, "--on", lab)
        assert refused.returncode == 1
        what, _, hint = refused.stderr.partition("`127.0.0.1:")
        assert what == (
            f"error: the study `basin` in storage account {azurite.url} is one of another Batch "
            "account, "
        )
        assert hint.partition("\n")[2] == (
            "hint: give this one another name, `study: NAME`, or one of the two Batch accounts "
            "another storage account\n"
        )
    assert (shell.folder / "results/basin/runs.csv").read_bytes() == table
    again = shell("run", study, "--on", "azure", "--yes")
    assert (again.returncode, "Nothing has changed" in again.stderr) == (0, True), again.stderr


def test_the_other_studies_are_listed_beside_one_whose_files_are_anothers(
    shell: Any, write_study: WriteStudy, azurite: Any, lab: str
) -> None:
    """As where its container was deleted, and made again by another account."""
    for name in ("brook", "creek"):
        assert shell("run", write_study(name), "--on", "azure", "--yes").returncode == 0
    AzureBlob.from_connection_string(azurite.connection_string).delete_container("study-brook")
    assert shell("run", "brook.yaml", "--on", lab, "--yes").returncode == 0
    listed = shell("status", "--on", "azure")
    assert "creek" in listed.stdout
    assert "brook" not in listed.stdout
    assert listed.stderr.startswith("warning: the study `brook` in storage account ")
