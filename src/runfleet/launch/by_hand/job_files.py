"""The files of a job that is made task by task: inputs on their way in, outputs and logs out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runfleet.azure import JobInfo, OutputFile, ResourceFile
from runfleet.launch import names
from runfleet.launch.errors import LaunchError
from runfleet.launch.url_life import USUAL_LIFE
from runfleet.storage import Storage
from runfleet.storage.archives import files_below

_CONTAINER = "runfleet-container"
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class JobFiles:
    """
    Where the files of one job are in the storage.

    Parameters
    ----------
    storage
        The account's.
    container
        Holds them; made when the first one comes.
    job_id
        The job.
    """

    storage: Storage
    container: str
    job_id: str

    @classmethod
    def of(cls, storage: Storage, job: JobInfo) -> JobFiles | None:
        """Find the files of a job by what its metadata says; None for a job of somebody else."""
        study = names.study_of(job.metadata)
        container = names.container_name(study) if study else job.metadata.get(_CONTAINER)
        return cls(storage, container, job.id) if container else None

    @property
    def metadata(self) -> dict[str, str]:
        """What a new job has to remember, so that `of` finds its files."""
        return {_CONTAINER: self.container}

    def send(self, sources: Iterable[Path], folder: str = "") -> list[ResourceFile]:
        """
        Upload input files, and those in folders, for a task to find under the names they have here.

        What is in the storage already is not uploaded again.

        Parameters
        ----------
        sources
            Files and folders.
        folder
            Where the task finds them, if not in its working folder itself.

        Raises
        ------
        LaunchError
            If one is not there, or they are too many for a task.
        """
        files = [file for source in sources for file in _files_below(source.absolute())]
        if len(files) > _MOST_FILES:
            raise LaunchError(
                f"{len(files):,} input files are too many for one task",
                hint="put them into a zip file, and unpack it in the task's command",
            )
        if files:
            self.storage.create_container(self.container)
        return [self._send(file, f"{folder}/{name}".lstrip("/")) for file, name in files]

    def outputs(self, task_id: str, patterns: Iterable[str] = ()) -> list[OutputFile]:
        """Have the logs of a task, and files that match the patterns, uploaded when it ends."""
        self.storage.create_container(self.container)
        url = self.storage.container_url(self.container, life=USUAL_LIFE, write=True)
        folder = names.run_prefix(self.job_id, task_id).rstrip("/")
        return [
            names.output_file(pattern, url, folder) for pattern in (names.LOG_PATTERN, *patterns)
        ]

    def _send(self, file: Path, name: str) -> ResourceFile:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        blob = names.input_blob(digest, file.name)
        if not self.storage.exists(self.container, blob):
            self.storage.put_file(self.container, blob, file)
        url = self.storage.blob_url(self.container, blob, life=USUAL_LIFE)
        return ResourceFile(http_url=url, file_path=name)


def _files_below(source: Path) -> Iterator[tuple[Path, str]]:
    """Name a file as it is called, and files of a folder below the name of the folder."""
    if source.is_dir():
        for path in sorted(files_below(source)):
            yield path, path.relative_to(source.parent).as_posix()
    elif source.is_file():
        yield source, source.name
    else:
        raise LaunchError(f"there is no input file `{source}`", hint="check its name and folder")
