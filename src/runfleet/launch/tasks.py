"""A study's runs and their overlays as Batch has them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TypeAlias

from runfleet.azure import (
    Instances,
    OperatingSystem,
    OutputFile,
    ResourceFile,
    TaskSettings,
    shell_command,
    with_packages,
)
from runfleet.launch import names, scripts, windows_scripts
from runfleet.launch.packages import references_to
from runfleet.launch.scripts import coordination_script, overlay_target
from runfleet.storage import Storage
from runfleet.storage.parallel import in_order
from runfleet.study import Run, Study
from runfleet.study.model import Model
from runfleet.study.overlays import Overlay
from runfleet.study.run import RUN_VARIABLE

_UPLOADS = 16
"""Overlays on their way to a storage account at a time."""

RunWithOverlays: TypeAlias = tuple[Run, list[ResourceFile]]


@dataclass(frozen=True)
class TaskMaker:
    """
    Makes the tasks of one job of a study.

    Parameters
    ----------
    study
        The study.
    storage
        Where their overlays go, and their outputs.
    job_id
        The job.
    url_life
        How long nodes have to reach the files.
    system
        What the nodes run.
    user
        The account of the pool that they run under; None for the usual one.
    """

    study: Study
    storage: Storage
    job_id: str
    url_life: timedelta
    system: OperatingSystem
    user: str | None = None

    def tasks(self, runs: Iterable[Run]) -> Iterator[TaskSettings]:
        """Make the task of each run, and upload its overlays, as the stream is taken."""
        model = self.study.model
        command, packages = self._command_line, references_to(model.packages)
        for run, overlays in self._with_overlays(runs):
            yield TaskSettings(
                run.name,
                command,
                [] if model.mpi else overlays,
                [*self._output_files(run.name)],
                {**run.environment, RUN_VARIABLE: run.name},
                packages,
                max_retries=model.retries or None,
                time_limit=model.time_limit,
                instances=_instances(model, overlays),
                user=self.user,
            )

    def _output_files(self, run: str) -> Iterator[OutputFile]:
        as_on_disk = self.system is OperatingSystem.WINDOWS
        return names.output_files(
            self.job_id, run, self._patterns, self._container_url, as_on_disk=as_on_disk
        )

    @cached_property
    def _container(self) -> str:
        return names.container_name(self.study.name)

    @cached_property
    def _container_url(self) -> str:
        return self.storage.container_url(self._container, life=self.url_life, write=True)

    @cached_property
    def _command_line(self) -> str:
        return command_line(self.study.model, self.system)

    @cached_property
    def _patterns(self) -> list[str]:
        return [output.pattern for output in self.study.model.outputs]

    def _with_overlays(self, runs: Iterable[Run]) -> Iterator[RunWithOverlays]:
        """Upload the overlays of runs: far away several at a time, as each upload mostly waits."""
        if not (self.study.model.overlays and self.storage.is_remote):
            yield from map(self._upload_overlays, runs)
            return
        with ThreadPoolExecutor(_UPLOADS) as threads:
            yield from in_order(threads, self._upload_overlays, runs, ahead=2 * _UPLOADS)

    def _upload_overlays(self, run: Run) -> RunWithOverlays:
        overlays = self.study.model.overlays
        return run, [self._upload_overlay(overlay, run) for overlay in overlays]

    def _upload_overlay(self, overlay: Overlay, run: Run) -> ResourceFile:
        content = overlay.render(run.sample, run.name)
        blob = names.overlay_blob(hashlib.sha256(content).hexdigest())
        self.storage.put_bytes(self._container, blob, content)
        return ResourceFile(
            http_url=self.storage.blob_url(self._container, blob, life=self.url_life),
            file_path=overlay_target(self.study.model, overlay.target),
        )


def _instances(model: Model, overlays: Sequence[ResourceFile]) -> Instances | None:
    """How a run begins on each of several nodes."""
    if model.mpi is None:
        return None
    coordination = shell_command(coordination_script(model), OperatingSystem.LINUX)
    return Instances(model.mpi.nodes, coordination, overlays)


def command_line(model: Model, system: OperatingSystem) -> str:
    """Write the command line that the tasks of all runs share."""
    if system is OperatingSystem.WINDOWS:
        return windows_scripts.RUN_LINE
    packages = references_to(model.packages)
    return shell_command(with_packages(scripts.run_script(model), packages, system), system)


def run_script(model: Model, system: OperatingSystem) -> str:
    """
    Write what each run carries out, for the shell of its node.

    Raises
    ------
    LaunchError
        If that cannot be done for the operating system.
    """
    on_windows = system is OperatingSystem.WINDOWS
    return windows_scripts.run_script(model) if on_windows else scripts.run_script(model)
