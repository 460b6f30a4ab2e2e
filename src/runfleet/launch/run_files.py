"""The files that runs have left: in the storage, or collected in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Protocol

from runfleet.azure import TaskInfo
from runfleet.launch import names
from runfleet.launch.any_case import in_any_case
from runfleet.launch.failures import (
    FailedRun,
    FailureKind,
    batch_message,
    coded_message,
    kind_of,
    was_lost,
)
from runfleet.launch.last_words import error_line, last_line, one_line, reason
from runfleet.launch.scripts import EXIT_NOT_STAGED, EXIT_OUTPUT_MISSING, NOT_STAGED
from runfleet.launch.windows_exits import meaning_of, missing_library
from runfleet.program_text import decoded
from runfleet.storage import BlobNotFoundError, Storage

_LOG_BYTES = 1 << 16
_OUR_WORDS = ("runfleet: the required output", NOT_STAGED)


@dataclass(frozen=True, slots=True)
class LogEnd:
    """
    The end of what a run wrote.

    Parameters
    ----------
    content
        The last bytes.
    left_out
        How many bytes stand before them.
    """

    content: bytes
    left_out: int = 0

    def last_lines(self, count: int) -> LogEnd:
        """Leave out all but the last lines, and a line whose beginning is left out already."""
        lines = self.content.splitlines(keepends=True)
        kept = lines[1:] if self.left_out and len(lines) > 1 else lines
        content = b"".join(kept[-count:])
        return LogEnd(content, self.left_out + len(self.content) - len(content))


class RunFiles(Protocol):
    """Reads the files of runs."""

    def read(self, job_id: str, run: str, file: str) -> bytes | None:
        """Read a file of a run; None if it has none of that name."""
        ...


@dataclass(frozen=True)
class CollectedFiles:
    """
    Files of runs in a folder, a folder a run.

    Parameters
    ----------
    folder
        Where the folders are.
    ignores_case
        Whether a file is found in any case, as where the runs wrote it: on Windows.
    """

    folder: Path
    ignores_case: bool = False

    def read(self, job_id: str, run: str, file: str) -> bytes | None:
        """Read a file of a run; None if it has none of that name."""
        del job_id  # a folder holds one study as it is now
        try:
            return (self.folder / run / file).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return self._read_in_any_case(run, file) if self.ignores_case else None

    def _read_in_any_case(self, run: str, file: str) -> bytes | None:
        found = (self.folder / run).glob(in_any_case(escape(file)))
        return next((path.read_bytes() for path in found if path.is_file()), None)


@dataclass(frozen=True)
class StoredFiles:
    """
    Files of runs in the storage.

    Parameters
    ----------
    storage, container
        Where.
    ignores_case
        Whether a file is found in any case, as where the runs wrote it: on Windows.
    """

    storage: Storage
    container: str
    ignores_case: bool = False

    def read(self, job_id: str, run: str, file: str) -> bytes | None:
        """Read a file of a run; None if it has none of that name."""
        prefix = names.run_prefix(job_id, run)
        content = self._read(prefix + file)
        if content is None and self.ignores_case:
            found = (name for name in self.names(job_id, run) if name.lower() == file.lower())
            content = next((self._read(prefix + name) for name in found), None)
        return content

    def read_part(self, job_id: str, run: str, file: str, offset: int, length: int) -> bytes | None:
        """Read a part of a file, of at most so many bytes; None if it is not there."""
        return self._read(names.run_prefix(job_id, run) + file, offset=offset, length=length)

    def read_end(self, job_id: str, run: str, file: str, length: int = _LOG_BYTES) -> LogEnd:
        """Read the end of a file; nothing if it is not there."""
        return self.find_end(job_id, run, file, length) or LogEnd(b"")

    def find_end(self, job_id: str, run: str, file: str, length: int) -> LogEnd | None:
        """Read the end of a file; None if it is not there."""
        blob = names.run_prefix(job_id, run) + file
        content = self._read(blob, length=length)
        if content is None or len(content) < length:
            return None if content is None else LogEnd(content)
        left_out = self._size(blob) - length
        if left_out <= 0:
            return LogEnd(content)
        return LogEnd(self._read(blob, offset=left_out) or b"", left_out)

    def names(self, job_id: str, run: str) -> Iterator[str]:
        """List the files of a run, those of its logs included."""
        prefix = names.run_prefix(job_id, run)
        blobs = self.storage.list_blobs(self.container, prefix)
        return (blob.name.removeprefix(prefix) for blob in blobs)

    def failed_run(self, job_id: str, task: TaskInfo) -> FailedRun:
        """Tell why a run failed, with what it said last."""
        if not is_told_by_run(task):
            return FailedRun(task.id, kind_of(task), batch_message(task), task.exit_code)
        stderr, stdout = (self._end(job_id, task, file) for file in (names.STDERR, names.STDOUT))
        kind = FailureKind.DELIVERY if _was_not_staged(task, stderr) else FailureKind.MODEL
        return FailedRun(task.id, kind, failure_message(task, stderr, stdout), task.exit_code)

    def was_lost(self, job_id: str, task: TaskInfo) -> bool:
        """Tell whether a failed run failed of its machine, or of files that could not be moved."""
        if task.exit_code == EXIT_NOT_STAGED:
            return _was_not_staged(task, self._end(job_id, task, names.STDERR))
        return was_lost(task)

    def _end(self, job_id: str, task: TaskInfo, file: str) -> str:
        return decoded(self.read_end(job_id, task.id, file).content)

    def _size(self, blob: str) -> int:
        """Tell how long a blob is; 0 if it was deleted meanwhile."""
        found = self.storage.list_blobs(self.container, blob)
        return next((one.size for one in found if one.name == blob), 0)

    def _read(self, blob: str, *, offset: int = 0, length: int | None = None) -> bytes | None:
        try:
            return self.storage.get_bytes(self.container, blob, offset=offset, length=length)
        except BlobNotFoundError:
            return None


def is_told_by_run(task: TaskInfo) -> bool:
    """Tell whether what the run wrote says more of a failure than what Batch says."""
    return task.exit_code is not None and kind_of(task) is FailureKind.MODEL


def failure_message(task: TaskInfo, stderr: str, stdout: str) -> str:
    """
    Say in one line why a run failed.

    Parameters
    ----------
    task
        What Batch says of it.
    stderr, stdout
        The end of what it wrote; many old programs write their errors to stdout.
    """
    exit_code = task.exit_code
    if exit_code is None or not is_told_by_run(task):
        return batch_message(task)
    ours, said = _parted(stderr)
    told = error_line(said) or error_line(stdout)
    if _was_not_staged(task, stderr):
        return _joined(batch_message(task), ": ", last_line(said))
    if exit_code == EXIT_OUTPUT_MISSING and ours:
        return one_line(_joined(ours, "; before that: ", told))
    if (meaning := meaning_of(exit_code)) is not None:
        # Windows ended the program; what it had said before may tell why, and need not.
        return _joined(meaning, ": ", missing_library(stderr) or told)
    return reason(stderr, stdout) or coded_message(exit_code)


def _was_not_staged(task: TaskInfo, stderr: str) -> bool:
    """A model may have the exit code, too; it does not say that its inputs are not there."""
    return task.exit_code == EXIT_NOT_STAGED and NOT_STAGED in stderr


def _parted(stderr: str) -> tuple[str, str]:
    """Part what our script said last from all that the model said."""
    ours, said = "", []
    for line in stderr.splitlines():
        if line.startswith(_OUR_WORDS):
            ours = line
        else:
            said.append(line)
    return ours, "\n".join(said)


def _joined(what: str, separator: str, detail: str | None) -> str:
    return f"{what}{separator}{detail}" if detail else what
