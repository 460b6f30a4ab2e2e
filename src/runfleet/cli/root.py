"""The command `runfleet` and the table of its commands."""

from __future__ import annotations

import logging
import sys
from typing import Annotated, Any

import typer

from runfleet.cli.apps import DeferredCommand, new_app
from runfleet.cli.command_line import account_of
from runfleet.cli.failures import exit_code_of
from runfleet.cli.printer import Printer
from runfleet.cli.waits import Waits

COMMANDS = {
    "init": "Look at an executable, and write a commented study file for it.",
    "plan": "Show what a study would run, and start nothing.",
    "run": "Run a study, and collect its results.",
    "watch": "Watch the runs of a study until they have ended.",
    "status": "Show how studies stand.",
    "explain": "Say why a study is where it is, and what to do next.",
    "logs": "Print what a run wrote to stdout or stderr.",
    "cancel": "Stop a study; its finished runs stay.",
    "retry": "Run cancelled or failed runs of a study again.",
    "calibrate": "Check calibrations with PEST, and go on with those that were lost.",
    "results": "Collect the results of a study, whether or not it has ended.",
    "delete": "Delete a study with its jobs and files.",
    "account": "Add, list, check and remove accounts.",
    "doctor": "Look at all that a study needs on its account, before it costs anything.",
    "images": "List the operating systems that nodes can have.",
    "sizes": "List sizes of machines, with their cores and memory.",
    "package": "Add, list and remove application packages.",
    "pool": "Make, list, show, resize and delete pools.",
    "job": "Make, list, end and delete jobs.",
    "task": "Add, list and end tasks.",
    "check": "Count the tasks of every job, and fetch what those of finished jobs wrote.",
    "emulator": "Start, stop and reset the Batch emulator on this machine.",
    "schema": "Print the JSON Schema of study files.",
}

_WAITING = (
    "runfleet.azure",
    "runfleet.storage",
    "runfleet.launch.emulator",
    "runfleet.launch.accounts.account",
    "runfleet.launch.place_of_results",
)
"""What logs warnings of what it waits for."""

root = new_app("Run models once, by the thousand or under calibration.")


def main() -> None:
    """Run the command line, and exit with its code."""
    printer = Printer.standard()
    # Its warnings of a page are told in a line, as errors of ours.
    logging.getLogger("azure.identity").addHandler(logging.NullHandler())
    for waiting in _WAITING:
        logging.getLogger(waiting).addHandler(Waits(printer))
    sys.exit(
        exit_code_of(
            lambda: command()(prog_name="runfleet", standalone_mode=False),
            printer,
            account=account_of(sys.argv[1:]),
        )
    )


def command() -> Any:
    """Make the command `runfleet`, with all commands listed and none imported."""
    group: Any = typer.main.get_command(root)
    for name, summary in COMMANDS.items():
        group.add_command(DeferredCommand(name, summary, f"runfleet.cli.{name}"))
    return group


def _print_version(wanted: bool) -> None:
    if wanted:
        # It takes a fifth of the time of a command's start.
        from runfleet.version import __version__

        Printer.standard().data(f"runfleet {__version__}")
        raise typer.Exit


@root.callback(epilog="Begin with `runfleet init EXECUTABLE`, then `runfleet run study.yaml`.")
def _root(
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
