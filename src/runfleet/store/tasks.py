"""The table of tasks, the only one that grows large."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from msgspec.json import Decoder

from runfleet.batch.filters import Filter
from runfleet.batch.records import Subtask, Task, TaskCounts
from runfleet.batch.states import TaskResult, TaskState
from runfleet.store.dead_jobs import find_dead_jobs
from runfleet.store.filters import ended_from, where
from runfleet.store.instants import instant, microseconds
from runfleet.store.task_rows import COLUMNS, INSERT, UPDATE, changing_values, fixed_values, task_of

_WITH_BODY = f"SELECT {COLUMNS}, body FROM tasks JOIN bodies USING (sequence)"
_WITHOUT_BODY = f"SELECT {COLUMNS}, NULL FROM tasks"
_TABLES = ("tasks", "bodies", "subtasks")
_SUBTASKS = Decoder(list[Subtask])
_AHEAD = 16
_MOST_AHEAD = 64
_FEW = 1_000
_EXPIRY = "end_time + retention_time"


@dataclass(frozen=True, slots=True)
class StoredTask:
    """
    A task with what its client asked for.

    Parameters
    ----------
    task
        The task.
    body
        The request's JSON; None where it was not read.
    """

    task: Task
    body: bytes | None


class TaskTable:
    """
    The tasks of all jobs, each job known by its number.

    Parameters
    ----------
    connection
        The store's.
    begin
        Begins a transaction unless one is under way.
    """

    def __init__(self, connection: sqlite3.Connection, begin: Callable[[], None]) -> None:
        self._connection = connection
        self._begin = begin
        self._unsaved: dict[int, Task] = {}
        self._bodies_ahead: dict[int, bytes] = {}
        (last,) = connection.execute(
            "SELECT coalesce(max(used), 0) FROM"
            " (SELECT max(sequence) AS used FROM tasks UNION ALL SELECT up_to FROM used_sequences)"
        ).fetchone()
        self._last_sequence: int = last

    def next_sequence(self) -> int:
        """A number for a new task, larger than all before."""
        self._last_sequence += 1
        return self._last_sequence

    def existing(self, job: int, task_ids: Sequence[str]) -> set[str]:
        """Which of these ids the job has already, in lower case."""
        keys = [task_id.lower() for task_id in task_ids]
        marks = ", ".join("?" * len(keys))
        rows = self._connection.execute(
            f"SELECT key FROM tasks WHERE job = ? AND key IN ({marks})",
            (job, *keys),
        )
        return {key for (key,) in rows}

    def with_files(self, job: int, node_id: str, task_ids: Sequence[str]) -> set[str]:
        """Which of these ids, in lower case, are those of tasks whose files a node is to keep."""
        rows = self._read(
            "SELECT key FROM tasks WHERE job = ? AND files_removed = 0"
            " AND (node_id = ? OR instances > 0) AND key IN (SELECT value FROM json_each(?))",
            (job, node_id, orjson.dumps([task_id.lower() for task_id in task_ids]).decode()),
        )
        return {key for (key,) in rows}

    def add(self, job: int, added: Sequence[StoredTask]) -> None:
        """Insert new tasks."""
        self._begin()
        self._connection.executemany(
            INSERT,
            [fixed_values(job, stored.task) + changing_values(stored.task) for stored in added],
        )
        self._connection.executemany(
            "INSERT INTO bodies VALUES (?, ?)",
            [(stored.task.sequence, stored.body) for stored in added],
        )

    def save(self, task: Task) -> None:
        """
        Update a task, as it is when it is next read or committed; a deleted one stays so.

        A short task changes twice within a moment, and is written once.
        """
        self._unsaved[task.sequence] = task

    @property
    def is_dirty(self) -> bool:
        """Whether changes of tasks wait to be written."""
        return bool(self._unsaved)

    def write(self) -> None:
        """Write the changes that wait."""
        if self._unsaved:
            self._begin()
            rows = [(*changing_values(task), task.sequence) for task in self._unsaved.values()]
            self._connection.executemany(UPDATE, rows)
            self._unsaved.clear()

    def _read(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        self.write()
        return self._connection.execute(statement, values)

    def save_body(self, sequence: int, body: bytes) -> None:
        """Replace what a task's client asked for."""
        self._begin()
        self._bodies_ahead.pop(sequence, None)
        values = (body, sequence)
        self._connection.execute("UPDATE bodies SET body = ? WHERE sequence = ?", values)

    def forget(self, task: Task) -> None:
        """Delete a task."""
        self._unsaved.pop(task.sequence, None)
        self._begin()
        self._delete([(task.sequence,)])

    def _delete(self, sequences: Sequence[tuple[int]]) -> None:
        # The last task may be among them, and its sequence shall not come again.
        values = (self._last_sequence,)
        self._connection.execute("INSERT OR REPLACE INTO used_sequences VALUES (1, ?)", values)
        for table in _TABLES:
            self._connection.executemany(f"DELETE FROM {table} WHERE sequence = ?", sequences)

    def body(self, sequence: int) -> bytes:
        """What a task's client asked for."""
        if sequence not in self._bodies_ahead:
            self._read_bodies(sequence)
        return self._bodies_ahead.pop(sequence)

    def _read_bodies(self, sequence: int) -> None:
        """Read the next bodies with this one: tasks begin in nearly the order they came in."""
        if len(self._bodies_ahead) > _MOST_AHEAD:
            self._bodies_ahead.clear()
        rows = self._connection.execute(
            "SELECT sequence, body FROM bodies WHERE sequence >= ? ORDER BY sequence LIMIT ?",
            (sequence, _AHEAD),
        )
        self._bodies_ahead.update(rows)

    def save_subtasks(self, task: Task, subtasks: Sequence[Subtask]) -> None:
        """Replace the subtasks of a task, which has not been deleted; none of them forgets all."""
        self._begin()
        if subtasks:
            values = (task.sequence, orjson.dumps(subtasks))
            self._connection.execute("INSERT OR REPLACE INTO subtasks VALUES (?, ?)", values)
        else:
            statement = "DELETE FROM subtasks WHERE sequence = ?"
            self._connection.execute(statement, (task.sequence,))

    def subtasks(self, task: Task) -> list[Subtask]:
        """The subtasks of a task, in order; none where it has none, or has not begun."""
        if not task.instances:
            return []
        statement = "SELECT records FROM subtasks WHERE sequence = ?"
        row = self._connection.execute(statement, (task.sequence,)).fetchone()
        return [] if row is None else _SUBTASKS.decode(row[0])

    def find(self, job: int, task_id: str) -> StoredTask | None:
        """The task of that id."""
        rows = self._read(f"{_WITH_BODY} WHERE job = ? AND key = ?", (job, task_id.lower()))
        row = rows.fetchone()
        return None if row is None else _stored(row)

    def page(
        self,
        job: int,
        condition: Filter | None,
        *,
        after: int,
        limit: int,
        with_bodies: bool = True,
    ) -> list[StoredTask]:
        """Up to `limit` tasks that meet a condition, in order, beginning after a sequence."""
        text, values = self._where(job, condition)
        rows = self._read(
            f"{_WITH_BODY if with_bodies else _WITHOUT_BODY}"
            f" WHERE job = ? AND sequence > ? AND ({text}) ORDER BY sequence LIMIT ?",
            (job, after, *values, limit),
        )
        return [_stored(row) for row in rows]

    def _where(self, job: int, condition: Filter | None) -> tuple[str, list[Any]]:
        """A condition in SQL, which names the tasks where few have ended since its moment."""
        if condition is None:
            return "1", []
        text, values = where(condition)
        moment = ended_from(condition)
        if moment is None:
            return text, values
        rows = self._read(
            "SELECT sequence FROM tasks WHERE job = ? AND end_time >= ? LIMIT ?",
            (job, microseconds(moment), _FEW + 1),
        ).fetchall()
        if len(rows) > _FEW:
            return text, values
        sequences = orjson.dumps([sequence for (sequence,) in rows]).decode()
        return f"sequence IN (SELECT value FROM json_each(?)) AND {text}", [sequences, *values]

    def waiting(self, job: int, *, after: int, limit: int) -> list[Task]:
        """Up to `limit` active tasks that are not blocked, in order, beginning after a sequence."""
        rows = self._read(
            f"SELECT {COLUMNS} FROM tasks"
            " WHERE job = ? AND state = 'active' AND unmet = 0 AND sequence > ?"
            " ORDER BY sequence LIMIT ?",
            (job, after, limit),
        )
        return [task_of(row) for row in rows]

    def ready(self, sequences: Sequence[int]) -> list[Task]:
        """Which of these tasks are active and not blocked, in order."""
        rows = self._read(
            f"SELECT {COLUMNS} FROM tasks WHERE sequence IN (SELECT value FROM json_each(?))"
            " AND state = 'active' AND unmet = 0 ORDER BY sequence",
            (orjson.dumps(sequences).decode(),),
        )
        return [task_of(row) for row in rows]

    def interrupted(self, jobs: Iterable[int]) -> Iterator[Task]:
        """The tasks of these jobs that were with a node when the emulator was killed."""
        for job in jobs:
            rows = self._read(
                f"SELECT {COLUMNS} FROM tasks WHERE job = ? AND state IN ('running', 'preparing')",
                (job,),
            ).fetchall()
            yield from (task_of(row) for row in rows)

    def ended_on(self, nodes: Mapping[str, datetime]) -> list[Task]:
        """The tasks that have ended on nodes since a moment for each, by when that was known."""
        if not nodes:
            return []
        since = orjson.dumps({node: microseconds(moment) for node, moment in nodes.items()})
        rows = self._read(
            "WITH nodes AS MATERIALIZED (SELECT key, value FROM json_each(?))"
            f" SELECT {COLUMNS} FROM tasks CROSS JOIN nodes ON nodes.key = tasks.node_id"
            " WHERE tasks.state_time > ? AND tasks.end_time IS NOT NULL"
            " AND tasks.state_time > nodes.value ORDER BY tasks.state_time",
            (since.decode(), microseconds(min(nodes.values()))),
        )
        return [task_of(row) for row in rows]

    def counts(self, job: int) -> tuple[TaskCounts, TaskCounts]:
        """How many tasks of a job are in each state, and the slots that they need."""
        tasks, slots = TaskCounts(), TaskCounts()
        rows = self._read(
            "SELECT state, result, unmet > 0, count(*), sum(required_slots) FROM tasks"
            " WHERE job = ? GROUP BY state, result, unmet > 0",
            (job,),
        )
        for state, result, is_blocked, count, slot_sum in rows:
            for name in _counted_as(state, result, is_blocked=is_blocked):
                setattr(tasks, name, getattr(tasks, name) + count)
                setattr(slots, name, getattr(slots, name) + slot_sum)
        return tasks, slots

    def next_expiry(self) -> datetime | None:
        """When the retention of the files of some task ends next."""
        (value,) = self._read(
            f"SELECT min({_EXPIRY}) FROM tasks WHERE end_time IS NOT NULL AND files_removed = 0"
        ).fetchone()
        return instant(value)

    def expired(self, now: datetime, limit: int) -> list[Task]:
        """Completed tasks whose files need not be kept any longer."""
        rows = self._read(
            f"SELECT {COLUMNS} FROM tasks WHERE end_time IS NOT NULL AND files_removed = 0"
            f" AND {_EXPIRY} <= ? ORDER BY {_EXPIRY} LIMIT ?",
            (microseconds(now), limit),
        )
        return [task_of(row) for row in rows]

    def purge(self, living_jobs: Sequence[int], limit: int) -> bool:
        """Delete up to `limit` tasks of jobs that are gone; whether there may be more."""
        jobs = find_dead_jobs(self._connection, "tasks", living_jobs, limit)
        rows = self._read(
            "SELECT sequence FROM tasks WHERE job IN (SELECT value FROM json_each(?)) LIMIT ?",
            (orjson.dumps(jobs).decode(), limit),
        ).fetchall()
        if rows:
            self._begin()
            self._delete(rows)
        return len(rows) == limit


def _counted_as(state: str, result: str | None, *, is_blocked: bool) -> tuple[str, ...]:
    if state == TaskState.COMPLETED:
        return ("succeeded",) if result == TaskResult.SUCCESS else ("failed",)
    if state == TaskState.ACTIVE:
        return ("active", "blocked") if is_blocked else ("active",)
    return ("running",)


def _stored(row: Sequence[Any]) -> StoredTask:
    return StoredTask(task_of(row), row[-1])
