"""The key `mpi` of the study file as pydantic sees it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from runfleet.documents.form import Form
from runfleet.study.field_types import NonEmpty
from runfleet.study.mpi import MOST_NODES, Implementation, Mpi


class MpiForm(Form):
    """How the processes of a run are started on several nodes at once."""

    nodes: int = Field(ge=1, le=MOST_NODES, description="On how many nodes a run takes place.")
    processes_per_node: int = Field(
        1, ge=1, le=1024, description="How many processes run on each of them."
    )
    implementation: Implementation = Field(
        Implementation.MPICH,
        strict=False,
        description="What the model is linked with: mpich, intel, openmpi or msmpi.",
    )
    launcher: NonEmpty | None = Field(
        None, description="The program that starts the processes; `mpirun` if not given."
    )
    options: str = Field("", description="More options for the launcher: `-genv FI_PROVIDER tcp`.")

    def mpi(self, variables: Iterable[str]) -> Mpi:
        """Make it, with the environment variables that all processes need."""
        return Mpi(
            self.nodes,
            self.processes_per_node,
            self.implementation,
            self.launcher or self.implementation.launcher,
            self.options.strip(),
            tuple(variables),
        )
