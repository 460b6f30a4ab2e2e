"""Every command's help ends in an example, and the example works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from runfleet.cli.root import COMMANDS

_EXAMPLE = re.compile(r"^ +\$ (.+)$", re.MULTILINE)


def leaves(prefix: str, command: Any) -> Iterator[tuple[str, Any]]:
    """All commands that are no groups, with their names as they are typed."""
    if not hasattr(command, "commands"):
        yield prefix, command
    for name, child in getattr(command, "commands", {}).items():
        yield from leaves(f"{prefix} {name}", child)


def all_commands() -> Iterator[tuple[str, Any]]:
    for name in COMMANDS:
        app = import_module(f"runfleet.cli.{name}").app
        yield from leaves(name, typer.main.get_command(app))


def examples(command: Any) -> list[str]:
    return _EXAMPLE.findall(command.epilog or "")


def test_help_shows_the_example_as_it_is_typed(runfleet):
    """On a line of its own, however narrow the terminal."""
    runfleet.environment["COLUMNS"] = "40"
    shown = runfleet("package", "add", "--help").out
    assert shown.endswith("\n  Example:\n    $ runfleet package add epanet 2.3.5 ./epanet\n")


def test_usage_tells_what_may_be_left_out(runfleet):
    """In brackets, once."""
    assert runfleet("logs", "--help").out.startswith(
        "Usage: runfleet logs [OPTIONS] {STUDY} [RUN]\n"
    )


def test_every_command_has_an_example_of_itself():
    for name, command in all_commands():
        assert any(f"runfleet {name}" in line for line in examples(command)), name


def test_the_examples_work(runfleet, write_study, folder: Path):
    """Carried out one after the other, as they stand in the help."""
    (folder / write_study("study", "true\n")).touch()
    (folder / "model.sh").write_text("true\n")
    (folder / "epanet/bin").mkdir(parents=True)
    (folder / "epanet/bin/runepanet").write_text("true\n")
    # A calibration needs PEST; `tests/calibrate` carries its commands out.
    ordinary = (command for name, command in all_commands() if not name.startswith("calibrate"))
    for command in ordinary:
        for line in examples(command):
            ended = runfleet.line(line)
            assert ended.code == 0, f"{line}\n{ended.err}"
