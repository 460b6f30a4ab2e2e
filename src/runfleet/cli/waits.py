"""What a command waits for, where that takes long."""

from __future__ import annotations

import logging

from runfleet.cli.printer import Printer


class Waits(logging.Handler):
    """
    Tells people why nothing goes on, in the words of whoever waits.

    Parameters
    ----------
    printer
        What prints.
    """

    def __init__(self, printer: Printer) -> None:
        super().__init__(logging.WARNING)
        self._printer = printer

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        self._printer.say(f"waiting: {record.getMessage()}")
