"""What a study's jobs, containers and blobs are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from runfleet.azure.settings import OutputFile

STDOUT, STDERR = "stdout.txt", "stderr.txt"
LOGS = (STDOUT, STDERR)
"""What a task writes is in these files: on its node in its folder, in the storage in its own."""

_LOG_PATTERN = "../std*.txt"
"""The output file pattern for them, as they lie above the task's working folder."""

STUDY_KEY = "runfleet-study"
"""Names, in the metadata of a job, the study that made it."""

RECORD_BLOB = "study.json"

INPUTS = "inputs/"
"""Begins the names of the blobs of all shared inputs."""

_REFUSED = re.compile(r"[^a-z0-9]+")
_ESCAPED = re.compile(r"\[([^\]])\]")
_WILDCARD = re.compile(r"[*?\[]")
_LETTER = re.compile("[A-Za-z]")
_VARIABLE_SIGNS = frozenset("$%")
_LATER_GENERATION = re.compile(r"--\d+$")
_LONGEST_SLUG = 50


def container_name(study: str) -> str:
    """
    Name the container of a study.

    A name that Azure Storage would not take is changed, and gets a hash so that no two studies
    meet in one container.
    """
    return _container_name("study", study)


def job_container_name(job: str) -> str:
    """Name the container of a job that is made by hand, which no study of its name shares."""
    return _container_name("job", job)


def _container_name(kind: str, name: str) -> str:
    slug = _REFUSED.sub("-", name.lower()).strip("-")[:_LONGEST_SLUG].rstrip("-")
    if slug == name:
        return f"{kind}-{slug}"
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{kind}-{slug}-{mark}" if slug else f"{kind}-{mark}"


def job_id(study: str, number: int) -> str:
    """Name the job of a study's generation; the first one is called as the study."""
    return study if number == 1 else f"{study}--{number}"


def is_job_of(job: str, study: str) -> bool:
    """Tell whether a job may be one of a study, by how `job_id` names them."""
    return study in (job, study_by_job(job))


def study_by_job(job: str) -> str:
    """Name the study that a job is called after."""
    return _LATER_GENERATION.sub("", job)


def job_metadata(study: str, number: int) -> dict[str, str]:
    """Say in the metadata of a job which study made it, and for which of its generations."""
    return {STUDY_KEY: study, "runfleet-generation": str(number)}


def study_of(metadata: Mapping[str, str]) -> str | None:
    """Name the study that made a job with such metadata, if one did."""
    return metadata.get(STUDY_KEY)


def input_blob(digest: str, file_name: str) -> str:
    """Name the blob of a shared input by its content."""
    return f"{INPUTS}{digest}/{file_name}"


def bundle(digest: str) -> str:
    """Begin the names of the blobs of shared inputs that nodes fetch together."""
    return f"{INPUTS}{digest}"


def script_blob(digest: str) -> str:
    """Name the blob of a batch file by its content."""
    return f"scripts/{digest}"


def overlay_blob(digest: str) -> str:
    """Name the blob of a rendered overlay by its content."""
    return f"overlays/{digest[:2]}/{digest}"


def manifest_blob(job: str) -> str:
    """Name the blob that lists the runs of a generation."""
    return f"generations/{job}.txt"


def design_table_blob(design: str) -> str:
    """Name the blob of the table of a design, by the hash of the design."""
    return f"designs/{design}.csv"


def outdated_blob(job: str, digest: str) -> str:
    """Name the blob that lists the tasks of a generation that no longer count."""
    return f"generations/{job}-outdated-{digest[:16]}.txt"


def runs_prefix(job: str) -> str:
    """Begin the names of all blobs that the tasks of a job upload."""
    return f"runs/{job}/"


def run_prefix(job: str, run: str) -> str:
    """Begin the names of the blobs that one task uploads."""
    return f"runs/{job}/{run}/"


def output_files(
    job: str, run: str, patterns: Iterable[str], container_url: str, *, as_on_disk: bool = False
) -> Iterator[OutputFile]:
    """
    Say where the logs of a run go, and the files that match the patterns.

    Where names are found in any case, files may go there by the names that they have on the disk.
    """
    folder = run_prefix(job, run).rstrip("/")
    for pattern in (_LOG_PATTERN, *patterns):
        spelled = in_either_case(pattern) if as_on_disk else pattern
        yield output_file(spelled, container_url, folder)


def in_either_case(pattern: str) -> str:
    """
    Write a pattern so that Batch takes the names of its files from the disk.

    What stands before the first wildcard Batch does not look up: so the first letter becomes one.
    Variables are left alone, for their values have letters of their own.
    """
    letter = _LETTER.search(_ESCAPED.sub("...", _fixed_part(pattern)))
    if letter is None or not _VARIABLE_SIGNS.isdisjoint(pattern) or pattern.startswith("../"):
        return pattern
    either = f"[{letter[0].lower()}{letter[0].upper()}]"
    return pattern[: letter.start()] + either + pattern[letter.end() :]


def output_file(pattern: str, container_url: str, run_folder: str) -> OutputFile:
    """
    Say where the files of a pattern go: to the same place below `run_folder` as in the run's own.

    Batch drops the part of the path before the first wildcard, so it is put in front again; for a
    pattern without wildcards it wants the whole name of the blob.  A set of one character, as in
    `[*]`, is that character.
    """
    kept = pattern.removeprefix("./")
    fixed = _ESCAPED.sub(r"\1", _fixed_part(kept))
    if kept.startswith(("/", "../")):
        fixed = "" if _fixed_part(kept) != kept else kept.rpartition("/")[2]
    return OutputFile(kept, container_url, f"{run_folder}/{fixed}" if fixed else run_folder)


def _fixed_part(pattern: str) -> str:
    """The folders before the first wildcard, or all of a pattern that has none."""
    wildcard = _WILDCARD.search(_ESCAPED.sub("...", pattern))
    return pattern[: wildcard.start()].rpartition("/")[0] if wildcard else pattern
