"""The control file that a calibration was submitted with, kept beside its job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from runfleet.calibrate.control_files.control import Control, read_control
from runfleet.calibrate.control_files.edits import edits_of_question
from runfleet.calibrate.fetching import blobs_below, fetch
from runfleet.calibrate.tasks import control_prefix, tables_prefix
from runfleet.storage import Storage


def store_control(
    storage: Storage, container: str, job_id: str, control: Control, folder: Path
) -> None:
    """
    Keep a control file, and the tables of its own without which it is not read.

    Parameters
    ----------
    storage, container, job_id
        Where, and of which job.
    control
        The control file.
    folder
        That of the study.
    """
    prefixes = {table: tables_prefix(job_id) for table in control.tables}
    prefixes[control.file] = control_prefix(job_id)
    named = (
        (str(file), f"{prefix}{file.relative_to(folder).as_posix()}")
        for file, prefix in prefixes.items()
    )
    storage.put_files(container, named)


@dataclass(frozen=True, slots=True)
class SubmittedControl:
    """
    A control file as it was submitted.

    Parameters
    ----------
    storage, container, job_id
        Where, and of which job.
    path
        What it was called, relative to the folder of the study.
    """

    storage: Storage
    container: str
    job_id: str
    path: PurePosixPath

    def edits(self, control: Control) -> tuple[str, ...]:
        """Say what of it makes another calibration by now; nothing where it was not kept."""
        with TemporaryDirectory() as name:
            folder = Path(name)
            for prefix in (control_prefix(self.job_id), tables_prefix(self.job_id)):
                found = blobs_below(self.storage, self.container, prefix, folder)
                fetch(self.storage, self.container, found)
            if not (folder / self.path).exists():
                return ()
            return tuple(edits_of_question(read_control(folder / self.path), control))
