"""Arguments and options that several commands share."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from runfleet.cli.command_line import ACCOUNT_VARIABLE
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.advice import operands

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study file, or the name of a study.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Detach = Annotated[bool, typer.Option("--detach", help="Submit the runs, and do not wait.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and do nothing.")]
On = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="ACCOUNT",
        envvar=ACCOUNT_VARIABLE,
        help="The account, as `runfleet account list` has it.",
    ),
]

_OUR_COMMAND = re.compile(
    r"`runfleet (run|plan|watch|status|explain|logs|cancel|retry|results|delete|doctor|images|sizes"
    r"|package|pool|job|task|check|calibrate)\b([^`]*?)( -- [^`]*)?`"
)


def addressed(text: str, account: str) -> str:
    """Have the commands that a text advises go to an account."""
    return _OUR_COMMAND.sub(rf"`runfleet \1\2{on_option(account)}\3`", text)


def as_typed(*names: str, on: str) -> str:
    """
    Write what to type after a command and its options for a study, or for a run of it.

    That is `'my study.yaml' run-1 --on azure`, or `--on azure -- study.yaml -2`.
    """
    words, option = operands(*names), on_option(on)
    return f"{option} {words}".lstrip() if words.startswith("-- ") else f"{words}{option}"


def on_option(account: str) -> str:
    """What to type after a command so that it goes to an account: nothing for this machine."""
    return "" if account == LOCAL else f" --on {account}"
