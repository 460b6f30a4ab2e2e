"""`runfleet account`, and `--on` on other commands."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

ADD = (
    *("account", "add", "azure", "--endpoint", "hydrology.westeurope.batch.azure.com"),
    *("--storage", "rivers.blob.core.windows.net"),
)
FAKE_AZ = """\
#!/bin/sh
echo "az $*" >> az.log
case "$*" in *"batch account create"*) echo "the name is taken" >&2; exit {code};; esac
"""


@pytest.fixture(autouse=True)
def _no_keyring(runfleet):
    runfleet.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


def install_az(runfleet, folder: Path, *, code: int = 0) -> None:
    """Put an `az` on PATH that notes what it is called with."""
    program = folder / "bin" / "az"
    program.parent.mkdir()
    program.write_text(FAKE_AZ.format(code=code))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    runfleet.environment["PATH"] = f"{program.parent}{os.pathsep}{runfleet.environment['PATH']}"


def test_an_account_is_added_listed_and_removed(runfleet):
    added = runfleet(*ADD)
    assert (added.code, added.out) == (0, "azure\n")
    assert "set RUNFLEET_AZURE_BATCH_KEY and RUNFLEET_AZURE_STORAGE_KEY" in added.err
    assert runfleet("account", "list").out == (
        "account  endpoint                                      login  storage\n"
        "local    this machine\n"
        "azure    https://hydrology.westeurope.batch.azure.com  key    "
        "https://rivers.blob.core.windows.net\n"
    )
    local, azure = json.loads(runfleet("account", "list", "--json").out)
    assert local == {"name": "local"}
    assert (azure["batch_account"], azure["location"]) == ("hydrology", "westeurope")
    assert runfleet("account", "remove", "azure").code == 2
    assert runfleet("account", "remove", "azure", "--yes").code == 0
    assert "azure" not in runfleet("account", "list").out


def test_the_file_of_accounts_holds_no_key(runfleet):
    """Where keys are found is told, not what they are."""
    runfleet.environment["RUNFLEET_AZURE_BATCH_KEY"] = "c2VjcmV0"
    assert "set RUNFLEET_AZURE_STORAGE_KEY," in runfleet(*ADD).err
    assert "c2VjcmV0" not in (runfleet.home / "accounts.yaml").read_text()
    (_, azure) = json.loads(runfleet("account", "list", "--json").out)
    assert azure["batch_key"] == "the variable RUNFLEET_AZURE_BATCH_KEY"
    assert azure["storage_key"] is None


def test_a_terminal_is_asked_for_what_is_missing(runfleet):
    """Elsewhere the option is named."""
    typed = "hydrology.westeurope.batch.azure.com\nrivers.blob.core.windows.net\n"
    code, shown = runfleet.on_terminal("account", "add", "azure", typed=typed)
    assert code == 0, shown
    assert "URL of the Batch account: " in shown
    assert "https://hydrology.westeurope" in (runfleet.home / "accounts.yaml").read_text()
    ended = runfleet("account", "add", "other")
    assert (ended.code, ended.err) == (
        2,
        "error: the URL of the Batch account is missing\nhint: give it with `--endpoint`\n",
    )


def test_without_a_keyring_a_key_cannot_be_kept(runfleet):
    """It says so, and where to put the key instead."""
    assert runfleet(*ADD).code == 0
    ended = runfleet("account", "login", "azure")
    assert ended.code == 2
    assert ended.err == (
        "error: nobody is at a terminal to give a key\n"
        "hint: set RUNFLEET_AZURE_BATCH_KEY in the environment\n"
    )
    assert runfleet("account", "login", "azure", "--forget").code == 0


def test_an_unknown_account_is_refused_before_anything_starts(runfleet, write_study):
    """Also when the variable names it."""
    study = write_study("sweep", "true\n")
    expected = (
        "error: there is no account `azrue`\n"
        "hint: known are `local`; `runfleet account add` adds one\n"
    )
    ended = runfleet("run", study, "--on", "azrue")
    assert (ended.code, ended.err) == (1, expected)
    runfleet.environment["RUNFLEET_ACCOUNT"] = "azrue"
    assert runfleet("run", study).err == expected
    assert not (runfleet.home / "emulator").exists()
    assert runfleet("run", study, "--on", "local").code == 0


def test_a_plan_for_azure_needs_no_network(runfleet, write_study):
    """Nor a key."""
    assert runfleet(*ADD).code == 0
    study = write_study("sweep", "true\n", more="pool: {nodes: {max: 3}}\n")
    planned = runfleet("plan", study, "--on", "azure")
    assert planned.code == 0, planned.err
    assert "up to 3 nodes, standard_f2s_v2, ubuntu-22.04, 2 runs at a time on each" in planned.out
    assert "`runfleet run sweep.yaml --on azure` runs it" in planned.err
    spot = write_study("cheap", "true\n", more="pool: {nodes: {max: 3, spot: true}}\n")
    assert "user-subscription mode" in runfleet("plan", spot, "--on", "azure").err


def test_setup_prints_commands_for_a_shell(runfleet):
    """And what makes the account known here."""
    done = runfleet("account", "setup", "hydrology", "--location", "westeurope")
    lines = done.out.splitlines()
    assert [line.split()[:4] for line in lines[:4]] == [
        ["az", "provider", "register", "--namespace"],
        ["az", "group", "create", "--name"],
        ["az", "storage", "account", "create"],
        ["az", "batch", "account", "create"],
    ]
    assert lines[4] == (
        "runfleet account add azure --endpoint https://hydrology.westeurope.batch.azure.com "
        "--storage https://hydrologyst.blob.core.windows.net --resource-group hydrology-rg"
    )
    assert lines[5].startswith('export RUNFLEET_AZURE_BATCH_KEY="$(az batch account keys list')
    assert runfleet.line(lines[4]).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Hydrology", "--location", "westeurope"], "`Hydrology` cannot name a Batch account"),
        (["hydrology", "--location", "West Europe"], "`West Europe` cannot name a region"),
        (["hydrology", "--location", "westeurop"], "there is no region `westeurop`"),
        (
            ["hydrology", "--location", "westeurope", "--storage-account", "my-rivers"],
            "`my-rivers` cannot name a storage account",
        ),
        (
            ["hydrology", "--location", "westeurope", "--resource-group", "rivers."],
            "`rivers.` cannot name a resource group",
        ),
        (
            ["hydrology", "--location", "westeurope", "--name", "local"],
            "`local` is this machine",
        ),
    ],
)
def test_names_are_checked_by_azures_rules(runfleet, arguments, message):
    ended = runfleet("account", "setup", *arguments)
    assert ended.code == 1
    assert ended.err.startswith(f"error: {message}\nhint: ")


def test_setup_carries_the_commands_out_when_agreed(runfleet, folder):
    """In their order, and only then."""
    setup = ("account", "setup", "hydrology", "--location", "westeurope", "--run")
    install_az(runfleet, folder)
    assert runfleet(*setup).code == 2
    assert not (folder / "az.log").exists()
    done = runfleet(*setup, "--subscription", "1234", "--yes")
    assert done.code == 0, done.err
    called = (folder / "az.log").read_text().splitlines()
    assert [line.split()[1:4] for line in called] == [
        ["provider", "register", "--namespace"],
        ["group", "create", "--name"],
        ["storage", "account", "create"],
        ["batch", "account", "create"],
    ]
    assert all(line.endswith("--subscription 1234") for line in called)
    assert done.out.startswith("runfleet account add azure ")


def test_setup_stops_at_a_command_that_fails(runfleet, folder):
    install_az(runfleet, folder, code=3)
    done = runfleet("account", "setup", "hydrology", "--location", "westeurope", "--run", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "the name is taken\nerror: `az batch account create" in done.err
    assert "ended with exit code 3\nhint: mend what it says" in done.err


def test_setup_without_az_says_how_to_get_it(runfleet, folder):
    runfleet.environment["PATH"] = str(Path(runfleet.environment["PATH"].split(os.pathsep)[0]))
    done = runfleet("account", "setup", "hydrology", "--location", "westeurope", "--run", "--yes")
    assert done.code == 1
    assert "`az`, the command line of Azure, is not installed" in done.err
    shown = runfleet(
        "account", "setup", "hydrology", "--location", "westeurope", "--run", "--dry-run"
    )
    assert (shown.code, shown.out) == (0, "")
    assert shown.err.endswith("Nothing was done, as this is a dry run.\n")
