"""What a user asks of a study."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.cli.arguments import as_typed
from runfleet.cli.printer import Printer
from runfleet.launch import Account
from runfleet.study import Study


@dataclass(frozen=True)
class Request:
    """
    What a user has asked for.

    Parameters
    ----------
    printer
        What prints.
    account
        Where.
    study, called
        The study, and what the user calls it.
    on
        What the user calls the account.
    detach, yes
        Whether to leave when it is submitted, and whether not to ask.
    replace
        Whether it may take the place of another file's study.
    """

    printer: Printer
    account: Account
    study: Study
    called: str
    on: str
    detach: bool = False
    yes: bool = False
    replace: bool = False

    @property
    def name(self) -> str:
        """What to type for the study, and for its account."""
        return as_typed(self.called, on=self.on)
