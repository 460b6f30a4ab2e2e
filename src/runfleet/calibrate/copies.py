"""Copies of a running manager's files, so that a lost node does not lose them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from runfleet.azure import AzureBatch, BatchError, FileInfo
from runfleet.calibrate.tasks import MANAGER, copies_prefix, is_own_file
from runfleet.storage import Storage, StorageError
from runfleet.study import Pest

log = logging.getLogger(__name__)

_SECONDS = 30.0
_MOST_BYTES = 256 << 20
_SHARE = 20


@dataclass
class Copies:
    """
    Copies what has changed of a manager's files to the storage, now and then.

    Parameters
    ----------
    batch, storage, container
        From where, and where to.
    job_id
        The job.
    pest
        The calibration.
    """

    batch: AzureBatch
    storage: Storage
    container: str
    job_id: str
    pest: Pest
    _copied: dict[str, tuple[int, object]] = field(default_factory=dict)
    _next: float = 0.0
    _iteration: int | None = None

    def update(self, iteration: int | None) -> None:
        """
        Copy what has changed, if an iteration has begun since, or enough time has passed.

        Parameters
        ----------
        iteration
            The iteration that the manager is in.
        """
        now = time.monotonic()
        if iteration == self._iteration and now < self._next:
            return
        self._iteration = iteration
        try:
            self._copy()
        except (BatchError, StorageError) as error:
            # The node may be going just now; and workers are followed without a storage, too.
            log.info("files of the manager of %s were not copied: %s", self.job_id, error.message)
        # Copying takes a twentieth of the time at most.
        took = time.monotonic() - now
        self._next = now + max(_SECONDS, _SHARE * took)

    def _copy(self) -> None:
        for file in self._changed():
            content = self.batch.task_file(self.job_id, MANAGER, file.name)
            name = PurePosixPath(file.name).name
            self.storage.put_bytes(self.container, f"{copies_prefix(self.job_id)}{name}", content)
            self._copied[file.name] = (file.size, file.last_modified)

    def _changed(self) -> Iterator[FileInfo]:
        folder = PurePosixPath("wd") / self.pest.control.parent
        for file in self.batch.list_task_files(self.job_id, MANAGER, recursive=True):
            mark = (file.size, file.last_modified)
            path = PurePosixPath(file.name)
            is_own = path.parent == folder and is_own_file(path.name, self.pest.control.stem)
            if is_own and file.size <= _MOST_BYTES and self._copied.get(file.name) != mark:
                yield file
