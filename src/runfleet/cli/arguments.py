"""Arguments and options that several commands share."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Annotated

import typer

LOCAL = "local"
"""The account of this machine, which is the default."""

ACCOUNT_VARIABLE = "RUNFLEET_ACCOUNT"
"""Names the account of commands that are not told one."""

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
    r"|package|pool|job|task|check|calibrate)\b([^`]*)`"
)


def account_of(args: Sequence[str]) -> str:
    """Find the account of a command line before its options are declared."""
    named = os.environ.get(ACCOUNT_VARIABLE) or LOCAL
    for before, argument in zip(("", *args), args, strict=False):
        if before == "--on":
            named = argument
        elif argument.startswith("--on="):
            named = argument.removeprefix("--on=")
    return named


def addressed(text: str, account: str) -> str:
    """Have the commands that a text advises go to an account."""
    return _OUR_COMMAND.sub(rf"`runfleet \1\2{on_option(account)}`", text)


def on_option(account: str) -> str:
    """What to type after a command so that it goes to an account: nothing for this machine."""
    return "" if account == LOCAL else f" --on {account}"
