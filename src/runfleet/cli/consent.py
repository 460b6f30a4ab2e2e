"""Asking before anything is deleted, replaced or costs money."""

from __future__ import annotations

from collections.abc import Sequence

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


def agreed_to_changes(
    printer: Printer, what: str, changes: Sequence[str], *, yes: bool, consequence: str = ""
) -> bool:
    """
    Show what an edit changes of something that was submitted before, and ask.

    Parameters
    ----------
    printer
        Asks, on terminals only.
    what
        What was edited: ``Study `net1` ``.
    changes
        A sentence each; nobody is asked if there are none.
    yes
        Whether the user said yes beforehand.
    consequence
        What follows from them, as a sentence.
    """
    if not changes:
        return True
    printer.say(f"{what} has changed since it was last submitted:")
    for change in changes:
        printer.say(f"  - {change}")
    if consequence:
        printer.say(consequence)
    # A script that runs an edited study means it; what that costs is another question.
    return agreed(printer, "Go on?", yes=yes or not printer.is_interactive)
