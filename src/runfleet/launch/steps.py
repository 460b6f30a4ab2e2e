"""What is going on while a study is being submitted or collected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class StepName(StrEnum):
    """The steps, in the order in which they are taken."""

    COMPARING = "comparing"
    BEGINNING_ANEW = "beginning anew, as nothing is left to go on with"
    PROVIDING_POOL = "providing the pool"
    STAGING = "staging"
    STARTING_MANAGER = "starting the manager"
    CONNECTING = "testing the connection with the first worker"
    ADDING = "adding"
    REPEATING = "running again what was lost"
    COLLECTING = "collecting"
    TABULATING = "tabulating"
    PLOTTING = "plotting"


@dataclass(frozen=True, slots=True)
class Step:
    """
    How far a step is.

    Parameters
    ----------
    name
        Which one.
    done, total
        How many files or runs are done, and how many there are; 0 of 0 where nothing is counted.
    """

    name: StepName
    done: int = 0
    total: int = 0


OnStep: TypeAlias = Callable[[Step], None]
"""Is told each step as it begins and goes on."""


def unheard(_: object) -> None:
    """Tell nobody of a step, or why one waits."""
