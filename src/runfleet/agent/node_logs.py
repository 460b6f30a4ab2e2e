"""What the agent did on each node, in a log of the node's own that clients can ask for."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runfleet.agent.messages import Ended, Execute, Subject

LOG_FILE = "volatile/agent.log"
EARLIER_LOG_FILE = "volatile/agent.1.log"

_DELAY = 0.05
_LARGEST_LOG = 10_000_000


@dataclass(frozen=True, slots=True)
class _Note:
    """Something that began or ended."""

    time: float
    node_root: str
    what: Execute | Ended


@dataclass(slots=True)
class NodeLogs:
    """
    The logs of all nodes, written a moment after what they tell.

    A short task thus costs two entries of a list, and a file is opened for many tasks together.

    Parameters
    ----------
    largest
        Beyond how many bytes a log is set aside, in place of the one that was before.
    """

    largest: int = _LARGEST_LOG
    _roots: dict[int, str] = field(default_factory=dict)
    _notes: list[_Note] = field(default_factory=list)
    _due: float | None = None

    def note_begin(self, message: Execute, now: float) -> None:
        """An execution begins; `now` is in seconds since the epoch."""
        self._roots[message.execution] = message.node_root
        self._note(_Note(now, message.node_root, message))

    def note_end(self, ended: Ended) -> None:
        """An execution is over."""
        root = self._roots.pop(ended.execution, None)
        if root is not None:
            self._note(_Note(ended.end_time, root, ended))

    def seconds_to_wait(self, now: float) -> float | None:
        """How long until something is to be written."""
        return None if self._due is None else max(0.0, self._due - now)

    def write_due(self, now: float) -> None:
        """Write what has waited long enough."""
        if self._due is not None and self._due <= now:
            self.write()

    def write(self) -> None:
        """Write all that waits; the log of a node that is gone goes with it."""
        notes, self._notes, self._due = self._notes, [], None
        lines: dict[str, list[str]] = defaultdict(list)
        for note in notes:
            lines[note.node_root].append(_line(note))
        for root, new_lines in lines.items():
            with contextlib.suppress(OSError):
                self._append(root, "".join(new_lines))

    def _note(self, note: _Note) -> None:
        self._notes.append(note)
        if self._due is None:
            self._due = note.time + _DELAY

    def _append(self, root: str, text: str) -> None:
        path = f"{root}/{LOG_FILE}"
        with open(path, "a", encoding="utf-8", opener=_open_at_once) as file:
            file.write(text)
            is_full = file.tell() > self.largest
        if is_full:
            os.replace(path, f"{root}/{EARLIER_LOG_FILE}")


def _open_at_once(path: str, flags: int) -> int:
    """Open a file, in whose place a task may have put a pipe that nobody reads."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)


def _line(note: _Note) -> str:
    time = datetime.fromtimestamp(note.time, UTC).isoformat(timespec="milliseconds")
    level = "WARNING" if isinstance(note.what, Ended) and note.what.failure else "INFO"
    return f"{time} {level} {_name(note.what.subject)} {_told(note.what)}\n"


def _name(subject: Subject) -> str:
    owner = f" {subject.job_id}/{subject.task_id}" if subject.job_id else ""
    return f"{subject.kind}{owner}"


def _told(what: Execute | Ended) -> str:
    if isinstance(what, Execute):
        return f"begins as execution {what.execution}"
    seconds = what.end_time - what.start_time
    how = f"code {what.exit_code}" if what.failure is None else what.failure.code
    return f"ends after {seconds:.3f} s by {what.ended_by}: {how}"
