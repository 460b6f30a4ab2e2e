"""What the tasks of a calibration write, as they write it and after they have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from runfleet.azure import AzureBatch
from runfleet.launch import names
from runfleet.launch.grouping import normalised
from runfleet.launch.last_words import error_line, printable
from runfleet.launch.node_files import NodeFiles
from runfleet.launch.run_files import StoredFiles
from runfleet.program_text import GrowingText, decoded

_LAST_LINES = 12
_MOST_LINES = 2000
_LONGEST_LINE = 200
_LEAST_SHARE = 0.3
_HEAD_BYTES = 64 << 10
_TAIL_BYTES = 256 << 10
_PIECE_BYTES = 4 << 20


@dataclass
class _Followed:
    """A file that is followed: how far, and what it ended with when it was last looked at."""

    offset: int = 0
    text: GrowingText = field(default_factory=GrowingText)
    tail: bytes = b""

    def take(self, piece: bytes) -> str:
        self.offset += len(piece)
        self.tail = (self.tail + piece)[-_TAIL_BYTES:]
        return self.text.feed(piece)


@dataclass
class Logs:
    """
    Reads text files of the tasks of one job, however long they grow.

    A file that is followed is read once, in pieces of 4 MB at most, of which none is kept; of
    others the first 64 kB or the last 256 kB are read.

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
    _followed: dict[tuple[str, str], _Followed] = field(default_factory=dict)

    def head(self, task_id: str, path: str) -> str:
        """
        Read the beginning of a text file of a running task.

        Parameters
        ----------
        task_id
            The task.
        path
            Relative to the task's folder: `stdout.txt`, `wd/case.rec`.
        """
        return _plain(self._on_node(task_id, path, 0, _HEAD_BYTES) or b"")

    def read_on(self, task_id: str, path: str) -> Iterator[str]:
        """Read what has come to a text file of a running task since the last time, in pieces."""
        return self._news(task_id, path, self._on_node)

    def read_rest(self, task_id: str, path: str) -> Iterator[str]:
        """Read what a task that has ended wrote since the last time, from what it has left."""
        return self._news(task_id, path, self._left)

    def tail(self, task_id: str, path: str) -> str:
        """
        Read the end of a text file in a task's folder itself.

        It comes from what the task has left, or else from its node; where that is gone, it is what
        was read before.
        """
        known = self._followed.get((task_id, path), _Followed()).tail
        stored = self.files.find_end(self.job_id, task_id, path, _TAIL_BYTES)
        if stored is not None:
            return _plain(stored.content)
        return _plain(self._end_on_node(task_id, path) or known)

    def forget(self, task_id: str) -> None:
        """Read the files of a task from their beginning again: it was started again."""
        for key in [key for key in self._followed if key[0] == task_id]:
            del self._followed[key]

    def last_lines(self, task_id: str) -> str:
        """Give the last lines that a task has written, and what it said of an error before."""
        stdout, stderr = (self.tail(task_id, log) for log in names.LOGS)
        last = _last(stderr)
        # Behind the one line that tells, programs of Fortran list the addresses where they were.
        told = (error_line(stderr) or "").strip()[:_LONGEST_LINE]
        return "\n".join([*_last(stdout), *([told] if told and told not in last else []), *last])

    def _news(
        self, task_id: str, path: str, source: Callable[[str, str, int, int], bytes | None]
    ) -> Iterator[str]:
        file = self._followed.setdefault((task_id, path), _Followed())
        while piece := source(task_id, path, file.offset, _PIECE_BYTES):
            yield file.take(piece)
            if len(piece) < _PIECE_BYTES:
                return

    def _left(self, task_id: str, path: str, offset: int, length: int) -> bytes | None:
        name = path.removeprefix("wd/")
        stored = self.files.read_part(self.job_id, task_id, name, offset, length)
        return self._on_node(task_id, path, offset, length) if stored is None else stored

    def _on_node(self, task_id: str, path: str, offset: int, length: int) -> bytes | None:
        return self._nodes.read(self.job_id, task_id, path, offset=offset, length=length)

    def _end_on_node(self, task_id: str, path: str) -> bytes | None:
        size = self._nodes.size(self.job_id, task_id, path) or 0
        return self._on_node(task_id, path, max(0, size - _TAIL_BYTES), _TAIL_BYTES)

    @property
    def _nodes(self) -> NodeFiles:
        return NodeFiles(self.batch)


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
