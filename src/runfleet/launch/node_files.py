"""The files of tasks on their nodes, where they are until the node or the task's folder goes."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.azure import AzureBatch, ConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """
    Reads files of tasks on their nodes; what else the service refuses is an error of the caller.

    Parameters
    ----------
    batch
        The account.
    """

    batch: AzureBatch

    def read(
        self, job_id: str, task_id: str, path: str, *, offset: int = 0, length: int | None = None
    ) -> bytes | None:
        """Read a file, or a part of it; None if it is not there yet, or not any more."""
        try:
            return self.batch.task_file(job_id, task_id, path, offset=offset, length=length)
        except (NotFoundError, ConflictError):
            return None

    def size(self, job_id: str, task_id: str, file: str) -> int | None:
        """Tell how long a file in the task's folder itself is; None if it is not there."""
        try:
            files = self.batch.list_task_files(job_id, task_id)
            return next((found.size for found in files if found.name == file), None)
        except (NotFoundError, ConflictError):
            return None
