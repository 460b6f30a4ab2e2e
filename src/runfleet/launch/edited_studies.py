"""The samples that the runs of a study were submitted with, whatever its file says by now."""

from __future__ import annotations

import atexit
import shutil
from pathlib import Path
from tempfile import mkdtemp

from runfleet.launch import names
from runfleet.launch.definition import sampling_of
from runfleet.launch.errors import LaunchError
from runfleet.launch.hashes import HashCache
from runfleet.launch.record import StudyRecord
from runfleet.storage import BlobNotFoundError, Storage
from runfleet.study import Study, StudyError
from runfleet.study.designs import FromCsv

EDITED = (
    "the table shows the parameters with which the runs were submitted; the study file has others "
    "by now, and `runfleet run` runs what has changed"
)

SUBMITTED_AGAIN = (
    "the study was edited and submitted again meanwhile; the table shows the runs that were "
    "submitted last"
)


class SubmittedStudies:
    """
    Finds out what the runs of a study were submitted with.

    Parameters
    ----------
    storage
        The account's.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._folder: Path | None = None

    def as_submitted(self, study: Study, record: StudyRecord) -> Study:
        """
        Have the samples with which a study was submitted, and the rest as it is now.

        Parameters
        ----------
        study
            The study as it is now.
        record
            What the account knows of it.

        Returns
        -------
        study
            The very same, unless its parameters or its design were edited.

        Raises
        ------
        LaunchError
            If they were, and cannot be told any more.
        """
        if _has_samples_of(study, record):
            return study
        try:
            submitted = study.with_samples_of(record.source, self._table(record))
        except StudyError as error:
            raise _not_told(study) from error
        if not _has_samples_of(submitted, record):
            raise _not_told(study)
        return submitted

    def _table(self, record: StudyRecord) -> Path | None:
        """Fetch the table of the design, which may be read as long as there is the process."""
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix="runfleet-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        blob = names.design_table_blob(record.definition.design)
        table = self._folder / Path(blob).name
        if not table.exists():
            try:
                table.write_bytes(self._storage.get_bytes(record.container, blob))
            except BlobNotFoundError:
                return None
        return table


def new_outputs(study: Study, record: StudyRecord) -> frozenset[str]:
    """Find the outputs of a study that its file did not ask for when the runs were submitted."""
    asked_for = {pattern for pattern, _ in record.definition.model["outputs"]}
    return frozenset(output.pattern for output in study.model.outputs) - asked_for


def why_other(study: Study, record: StudyRecord) -> str:
    """Say why the runs were submitted with other samples than a study has, as it was read once."""
    try:
        now = Study.load(study.folder / study.file.name)
    except StudyError:
        return EDITED
    return SUBMITTED_AGAIN if _has_samples_of(now, record) else EDITED


def _has_samples_of(study: Study, record: StudyRecord) -> bool:
    if study.source == record.source and not isinstance(study.design, FromCsv):
        return True
    submitted = record.definition
    wanted = {"parameters": submitted.parameters, "design": submitted.design}
    try:
        return sampling_of(study, HashCache().digest) == wanted
    except LaunchError:  # the table of the design is not there any more
        return False


def _not_told(study: Study) -> LaunchError:
    return LaunchError(
        f"the parameters of study `{study.name}` were edited after it was submitted, and those of "
        "its runs cannot be told any more",
        hint=f"undo the changes of `{study.file}`, or run what has changed with `runfleet run`",
    )
