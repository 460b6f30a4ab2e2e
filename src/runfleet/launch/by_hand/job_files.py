"""The files of a job that is made task by task: inputs on their way in, outputs and logs out."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runfleet.azure import JobInfo, OutputFile, ResourceFile
from runfleet.launch import names
from runfleet.launch.errors import LaunchError
from runfleet.launch.url_life import USUAL_LIFE
from runfleet.storage import Storage
from runfleet.storage.archives import files_below
from runfleet.storage.parallel import in_order

_CONTAINER = "runfleet-container"
_FOLDER = "runfleet-folder"
_TOKEN_BYTES = 4
_MOST_FILES = 100
_REQUESTS = 16


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
    folder
        Where in the container those of its tasks are, below that of all jobs; its id, in jobs of
        studies and of earlier versions.
    life
        How long nodes can reach them by the URLs that they are given.
    """

    storage: Storage
    container: str
    folder: str
    life: timedelta = USUAL_LIFE

    @classmethod
    def new(cls, storage: Storage, container: str, job_id: str) -> JobFiles:
        """Find a folder for a new job, apart from that of a deleted one of the same id."""
        return cls(storage, container, f"{job_id}-{secrets.token_hex(_TOKEN_BYTES)}")

    @classmethod
    def of(cls, storage: Storage, job: JobInfo) -> JobFiles:
        """
        Find the files of a job by what its metadata says.

        That of a job which was made elsewhere says nothing: its id and its age tell.
        """
        if study := names.study_of(job.metadata):
            return cls(storage, names.container_name(study), job.id)
        if container := job.metadata.get(_CONTAINER):
            return cls(storage, container, job.metadata.get(_FOLDER, job.id))
        return cls(storage, names.job_container_name(job.id), f"{job.id}-{age_mark(job)}")

    @property
    def metadata(self) -> dict[str, str]:
        """What a new job has to remember, so that `of` finds its files."""
        return {_CONTAINER: self.container, _FOLDER: self.folder}

    def send(self, sources: Iterable[Path | str], folder: str = "") -> list[ResourceFile]:
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
            If one is not there, two have the same name, or they are too many for a task.
        """
        files = _files_by_name(sources)
        if len(files) > _MOST_FILES:
            raise LaunchError(
                f"{len(files):,} input files are too many for one task",
                hint="put them into a zip file, and unpack it in the task's command",
            )
        hashes = {file: _hashed(file) for file in files.values()}
        blobs = {file: names.input_blob(digest, file.name) for file, digest in hashes.items()}
        self._upload(blobs, hashes)
        return [
            ResourceFile(http_url=self._url(blobs[file]), file_path=f"{folder}/{name}".lstrip("/"))
            for name, file in files.items()
        ]

    def outputs(self, task_id: str, patterns: Iterable[str] = ()) -> list[OutputFile]:
        """Have the logs of a task, and files that match the patterns, uploaded when it ends."""
        self.storage.create_container(self.container)
        url = self.storage.container_url(self.container, life=self.life, write=True)
        return list(names.output_files(self.folder, task_id, patterns, url))

    def _upload(self, blobs: Mapping[Path, str], hashes: Mapping[Path, str]) -> None:
        """Upload files, except those that are there: the names of blobs tell their content."""
        if not blobs:
            return
        self.storage.create_container(self.container)
        with ThreadPoolExecutor(_REQUESTS) as threads:
            there = list(in_order(threads, self._exists, blobs.values(), ahead=_REQUESTS))
        files = zip(blobs.items(), there, strict=True)
        self.storage.put_files(
            self.container,
            [(str(file), blob) for (file, blob), is_there in files if not is_there],
            sha256={blob: hashes[file] for file, blob in blobs.items()},
        )

    def _exists(self, blob: str) -> bool:
        return self.storage.exists(self.container, blob)

    def _url(self, blob: str) -> str:
        return self.storage.blob_url(self.container, blob, life=self.life)


def age_mark(job: JobInfo) -> str:
    """Tell a job from an earlier one of the same id, in digits."""
    return re.sub("[^0-9]", "", str(job.created))


def _hashed(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _files_by_name(sources: Iterable[Path | str]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for source in sources:
        for file, name in _files_below(_placed(Path(source))):
            twin = named.setdefault(name, file)
            if not twin.samefile(file):
                raise LaunchError(
                    f"`{twin}` and `{file}` would both be `{name}` for the task",
                    hint="rename one of them, or give the folders that they are in",
                )
    return named


def _placed(source: Path) -> Path:
    """Where a file or folder is, by its own name; `..` is none, and that of a link stays."""
    return source.resolve() if source.name == ".." else source.absolute()


def _files_below(source: Path) -> Iterator[tuple[Path, str]]:
    """Name a file as it is called, and files of a folder below the name of the folder."""
    if source.is_dir():
        for path in sorted(files_below(source)):
            yield path, path.relative_to(source.parent).as_posix()
    elif source.is_file():
        yield source, source.name
    else:
        raise LaunchError(f"there is no input file `{source}`", hint="check its name and folder")
