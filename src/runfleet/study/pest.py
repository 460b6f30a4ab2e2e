"""A calibration: a program of the PEST family, its control file, and its workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from runfleet.study.values import check_range

DEFAULT_PORT = 4004
"""The port that the manuals of BeoPEST and PEST++ take."""


@dataclass(frozen=True)
class WorkerRange:
    """
    How many workers a calibration has.

    Parameters
    ----------
    min
        So many begin.
    max
        So many there may be while the manager has more runs than workers.
    idle
        So long a worker without a run stays, while there are more than `min`.
    """

    min: int
    max: int
    idle: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        """Refuse numbers in the wrong order."""
        check_range(self.min, self.max)

    @property
    def is_elastic(self) -> bool:
        """Whether their number may change."""
        return self.min < self.max

    def __str__(self) -> str:
        return str(self.min) if self.min == self.max else f"{self.min} to {self.max}"


@dataclass(frozen=True)
class Pest:
    """
    How a model is calibrated.

    Parameters
    ----------
    control
        The control file, relative to the folder of the study file; the programs run in its folder.
    program
        What a node finds on PATH: `beopest64`, `pestpp-glm`, `pestpp-ies`.
    workers
        How many there are.
    port
        Where the manager listens.
    switches
        More of them for the manager.
    worker_switches
        More of them for the workers.
    restarts
        How often a worker that died is started again.
    register_within
        So long the first worker may take to reach the manager, once both run.
    """

    control: PurePosixPath
    program: str
    workers: WorkerRange
    port: int = DEFAULT_PORT
    switches: str = ""
    worker_switches: str = ""
    restarts: int = 3
    register_within: timedelta = timedelta(minutes=2)
