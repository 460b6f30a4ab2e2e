"""What begins before the commands are imported, which takes as long as an emulator's start."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from runfleet.cli.command_line import HELP_NAMES, account_of
from runfleet.cli.study_names import is_missing_file
from runfleet.errors import RunfleetError
from runfleet.launch.accounts.local import LOCAL


def give_head_start(args: Sequence[str]) -> None:
    """Have the emulator start if a command line will need it."""
    if args[:1] != ["run"] or account_of(args) != LOCAL or {*HELP_NAMES}.intersection(args):
        return
    if any(map(is_missing_file, args[1:])):  # a mistyped name is not worth an emulator
        return
    from runfleet.home import runfleet_home
    from runfleet.launch.emulator import emulator_of

    # Whoever needs it begins it again, and is told what is wrong.
    with suppress(RunfleetError):
        emulator_of(runfleet_home()).begin()
