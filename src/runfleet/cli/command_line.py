"""What a command line says before the options of its command are declared."""

from __future__ import annotations

import os
from collections.abc import Sequence

from runfleet.launch.accounts.local import LOCAL

ACCOUNT_VARIABLE = "RUNFLEET_ACCOUNT"
"""Names the account of commands that are not told one."""

HELP_NAMES = ("-h", "--help")
"""What asks for the help of a command."""


def account_of(args: Sequence[str]) -> str:
    """Find the account that a command is for."""
    named = os.environ.get(ACCOUNT_VARIABLE) or LOCAL
    for before, argument in zip(("", *args), args, strict=False):
        if before == "--on":
            named = argument
        elif argument.startswith("--on="):
            named = argument.removeprefix("--on=")
    return named
