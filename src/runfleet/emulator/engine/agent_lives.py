"""How long node agents live: one that cannot work ends again and again."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

_SHORT_SECONDS = 10.0
_MOST_SHORT = 10


@dataclass
class AgentLives:
    """
    Counts the agents in a row that ended soon, and before any execution had.

    Parameters
    ----------
    short
        How many there were.
    """

    short: int = 0
    _began: float = 0.0

    @property
    def are_too_short(self) -> bool:
        """Whether another agent will hardly live any longer."""
        return self.short >= _MOST_SHORT

    def begin(self) -> None:
        """An agent is started."""
        self._began = monotonic()

    def note_work(self) -> None:
        """It has brought an execution to its end."""
        self.short = 0

    def end(self) -> None:
        """It has ended though nobody asked for that."""
        self.short = self.short + 1 if monotonic() - self._began < _SHORT_SECONDS else 0
