"""What the tasks of a calibration write, as they write it and after they have ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from runfleet.azure import AzureBatch, ConflictError, NotFoundError
from runfleet.launch.grouping import normalised
from runfleet.launch.last_words import error_line, printable
from runfleet.launch.run_files import StoredFiles
from runfleet.study.text_files import decoded

_LAST_LINES = 12
_MOST_LINES = 2000
_LONGEST_LINE = 200
_LEAST_SHARE = 0.3
_MOST_BYTES = 32 << 20


@dataclass
class Logs:
    """
    Reads text files of the tasks of one job, each byte of them once.

    Parameters
    ----------
    batch
        The account, which reads from the nodes.
    files
        What the tasks have left in the storage.
    job_id
        The job.
    """

    batch: AzureBatch
    files: StoredFiles
    job_id: str
    _read: dict[tuple[str, str], bytearray] = field(default_factory=dict)

    def read(self, task_id: str, path: str) -> str:
        """
        Read a text file of a running task as far as it is by now.

        Parameters
        ----------
        task_id
            The task.
        path
            Relative to the task's folder: `stdout.txt`, `wd/case.rec`.
        """
        content = self._read.setdefault((task_id, path), bytearray())
        if len(content) < _MOST_BYTES:
            content += self._more(task_id, path, len(content))
        return _plain(bytes(content))

    def read_on(self, task_id: str, path: str) -> str:
        """Read what has come to a text file of a running task since the last time."""
        known = len(self._read.get((task_id, path), b""))
        self.read(task_id, path)
        return decoded(bytes(self._read[task_id, path][known:]))

    def read_ended(self, task_id: str, path: str) -> str:
        """Read a text file of a task that has ended: what it has left, or else was read before."""
        stored = self.files.read(self.job_id, task_id, path.removeprefix("wd/"))
        if stored is not None:
            return _plain(stored)
        return self.read(task_id, path)

    def forget(self, task_id: str) -> None:
        """Read the files of a task from their beginning again: it was started again."""
        for key in [key for key in self._read if key[0] == task_id]:
            del self._read[key]

    def last_lines(self, task_id: str) -> str:
        """Give the last lines that a task has written, and what it said of an error before."""
        stdout, stderr = (self.read_ended(task_id, f"std{name}.txt") for name in ("out", "err"))
        last = _last(stderr)
        # Behind the one line that tells, programs of Fortran list the addresses where they were.
        told = (error_line(stderr) or "").strip()[:_LONGEST_LINE]
        return "\n".join([*_last(stdout), *([told] if told and told not in last else []), *last])

    def _more(self, task_id: str, path: str, offset: int) -> bytes:
        try:
            return self.batch.task_file(self.job_id, task_id, path, offset=offset)
        except (NotFoundError, ConflictError):  # it is not there yet, or not any more
            return b""


def _plain(content: bytes) -> str:
    """Decode what a program wrote, without what it meant for a terminal."""
    return printable(decoded(content)).replace("\r\n", "\n")


def _last(text: str) -> list[str]:
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines()]
    told = [line[:_LONGEST_LINE] for line in lines[-_MOST_LINES:] if _is_told(line)]
    # Lines of progress are the same again and again, but for their figures.
    newest = [list(alike)[-1] for _, alike in groupby(told, normalised)]
    return newest[-_LAST_LINES:]


def _is_told(line: str) -> bool:
    """Whether a line says something: programs draw pictures of their emblems, and rules."""
    letters = sum(character.isalnum() for character in line)
    return letters > _LEAST_SHARE * len(line.replace(" ", ""))
