"""`runfleet package`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def program(folder: Path) -> Path:
    """A folder `epanet` with a program in it."""
    program = folder / "epanet"
    program.mkdir()
    (program / "runepanet").write_text("#!/bin/sh\n")
    return program


def test_add_list_remove(runfleet):
    """What was added is listed, for people and for programs, until it is removed."""
    added = runfleet("package", "add", "epanet", "2.3.5", "epanet")
    assert (added.code, added.out) == (0, "epanet==2.3.5\n")
    assert runfleet("package", "list").out.splitlines()[1].split()[0] == "epanet==2.3.5"
    listed = json.loads(runfleet("package", "list", "--json").out)
    assert [(one["id"], one["version"]) for one in listed] == [("epanet", "2.3.5")]
    assert runfleet("package", "remove", "epanet", "2.3.5", "--yes").code == 0
    assert runfleet("package", "list", "--json").out == "[]\n"


def test_other_content_needs_replace(runfleet, program: Path):
    """The hint names the option."""
    runfleet("package", "add", "epanet", "2.3.5", "epanet")
    (program / "runepanet").write_text("#!/bin/sh\nexit 3\n")
    refused = runfleet("package", "add", "epanet", "2.3.5", "epanet")
    assert (refused.code, refused.out, refused.err) == (
        1,
        "",
        (
            "error: the package `epanet` 2.3.5 is there with other content\n"
            "hint: add it under a new version, or replace this one with `--replace`\n"
        ),
    )
    replaced = runfleet("package", "add", "epanet", "2.3.5", "epanet", "--replace")
    assert (replaced.code, replaced.out) == (0, "epanet==2.3.5\n")
    assert replaced.err.endswith(
        "warning: nodes that have unpacked `epanet==2.3.5` before keep what they have, and runs "
        "that were done with it count as done\n"
        "A new version has it all done anew; so do, with this one, `runfleet pool delete POOL`, "
        "and for runs `runfleet delete STUDY`.\n"
    )
    same = runfleet("package", "add", "epanet", "2.3.5", "epanet", "--replace")
    assert (same.code, "warning" in same.err) == (0, False)


def test_removing_asks_on_a_terminal(runfleet):
    """No answer but yes removes anything."""
    runfleet("package", "add", "epanet", "2.3.5", "epanet")
    code, shown = runfleet.on_terminal("package", "remove", "epanet", "2.3.5", typed="n\n")
    assert code == 0
    assert shown.endswith("Remove the package? [y/N] Nothing was done.\n")
    code, shown = runfleet.on_terminal("package", "remove", "epanet", "2.3.5", typed="y\n")
    assert code == 0
    assert shown.endswith("Remove the package? [y/N] Removed `epanet==2.3.5`.\n")


def test_removing_without_anybody_to_ask_needs_yes(runfleet):
    """A script has to agree beforehand."""
    runfleet("package", "add", "epanet", "2.3.5", "epanet")
    dry = runfleet("package", "remove", "epanet", "2.3.5", "--dry-run")
    assert dry.err.endswith("B).\nNothing was done, as this is a dry run.\n")
    refused = runfleet("package", "remove", "epanet", "2.3.5")
    assert refused.code == 2
    assert refused.err.endswith(
        "error: nobody is at a terminal to agree to this\nhint: agree with `--yes`\n"
    )
    assert len(json.loads(runfleet("package", "list", "--json").out)) == 1
