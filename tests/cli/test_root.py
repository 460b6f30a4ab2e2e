"""The command on its own: its list of commands, wrong usage, what nobody foresaw."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from runfleet.cli.root import COMMANDS

HEAVY = {"azure", "pydantic", "numpy", "pandas", "scipy", "matplotlib", "ruamel", "jinja2"}


def test_every_command_is_listed_as_it_describes_itself():
    """The table that spares help the imports says what the commands themselves say."""
    for name, summary in COMMANDS.items():
        command = typer.main.get_command(import_module(f"runfleet.cli.{name}").app)
        assert (command.help or "").strip().split("\n\n")[0].replace("\n", " ") == summary


def test_help_lists_all_commands(runfleet):
    """With and without `--help`, on stdout."""
    asked = runfleet("--help")
    assert asked.code == 0
    listed = asked.out.split("Commands:\n")[1].splitlines()[: len(COMMANDS)]
    assert [line.split()[0] for line in listed] == [*COMMANDS]
    assert runfleet() == asked


def test_version(runfleet):
    assert runfleet("--version").out.startswith("runfleet 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["rnu"],
            "error: there is no command `runfleet rnu`\nhint: did you mean `runfleet run`?\n",
        ),
        (
            ["package", "ad"],
            (
                "error: there is no command `runfleet package ad`\n"
                "hint: did you mean `runfleet package add`?\n"
            ),
        ),
        (
            ["qqq"],
            "error: there is no command `runfleet qqq`\nhint: `runfleet --help` lists them all\n",
        ),
        (
            ["my study.yaml"],
            (
                "error: there is no command `runfleet my study.yaml`\n"
                "hint: did you mean `runfleet run 'my study.yaml'`?\n"
            ),
        ),
        (
            ["run", "my", "study.yaml"],
            (
                "error: there are too many arguments: `study.yaml`\n"
                "hint: put a name that holds blanks in quotes; `runfleet run --help` shows how it "
                "is used\n"
            ),
        ),
        (
            ["package", "add", "epanet"],
            (
                "error: missing argument `VERSION`\n"
                "hint: `runfleet package add --help` shows how it is used\n"
            ),
        ),
        (
            ["schema", "--q"],
            (
                "error: there is no option `--q`\n"
                "hint: `runfleet schema --help` shows how it is used\n"
            ),
        ),
        (
            ["job", "list", "--jsn"],
            "error: there is no option `--jsn`\nhint: did you mean `--json`?\n",
        ),
    ],
)
def test_wrong_usage_is_exit_code_2(runfleet, arguments: list[str], message: str):
    """One line says what is wrong, one how to mend it."""
    ended = runfleet(*arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", message)


@pytest.mark.parametrize("name", ["--help", "package", "schema", "plan", "init"])
def test_what_needs_no_service_loads_no_sdk(name: str):
    """Help comes at once, and the Azure SDK is loaded by what talks to a service only."""
    module = "root" if name == "--help" else name
    program = f"import sys, runfleet.cli.{module}; print(*{{n.split('.')[0] for n in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    unwanted = HEAVY if name == "--help" else {"azure", "pandas", "scipy", "matplotlib"}
    assert not set(run.stdout.split()) & unwanted


def test_an_emulator_starts_before_much_is_imported():
    """What the command and the emulator import, they import beside each other."""
    program = (
        "import sys, runfleet.cli.head_start, runfleet.launch.emulator, runfleet.home;"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    slow = {"dataclasses", "http", "logging", "runfleet.storage", "runfleet.study", "shutil", "ssl"}
    assert not set(run.stdout.split()) & slow


def test_errors_have_colour_on_terminals_only(runfleet):
    """`NO_COLOR` is heeded on terminals too."""
    _, coloured = runfleet.on_terminal("rnu")
    _, plain = runfleet.on_terminal("rnu", NO_COLOR="1")
    assert "\x1b[1;31merror:\x1b[0m there is no command" in coloured
    assert "\x1b[1;31m" not in plain
    assert "\x1b[36m" not in plain
    assert "\x1b" not in runfleet("rnu").err


def test_home_is_where_the_variable_says(runfleet, tmp_path: Path, folder: Path):
    """Nothing is kept anywhere else."""
    (folder / "program").mkdir()
    (folder / "program/run.sh").write_text("echo\n")
    assert runfleet("package", "add", "one", "1", "program").code == 0
    assert (tmp_path / "home/emulator/packages/one/1.zip").is_file()
