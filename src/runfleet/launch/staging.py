"""A study's shared inputs on their way to its nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from runfleet.azure import OperatingSystem, PreparationTask, ResourceFile, shell_command
from runfleet.launch import names, scripts, windows_scripts
from runfleet.launch.batch_files import stage_batch_file
from runfleet.launch.hashes import Snapshot
from runfleet.launch.scripts import place_of
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.storage import ContentChangedError, Storage
from runfleet.study import Study
from runfleet.study.model import SharedInput

# A job has room for 1 MB, which some 2,000 files fill, each with its signed URL.
_MOST_SEPARATE_INPUTS = 500
_INPUTS_AT_A_TIME = 16


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
    files
        What the study's files hold.
    url_life
        How long nodes have to reach them.
    system
        What the nodes run.
    """

    study: Study
    storage: Storage
    files: Snapshot
    url_life: timedelta
    system: OperatingSystem

    @property
    def container(self) -> str:
        """The study's container."""
        return names.container_name(self.study.name)

    def stage_inputs(self, on_step: OnStep) -> None:
        """
        Upload the shared inputs that the storage has not got yet, some at a time.

        Raises
        ------
        LaunchError
            If one of them has changed since it was first looked at.
        """
        inputs = self.study.model.inputs
        listed = self.storage.list_blobs(self.container, names.INPUTS) if inputs else ()
        present = {blob.name for blob in listed}
        for first in range(0, len(inputs), _INPUTS_AT_A_TIME):
            block = inputs[first : first + _INPUTS_AT_A_TIME]
            named = {self._input_blob(shared): shared.source for shared in block}
            self._upload({blob: path for blob, path in named.items() if blob not in present})
            on_step(Step(StepName.STAGING, first + len(block), len(inputs)))

    def _upload(self, missing: Mapping[str, Path]) -> None:
        """Make no blob that is named after what a file held before it was edited."""
        hashes = {blob: self.files.digest(path) for blob, path in missing.items()}
        named = ((str(path), blob) for blob, path in missing.items())
        try:
            self.storage.put_files(self.container, named, sha256=hashes)
        except ContentChangedError as error:
            raise self.files.edited(error.path) from error

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
        return names.input_blob(self.files.digest(shared.source), shared.source.name)

    @cached_property
    def _bundle(self) -> str:
        """
        Name the folder of the storage in which many inputs are fetched at once; few have none.

        Few are kept apart, so that an edit of one does not upload the others again.
        """
        inputs = self.study.model.inputs
        if len(inputs) <= _MOST_SEPARATE_INPUTS:
            return ""
        lines = (f"{self.files.digest(shared.source)} {place_of(shared)}\n" for shared in inputs)
        return names.bundle(hashlib.sha256("".join(lines).encode()).hexdigest())
