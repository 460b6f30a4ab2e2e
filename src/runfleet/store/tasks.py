"""The table of tasks, the only one that grows large."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import TypeAdapter

from runfleet.batch.filters import Filter
from runfleet.batch.records import Failure, Subtask, Task, TaskCounts
from runfleet.batch.specs import ExitConditions
from runfleet.batch.states import ErrorCategory, TaskResult, TaskState
from runfleet.store.filters import EPOCH, instant, microseconds, where

TASK_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (
    sequence INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    key TEXT NOT NULL,
    job_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    creation_time INTEGER NOT NULL,
    last_modified INTEGER NOT NULL,
    state_time INTEGER NOT NULL,
    required_slots INTEGER NOT NULL,
    max_task_retry_count INTEGER NOT NULL,
    retention_time INTEGER NOT NULL,
    state TEXT NOT NULL,
    previous_state TEXT,
    previous_state_time INTEGER,
    start_time INTEGER,
    end_time INTEGER,
    exit_code INTEGER,
    result TEXT,
    failure BLOB,
    retry_count INTEGER NOT NULL,
    last_retry_time INTEGER,
    requeue_count INTEGER NOT NULL,
    last_requeue_time INTEGER,
    pool_id TEXT,
    node_id TEXT,
    files_removed INTEGER NOT NULL,
    instances INTEGER NOT NULL DEFAULT 0,
    exit_conditions BLOB,
    unmet INTEGER NOT NULL DEFAULT 0,
    preferred_node TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS tasks_by_id ON tasks (job, key);
CREATE UNIQUE INDEX IF NOT EXISTS tasks_in_order ON tasks (job, sequence);
CREATE INDEX IF NOT EXISTS tasks_by_state ON tasks (job, state, sequence);
CREATE INDEX IF NOT EXISTS waiting_tasks ON tasks (job, sequence)
    WHERE state = 'active' AND unmet = 0;
CREATE INDEX IF NOT EXISTS failed_tasks ON tasks (job, sequence) WHERE result = 'failure';
CREATE INDEX IF NOT EXISTS expiring_tasks ON tasks (end_time + retention_time)
    WHERE end_time IS NOT NULL AND files_removed = 0;
CREATE TABLE IF NOT EXISTS bodies (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS subtasks (sequence INTEGER PRIMARY KEY, records BLOB NOT NULL);
"""

# What a store of an earlier version lacks.
_LATER_COLUMNS = {
    "instances": "INTEGER NOT NULL DEFAULT 0",
    "exit_conditions": "BLOB",
    "unmet": "INTEGER NOT NULL DEFAULT 0",
    "preferred_node": "TEXT",
}

# Those that never change come first, so that an update leaves them out.
_FIXED = (
    "sequence",
    "job",
    "key",
    "job_id",
    "task_id",
    "creation_time",
    "required_slots",
    "instances",
    "exit_conditions",
    "preferred_node",
)
_CHANGING = (
    "last_modified",
    "state_time",
    "max_task_retry_count",
    "retention_time",
    "state",
    "previous_state",
    "previous_state_time",
    "start_time",
    "end_time",
    "exit_code",
    "result",
    "failure",
    "retry_count",
    "last_retry_time",
    "requeue_count",
    "last_requeue_time",
    "pool_id",
    "node_id",
    "files_removed",
)
# How many parents a task waits for is changed by their ends alone, see `store.dependencies`.
_COLUMNS = ", ".join(f"tasks.{name}" for name in (*_FIXED, *_CHANGING, "unmet"))
_INSERT = (
    f"INSERT INTO tasks ({', '.join(_FIXED + _CHANGING)})"
    f" VALUES ({', '.join('?' * len(_FIXED + _CHANGING))})"
)
_UPDATE = f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in _CHANGING)} WHERE sequence = ?"
_WITH_BODY = f"SELECT {_COLUMNS}, body FROM tasks JOIN bodies USING (sequence)"
_WITHOUT_BODY = f"SELECT {_COLUMNS}, NULL FROM tasks"
_TABLES = ("tasks", "bodies", "subtasks")
_SUBTASKS = TypeAdapter(list[Subtask])
_EXPIRY = "end_time + retention_time"
_EXIT_CONDITIONS = TypeAdapter(ExitConditions)


def add_later_columns(connection: sqlite3.Connection) -> None:
    """Bring the table of an earlier version, if there is one, up to date."""
    present = {name for _, name, *_ in connection.execute("PRAGMA table_info(tasks)")}
    for name, kind in _LATER_COLUMNS.items():
        if present and name not in present:
            connection.execute(f"ALTER TABLE tasks ADD COLUMN {name} {kind}")


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with what its client asked for; None where that was not read."""

    task: Task
    body: bytes | None


class TaskTable:
    """The tasks of all jobs, each job known by its number."""

    def __init__(self, connection: sqlite3.Connection, begin: Callable[[], None]) -> None:
        self._connection = connection
        self._begin = begin
        self._unsaved: dict[int, Task] = {}
        (last,) = connection.execute("SELECT max(sequence) FROM tasks").fetchone()
        self._last_sequence: int = last or 0

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

    def add(self, job: int, added: Sequence[StoredTask]) -> None:
        """Insert new tasks."""
        self._begin()
        self._connection.executemany(
            _INSERT, [_fixed(job, stored.task) + _changing(stored.task) for stored in added]
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
            rows = [(*_changing(task), task.sequence) for task in self._unsaved.values()]
            self._connection.executemany(_UPDATE, rows)
            self._unsaved.clear()

    def _read(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        self.write()
        return self._connection.execute(statement, values)

    def save_body(self, sequence: int, body: bytes) -> None:
        """Replace what a task's client asked for."""
        self._begin()
        values = (body, sequence)
        self._connection.execute("UPDATE bodies SET body = ? WHERE sequence = ?", values)

    def forget(self, task: Task) -> None:
        """Delete a task."""
        self._unsaved.pop(task.sequence, None)
        self._begin()
        self._delete([(task.sequence,)])

    def _delete(self, sequences: Sequence[tuple[int]]) -> None:
        for table in _TABLES:
            self._connection.executemany(f"DELETE FROM {table} WHERE sequence = ?", sequences)

    def body(self, sequence: int) -> bytes:
        """What a task's client asked for."""
        row = self._connection.execute("SELECT body FROM bodies WHERE sequence = ?", (sequence,))
        (body,) = row.fetchone()
        return bytes(body)

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
        return [] if row is None else _SUBTASKS.validate_json(row[0])

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
        text, values = where(condition) if condition else ("1", [])
        rows = self._read(
            f"{_WITH_BODY if with_bodies else _WITHOUT_BODY}"
            f" WHERE job = ? AND sequence > ? AND ({text}) ORDER BY sequence LIMIT ?",
            (job, after, *values, limit),
        )
        return [_stored(row) for row in rows]

    def waiting(self, job: int, *, after: int, limit: int) -> list[Task]:
        """Up to `limit` active tasks that are not blocked, in order, beginning after a sequence."""
        rows = self._read(
            f"SELECT {_COLUMNS} FROM tasks"
            " WHERE job = ? AND state = 'active' AND unmet = 0 AND sequence > ?"
            " ORDER BY sequence LIMIT ?",
            (job, after, limit),
        )
        return [_task(row) for row in rows]

    def ready(self, sequences: Sequence[int]) -> list[Task]:
        """Which of these tasks are active and not blocked, in order."""
        rows = self._read(
            f"SELECT {_COLUMNS} FROM tasks WHERE sequence IN (SELECT value FROM json_each(?))"
            " AND state = 'active' AND unmet = 0 ORDER BY sequence",
            (orjson.dumps(sequences).decode(),),
        )
        return [_task(row) for row in rows]

    def interrupted(self, jobs: Iterable[int]) -> Iterator[Task]:
        """The tasks of these jobs that were with a node when the emulator was killed."""
        for job in jobs:
            rows = self._read(
                f"SELECT {_COLUMNS} FROM tasks WHERE job = ? AND state IN ('running', 'preparing')",
                (job,),
            ).fetchall()
            yield from (_task(row) for row in rows)

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
            f"SELECT {_COLUMNS} FROM tasks WHERE end_time IS NOT NULL AND files_removed = 0"
            f" AND {_EXPIRY} <= ? ORDER BY {_EXPIRY} LIMIT ?",
            (microseconds(now), limit),
        )
        return [_task(row) for row in rows]

    def purge(self, living_jobs: Sequence[int], limit: int) -> bool:
        """Delete up to `limit` tasks of jobs that are gone; whether there may be more."""
        marks = ", ".join("?" * len(living_jobs))
        rows = self._read(
            f"SELECT sequence FROM tasks WHERE job NOT IN ({marks}) LIMIT ?",
            (*living_jobs, limit),
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


def _fixed(job: int, task: Task) -> tuple[Any, ...]:
    return (
        task.sequence,
        job,
        task.task_id.lower(),
        task.job_id,
        task.task_id,
        microseconds(task.creation_time),
        task.required_slots,
        task.instances,
        _exit_conditions_json(task.exit_conditions),
        task.preferred_node,
    )


def _changing(task: Task) -> tuple[Any, ...]:
    return (
        microseconds(task.last_modified),
        microseconds(task.state_time),
        task.max_task_retry_count,
        task.retention_time // timedelta(microseconds=1),
        task.state.value,
        task.previous_state,
        microseconds(task.previous_state_time),
        microseconds(task.start_time),
        microseconds(task.end_time),
        task.exit_code,
        task.result,
        _failure_json(task.failure),
        task.retry_count,
        microseconds(task.last_retry_time),
        task.requeue_count,
        microseconds(task.last_requeue_time),
        task.pool_id,
        task.node_id,
        task.files_removed,
    )


def _task(row: Sequence[Any]) -> Task:
    return Task(
        sequence=row[0],
        job_id=row[3],
        task_id=row[4],
        creation_time=_certain(row[5]),
        required_slots=row[6],
        instances=row[7],
        exit_conditions=_exit_conditions(row[8]),
        preferred_node=row[9],
        last_modified=_certain(row[10]),
        state_time=_certain(row[11]),
        max_task_retry_count=row[12],
        retention_time=timedelta(microseconds=row[13]),
        state=TaskState(row[14]),
        previous_state=TaskState(row[15]) if row[15] else None,
        previous_state_time=instant(row[16]),
        start_time=instant(row[17]),
        end_time=instant(row[18]),
        exit_code=row[19],
        result=TaskResult(row[20]) if row[20] else None,
        failure=_failure(row[21]),
        retry_count=row[22],
        last_retry_time=instant(row[23]),
        requeue_count=row[24],
        last_requeue_time=instant(row[25]),
        pool_id=row[26],
        node_id=row[27],
        files_removed=bool(row[28]),
        is_blocked=row[29] > 0,
    )


def _certain(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def _stored(row: Sequence[Any]) -> StoredTask:
    return StoredTask(_task(row), row[-1])


def _failure_json(failure: Failure | None) -> bytes | None:
    return None if failure is None else orjson.dumps(failure)


def _failure(value: bytes | None) -> Failure | None:
    if value is None:
        return None
    fields = orjson.loads(value)
    return Failure(**{**fields, "category": ErrorCategory(fields["category"])})


def _exit_conditions_json(conditions: ExitConditions | None) -> bytes | None:
    return None if conditions is None else orjson.dumps(conditions)


def _exit_conditions(value: bytes | None) -> ExitConditions | None:
    return None if value is None else _EXIT_CONDITIONS.validate_json(value)
