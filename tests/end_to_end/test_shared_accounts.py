"""What accounts share, and who: two Batch accounts a storage account, two users an account."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runfleet.storage import AzureBlob

STUDY = """\
study: {name}
model: {{command: echo $X}}
parameters: {{X: {{values: {values}}}}}
pool: {{nodes: {{max: 2}}, vm_size: standard_f2s_v2}}
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


@pytest.fixture
def colleague(shell: Any, tmp_path: Path) -> Any:
    """Somebody else on the same account, with files and a home of their own."""
    folder, home = tmp_path / "colleague's models", tmp_path / "colleague's home"
    folder.mkdir()
    home.mkdir()
    shutil.copy(shell.home / "accounts.yaml", home)
    return replace(shell, folder=folder, home=home)


RUN_ON_AZURE = ("--on", "azure", "--yes")


def refusal(study: str) -> str:
    return (
        f"error: account `azure` has a study `{study}` from another machine, and it is not the "
        "same\n"
        "hint: give this one another name, `study: NAME`; or let it take the other's place with "
        "`runfleet run --replace --on azure`\n"
    )


def test_a_study_that_took_the_place_of_a_deleted_one_is_not_replaced(
    shell: Any, colleague: Any, write_study: WriteStudy
) -> None:
    """Who submitted the deleted one has noted so, and may not know that it is gone."""
    study = write_study("trio")
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    (colleague.folder / study).write_text(STUDY.format(name="trio", values=[7, 8, 9]))
    assert colleague("delete", "trio", *RUN_ON_AZURE).returncode == 0
    assert colleague("run", study, *RUN_ON_AZURE).returncode == 0
    for command in ("run", "retry"):
        for called in (study, "trio"):
            refused = shell(command, called, *RUN_ON_AZURE)
            assert (refused.returncode, refused.stderr) == (1, refusal("trio"))
    again = colleague("run", study, *RUN_ON_AZURE)
    assert "Nothing has changed" in again.stderr


def test_a_study_that_was_replaced_does_not_come_back_by_itself(
    shell: Any, colleague: Any, write_study: WriteStudy
) -> None:
    """Not before its owner, who may not know of it, says `--replace`, too."""
    study = write_study("quartet")
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    (colleague.folder / study).write_text(STUDY.format(name="quartet", values=[7]))
    refused = colleague("run", study, *RUN_ON_AZURE)
    assert (refused.returncode, refused.stderr) == (1, refusal("quartet"))
    assert colleague("run", study, "--replace", *RUN_ON_AZURE).returncode == 0
    refused = shell("run", study, *RUN_ON_AZURE)
    assert (refused.returncode, refused.stderr) == (1, refusal("quartet"))
    assert shell("run", study, "--replace", *RUN_ON_AZURE).returncode == 0


def test_ones_own_study_may_be_edited_deleted_and_run_again(
    shell: Any, colleague: Any, write_study: WriteStudy
) -> None:
    """In every order, by its file and by its name, also after somebody else has deleted it."""
    study = write_study("own")
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    write_study("own", (1, 2, 3))
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    assert shell("delete", study, *RUN_ON_AZURE).returncode == 0
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    assert colleague("delete", "own", *RUN_ON_AZURE).returncode == 0
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    write_study("own", (4, 5))
    for called in ("own", study):
        assert shell("run", called, "--replace", *RUN_ON_AZURE).returncode == 0
    write_study("own", (5, 6))
    assert shell("run", "own", *RUN_ON_AZURE).returncode == 0


def test_the_same_study_is_everybodys(shell: Any, colleague: Any, write_study: WriteStudy) -> None:
    """One on another machine that is the same goes on there, and may be edited then."""
    study = write_study("same")
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    shutil.copy(shell.folder / study, colleague.folder)
    assert colleague("run", study, *RUN_ON_AZURE).returncode == 0
    (colleague.folder / study).write_text(STUDY.format(name="same", values=[1, 2, 3]))
    assert colleague("run", study, *RUN_ON_AZURE).returncode == 0


def test_an_old_note_is_good_enough(shell: Any, write_study: WriteStudy) -> None:
    """It has the file alone; the next one has more."""
    study = write_study("old")
    assert shell("run", study, *RUN_ON_AZURE).returncode == 0
    note = shell.home / "studies/azure/old.file"
    note.write_text(str(shell.folder / study))
    write_study("old", (3,))
    assert shell("run", "old", *RUN_ON_AZURE).returncode == 0
    assert note.read_text().startswith(f"{shell.folder / study}\n")
