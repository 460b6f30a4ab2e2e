"""A study's shared inputs, its runs and their overlays as Batch has them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from runfleet.azure import (
    Instances,
    OperatingSystem,
    PreparationTask,
    ResourceFile,
    TaskSettings,
    shell_command,
    with_packages,
)
from runfleet.launch import names, scripts, windows_scripts
from runfleet.launch.batch_files import stage_batch_file
from runfleet.launch.packages import references_to
from runfleet.launch.scripts import coordination_script, overlay_target, place_of
from runfleet.storage import DirectoryStorage, Storage
from runfleet.storage.parallel import in_order
from runfleet.study import Run, Study
from runfleet.study.model import Model, SharedInput
from runfleet.study.overlays import Overlay
from runfleet.study.run import RUN_VARIABLE

# A job has room for 1 MB, which some 2,000 files fill, each with its signed URL.
_MOST_SEPARATE_INPUTS = 500
_INPUTS_AT_A_TIME = 16

_UPLOADS = 16
"""Overlays on their way to a storage account at a time."""

RunWithOverlays: TypeAlias = tuple[Run, list[ResourceFile]]


@dataclass(frozen=True)
class Staging:
    """
    Puts a study's files where its nodes fetch them.

    Parameters
    ----------
    study
        The study.
    storage
        The account's.
    digest
        Hashes a file's content.
    url_life
        How long nodes have to reach them.
    system
        What the nodes run.
    """

    study: Study
    storage: Storage
    digest: Callable[[Path], str]
    url_life: timedelta
    system: OperatingSystem

    @property
    def container(self) -> str:
        """The study's container."""
        return names.container_name(self.study.name)

    def stage_inputs(self) -> Iterator[SharedInput]:
        """Upload the shared inputs that the storage has not got yet, some at a time."""
        inputs = self.study.model.inputs
        listed = self.storage.list_blobs(self.container, names.INPUTS) if inputs else ()
        present = {blob.name for blob in listed}
        for first in range(0, len(inputs), _INPUTS_AT_A_TIME):
            block = inputs[first : first + _INPUTS_AT_A_TIME]
            named = {self._input_blob(shared): str(shared.source) for shared in block}
            missing = ((path, blob) for blob, path in named.items() if blob not in present)
            self.storage.put_files(self.container, missing)
            yield from block

    def preparation(self, user: str | None = None) -> PreparationTask | None:
        """What each node does before its first run: it fetches what runs share, once."""
        files = [*self._input_files(), *self._script_files()]
        command = shell_command(self._unbundle(), self.system)
        return PreparationTask(command, files, user=user) if files else None

    def _input_files(self) -> list[ResourceFile]:
        if self._bundle:
            return [self._bundle_file()]
        return [self._resource_file(shared) for shared in self.study.model.inputs]

    def _script_files(self) -> list[ResourceFile]:
        """Upload the batch file of Windows nodes."""
        if self.system is OperatingSystem.LINUX:
            return []
        script, path = windows_scripts.run_script(self.study.model), windows_scripts.RUN_FILE
        return [stage_batch_file(self.storage, self.container, script, path, life=self.url_life)]

    def _unbundle(self) -> str:
        """Give the shell line that brings shared inputs to where runs look."""
        on_windows = self.system is OperatingSystem.WINDOWS
        if not self._bundle:
            return "exit 0" if on_windows else ":"
        write = windows_scripts.unbundle_script if on_windows else scripts.unbundle_script
        return write(self._bundle, self.study.model.inputs)

    def _resource_file(self, shared: SharedInput) -> ResourceFile:
        url = self.storage.blob_url(self.container, self._input_blob(shared), life=self.url_life)
        return ResourceFile(http_url=url, file_path=place_of(shared))

    def _bundle_file(self) -> ResourceFile:
        url = self.storage.container_url(self.container, life=self.url_life)
        return ResourceFile(container_url=url, blob_prefix=f"{self._bundle}/")

    def _input_blob(self, shared: SharedInput) -> str:
        if self._bundle:
            return f"{self._bundle}/{place_of(shared)}"
        return names.input_blob(self.digest(shared.source), shared.source.name)

    @cached_property
    def _bundle(self) -> str:
        """
        Name the folder of the storage in which many inputs are fetched at once; few have none.

        Few are kept apart, so that an edit of one does not upload the others again.
        """
        inputs = self.study.model.inputs
        if len(inputs) <= _MOST_SEPARATE_INPUTS:
            return ""
        lines = (f"{self.digest(shared.source)} {place_of(shared)}\n" for shared in inputs)
        return names.bundle(hashlib.sha256("".join(lines).encode()).hexdigest())


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
                [*names.output_files(self.job_id, run.name, self._patterns, self._container_url)],
                {**run.environment, RUN_VARIABLE: run.name},
                packages,
                max_retries=model.retries or None,
                time_limit=model.time_limit,
                instances=_instances(model, overlays),
                user=self.user,
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
        if not self.study.model.overlays or isinstance(self.storage, DirectoryStorage):
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
