"""A task that belongs to no study: one command with its files, on one node or on several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from runfleet.azure import (
    Instances,
    OperatingSystem,
    PackageReference,
    TaskSettings,
    shell_command,
    with_packages,
)
from runfleet.launch import scripts as linux_scripts
from runfleet.launch import windows_scripts
from runfleet.launch.by_hand.job_files import JobFiles
from runfleet.launch.mpi import COMMON_FOLDER, launch_line
from runfleet.launch.url_life import task_life
from runfleet.study.mpi import Mpi


@dataclass(frozen=True, slots=True)
class SingleTask:
    """
    A task to be added to a job.

    Parameters
    ----------
    id
        Up to 64 letters, digits, hyphens and underscores.
    command
        A line for the shell of the pool's operating system.
    inputs, outputs
        Files and folders of this machine; patterns of files to keep.
    environment, packages
        What the command needs.
    retries, time_limit, slots
        As in `TaskSettings`.
    nodes
        On how many it runs at once; the first of them carries out the command.
    coordination
        What each node does before, where there are several.
    mpi
        How its processes are started, if the command is what each of them is.
    """

    id: str
    command: str
    inputs: Sequence[Path | str] = ()
    outputs: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[PackageReference] = ()
    retries: int = 0
    time_limit: timedelta | None = None
    slots: int = 1
    nodes: int = 1
    coordination: str = ":"
    mpi: Mpi | None = None

    def settings(self, files: JobFiles, system: OperatingSystem) -> TaskSettings:
        """
        Upload its inputs, and describe it as Batch wants it.

        Parameters
        ----------
        files
            Those of the job.
        system
            Of the job's pool.

        Raises
        ------
        LaunchError
            If an input is not there.
        LifeTooLongError
            If the storage account cannot sign URLs that work for all of the time limit.
        """
        files = replace(files, life=task_life(self.time_limit, self.retries))
        line = launch_line(self.mpi, self.command) if self.mpi else self.command
        return TaskSettings(
            self.id,
            shell_command(with_packages(line, self.packages, system), system),
            () if self.is_multiple else files.send(self.inputs),
            files.outputs(self.id, self.outputs),
            self.environment,
            self.packages,
            max_retries=self.retries,
            time_limit=self.time_limit,
            slots=self.slots,
            instances=self._instances(files, system),
        )

    @property
    def is_multiple(self) -> bool:
        """Whether it asks for nodes that reach each other, be it one alone."""
        return self.nodes > 1 or self.mpi is not None

    def _instances(self, files: JobFiles, system: OperatingSystem) -> Instances | None:
        if not self.is_multiple:
            return None
        folder = COMMON_FOLDER if self.mpi else ""
        coordination = shell_command(self._coordination(system), system)
        return Instances(self.nodes, coordination, files.send(self.inputs, folder))

    def _coordination(self, system: OperatingSystem) -> str:
        """What each node does first; for MPI it makes the folder that the processes run in."""
        if self.mpi is None:
            return self.coordination
        scripts = windows_scripts if system is OperatingSystem.WINDOWS else linux_scripts
        return f"{scripts.ENTER_COMMON_FOLDER}\n{self.coordination}"
