"""`runfleet package --on NAME`, with an account that is the emulator behind TLS."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest


@pytest.fixture
def account(runfleet, folder: Path) -> str:
    """An account as on Azure, with a login by Entra."""
    runfleet("emulator", "start", "--detach", "--tls")
    exports = shlex.split(runfleet("emulator", "env", "--entra").out)
    runfleet.environment |= dict(word.split("=", 1) for word in exports if word != "export")
    url = runfleet.environment["AZURE_BATCH_ENDPOINT"]
    ca_file = json.loads(runfleet("emulator", "status", "--json").out)["certificate"]
    places = ("--endpoint", url, "--management", url, "--ca-file", ca_file)
    names = ("--batch-account", "local", "--subscription", "s", "--resource-group", "g")
    storage = ("--storage", "https://unused.blob.core.windows.net", "--login", "entra")
    added = runfleet("account", "add", "cloud", *places, *names, *storage)
    assert added.code == 0, added.err
    (folder / "epanet").mkdir()
    (folder / "epanet" / "runepanet").write_text("#!/bin/sh\n")
    return "cloud"


def test_add_list_and_remove(runfleet, account):
    """With the same words as on this machine, where nothing of the account is kept."""
    on = ("--on", account)
    added = runfleet("package", "add", "epanet", "2.3.5", "epanet", *on)
    assert (added.code, added.out) == (0, "epanet==2.3.5\n"), added.err
    assert added.err.startswith("Package of ")
    (line,) = runfleet("package", "list", *on).out.splitlines()[1:]
    assert line.split()[:2] == ["epanet==2.3.5", "active"]
    refused = runfleet("package", "add", "epanet", "2.3.5", "epanet", *on)
    assert refused.err == (
        "error: the package `epanet` 2.3.5 is there already\n"
        "hint: add it under a new version, or replace this one with `--replace`\n"
    )
    replaced = runfleet(
        "package", "add", "epanet", "2.3.5", "epanet", "--replace", "--default", *on
    )
    assert replaced.code == 0
    (listed,) = json.loads(runfleet("package", "list", "--json", *on).out)
    assert (listed["id"], listed["version"], listed["default"]) == ("epanet", "2.3.5", True)
    removed = runfleet("package", "remove", "epanet", "2.3.5", "--yes", *on)
    assert removed.err == (
        "This deletes package `epanet==2.3.5` of account `cloud`.\nRemoved `epanet==2.3.5`.\n"
    )
    assert runfleet("package", "list", "--json", *on).out == "[]\n"


def test_without_a_login_it_is_said_in_a_line(runfleet, account):
    runfleet.environment["AZURE_TOKEN_CREDENTIALS"] = "EnvironmentCredential"
    refused = runfleet("package", "list", "--on", account)
    assert refused.code == 1
    assert refused.err.startswith("error: nobody is logged in to Microsoft Entra on this machine\n")


def test_an_account_without_its_place_on_azure(runfleet):
    """Packages are the management API's, which finds an account by its resource group."""
    url = "https://a.westeurope.batch.azure.com"
    storage = "https://a.blob.core.windows.net"
    runfleet("account", "add", "bare", "--endpoint", url, "--storage", storage)
    refused = runfleet("package", "list", "--on", "bare")
    assert (refused.code, refused.err) == (
        1,
        (
            "error: of account `bare` subscription and resource group are not known, without which "
            "packages cannot be managed\n"
            "hint: write them into `accounts.yaml`, beside its endpoint: `subscription: ID`, "
            "`resource_group: NAME`\n"
        ),
    )


def test_there_is_no_default_to_choose_on_this_machine(runfleet, folder: Path):
    (folder / "program").mkdir()
    (folder / "program" / "x").write_text("x")
    refused = runfleet("package", "add", "p", "1", "program", "--default")
    assert (refused.code, refused.err.partition("\n")[0]) == (
        2,
        "error: there is no need for `--default` on this machine",
    )
