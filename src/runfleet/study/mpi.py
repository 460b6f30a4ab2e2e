"""A model whose processes run on several nodes at once and talk by MPI."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_NODES = 100
"""So many nodes can reach each other, at most, in a pool of Azure Batch."""

WHERE_EACH_IS = "take `msmpi` on Windows, and one of `mpich`, `intel` and `openmpi` on Linux"
"""The advice to whom the nodes' system and the implementation do not agree."""


class Implementation(StrEnum):
    """The MPI implementations whose ways of starting processes are known."""

    MPICH = "mpich"
    INTEL = "intel"
    OPENMPI = "openmpi"
    MSMPI = "msmpi"

    @property
    def launcher(self) -> str:
        """What starts the processes, unless the study file says otherwise."""
        return "mpiexec" if self.is_for_windows else "mpirun"

    @property
    def is_for_windows(self) -> bool:
        """Whether it starts processes on nodes of Windows; the others do on those of Linux."""
        return self is Implementation.MSMPI

    @property
    def label(self) -> str:
        """Its name, as people write it."""
        return _TITLES[self]


_TITLES = {
    Implementation.MPICH: "MPICH",
    Implementation.INTEL: "Intel MPI",
    Implementation.OPENMPI: "Open MPI",
    Implementation.MSMPI: "MS-MPI",
}


@dataclass(frozen=True)
class Mpi:
    """
    How the processes of a run are started.

    Parameters
    ----------
    nodes
        On how many nodes.
    processes_per_node
        How many on each.
    implementation
        What the model is linked with.
    launcher
        The program that starts them.
    options
        More options for the launcher, as they are.
    variables
        The environment variables that they all need: those of the model, and of the parameters.
    """

    nodes: int
    processes_per_node: int
    implementation: Implementation
    launcher: str
    options: str = ""
    variables: tuple[str, ...] = ()

    @property
    def processes(self) -> int:
        """How many there are of a run."""
        return self.nodes * self.processes_per_node
