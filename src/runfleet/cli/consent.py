"""Asking before anything is deleted or costs money."""

from __future__ import annotations

from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer


def agreed(printer: Printer, question: str, *, yes: bool, dry_run: bool = False) -> bool:
    """
    Tell whether to go on with what has just been shown.

    Parameters
    ----------
    printer
        Asks, on terminals only.
    question
        To be answered with yes or no.
    yes
        Whether the user said yes beforehand.
    dry_run
        Whether nothing is to be done at all.

    Raises
    ------
    WrongUsageError
        If nobody is there to answer.
    """
    if dry_run:
        printer.say("Nothing was done, as this is a dry run.")
        return False
    if yes:
        return True
    if not printer.is_interactive:
        raise WrongUsageError("nobody is at a terminal to agree to this", hint="agree with `--yes`")
    agrees = printer.ask(question)
    if not agrees:
        printer.say("Nothing was done.")
    return agrees
