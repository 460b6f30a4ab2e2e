"""What begins before the commands are imported, which takes as long as an emulator's start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from runfleet.errors import RunfleetError

LOCAL = "local"
"""The account of this machine, which is the default."""

ACCOUNT_VARIABLE = "RUNFLEET_ACCOUNT"
"""Names the account of commands that are not told one."""

HELP_NAMES = ("-h", "--help")
"""What asks for the help of a command."""


def account_of(args: Sequence[str]) -> str:
    """Find the account of a command line before its options are declared."""
    named = os.environ.get(ACCOUNT_VARIABLE) or LOCAL
    for before, argument in zip(("", *args), args, strict=False):
        if before == "--on":
            named = argument
        elif argument.startswith("--on="):
            named = argument.removeprefix("--on=")
    return named


def give_head_start(args: Sequence[str]) -> None:
    """Have the emulator start if a command line will need it."""
    if args[:1] != ["run"] or account_of(args) != LOCAL or {*HELP_NAMES}.intersection(args):
        return
    from runfleet.home import runfleet_home
    from runfleet.launch.emulator import emulator_of

    # Whoever needs it begins it again, and is told what is wrong.
    with suppress(RunfleetError):
        emulator_of(runfleet_home()).begin()
