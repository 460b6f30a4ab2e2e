"""The rows of the table of tasks: their columns, and a task as one of them and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec.json import Decoder, Encoder

from runfleet.batch.records import Failure, Task
from runfleet.batch.specs import ExitConditions
from runfleet.batch.states import TaskResult, TaskState
from runfleet.store.instants import certain_instant, instant, microseconds

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
CREATE INDEX IF NOT EXISTS ended_tasks ON tasks (job, end_time) WHERE end_time IS NOT NULL;
CREATE INDEX IF NOT EXISTS expiring_tasks ON tasks (end_time + retention_time)
    WHERE end_time IS NOT NULL AND files_removed = 0;
CREATE TABLE IF NOT EXISTS bodies (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS subtasks (sequence INTEGER PRIMARY KEY, records BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS used_sequences (row INTEGER PRIMARY KEY, up_to INTEGER NOT NULL);
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
COLUMNS = ", ".join(f"tasks.{name}" for name in (*_FIXED, *_CHANGING, "unmet"))
INSERT = (
    f"INSERT INTO tasks ({', '.join(_FIXED + _CHANGING)})"
    f" VALUES ({', '.join('?' * len(_FIXED + _CHANGING))})"
)
UPDATE = f"UPDATE tasks SET {', '.join(f'{name} = ?' for name in _CHANGING)} WHERE sequence = ?"
_FAILURE = Decoder(Failure)
_EXIT_CONDITIONS = Decoder(ExitConditions)
_encode = Encoder().encode


def add_later_columns(connection: sqlite3.Connection) -> None:
    """Bring the table of an earlier version, if there is one, up to date."""
    present = {name for _, name, *_ in connection.execute("PRAGMA table_info(tasks)")}
    for name, kind in _LATER_COLUMNS.items():
        if present and name not in present:
            connection.execute(f"ALTER TABLE tasks ADD COLUMN {name} {kind}")


def fixed_values(job: int, task: Task) -> tuple[Any, ...]:
    """What a new task brings along that never changes, in the order of the columns."""
    return (
        task.sequence,
        job,
        task.task_id.lower(),
        task.job_id,
        task.task_id,
        microseconds(task.creation_time),
        task.required_slots,
        task.instances,
        _json(task.exit_conditions),
        task.preferred_node,
    )


def changing_values(task: Task) -> tuple[Any, ...]:
    """What of a task may change, in the order of the columns."""
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
        _json(task.failure),
        task.retry_count,
        microseconds(task.last_retry_time),
        task.requeue_count,
        microseconds(task.last_requeue_time),
        task.pool_id,
        task.node_id,
        task.files_removed,
    )


def task_of(row: Sequence[Any]) -> Task:
    """The task that was read as a row of `COLUMNS`."""
    return Task(
        sequence=row[0],
        job_id=row[3],
        task_id=row[4],
        creation_time=certain_instant(row[5]),
        required_slots=row[6],
        instances=row[7],
        exit_conditions=_exit_conditions(row[8]),
        preferred_node=row[9],
        last_modified=certain_instant(row[10]),
        state_time=certain_instant(row[11]),
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


def _json(part: Failure | ExitConditions | None) -> bytes | None:
    return None if part is None else _encode(part)


def _failure(value: bytes | None) -> Failure | None:
    return None if value is None else _FAILURE.decode(value)


def _exit_conditions(value: bytes | None) -> ExitConditions | None:
    return None if value is None else _EXIT_CONDITIONS.decode(value)
