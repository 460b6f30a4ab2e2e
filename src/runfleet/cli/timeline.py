"""The steps of a command, each with how much of it is done and how long it has taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from rich.console import RenderableType
from rich.table import Table

from runfleet.cli.words import duration_text


@dataclass
class _Line:
    """What is being done, how much of it, when it began, and how long it took once it is done."""

    name: str
    amount: str
    began: float
    took: float | None = None

    def elapsed(self, now: float) -> timedelta:
        return timedelta(seconds=now - self.began if self.took is None else self.took)


@dataclass
class Timeline:
    """
    The steps of a command, the last of which goes on.

    Parameters
    ----------
    clock
        Tells the time in seconds.
    """

    clock: Callable[[], float] = monotonic
    _lines: list[_Line] = field(default_factory=list)

    def note(self, name: str, amount: str) -> None:
        """Take note of how much of a step is done; another one ends the one before."""
        if self._lines and self._lines[-1].name == name:
            self._lines[-1].amount = amount
            return
        self.end()
        self._lines.append(_Line(name, amount, self.clock()))

    def end(self) -> None:
        """Take note that the last step has ended."""
        if self._lines and self._lines[-1].took is None:
            self._lines[-1].took = self.clock() - self._lines[-1].began

    def elapsed(self, name: str) -> timedelta | None:
        """Tell how long a step has taken; None before it begins."""
        return next((line.elapsed(self.clock()) for line in self._lines if line.name == name), None)

    def split(self, name: str) -> tuple[RenderableType, RenderableType]:
        """Draw the steps before one, and those after it."""
        position = [line.name for line in self._lines].index(name)
        return self._table(self._lines[:position]), self._table(self._lines[position + 1 :])

    def table(self) -> RenderableType:
        """Draw all steps."""
        return self._table(self._lines)

    def _table(self, lines: list[_Line]) -> RenderableType:
        now = self.clock()
        grid = Table.grid(padding=(0, 2))
        grid.add_column()
        grid.add_column(justify="right")
        grid.add_column(justify="right", style="dim")
        for line in lines:
            grid.add_row(line.name, line.amount, duration_text(line.elapsed(now)))
        return grid
