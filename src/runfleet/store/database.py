"""The SQLite file: its tables, its transactions, and all records but the tasks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from msgspec import ValidationError
from msgspec.json import Decoder, Encoder

from runfleet.batch.records import Job, JobNode, JobSchedule, Node, Pool
from runfleet.store.damage import telling_damage
from runfleet.store.dependencies import DEPENDENCY_SCHEMA, DependencyTable
from runfleet.store.errors import StoreError
from runfleet.store.task_rows import TASK_SCHEMA, add_later_columns
from runfleet.store.tasks import TaskTable
from runfleet.store.usage import USAGE_SCHEMA, UsageTable

Record = TypeVar("Record")

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pools (key TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nodes (
    key TEXT PRIMARY KEY, pool TEXT NOT NULL, record BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, record BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS job_schedules (
    key TEXT PRIMARY KEY, record BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job_nodes (
    job INTEGER NOT NULL, node TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (job, node)
) WITHOUT ROWID;
"""
_PURGE_AT_ONCE = 1_000
# Seconds for which somebody else may lock the file, as a backup or a browser of databases does.
_PATIENCE = 60.0

_POOL = Decoder(Pool)
_NODE = Decoder(Node)
_JOB = Decoder(Job)
_JOB_SCHEDULE = Decoder(JobSchedule)
_JOB_NODE = Decoder(JobNode)
_encode = Encoder().encode


class Store:
    """
    The emulator's memory in one SQLite file.

    Writes gather in a transaction until `commit`; reads see them at once.  A process that is
    killed loses what was not committed and nothing else.

    Parameters
    ----------
    path
        The file, made if absent; its folder must exist.

    Raises
    ------
    StoreError
        If the file is no such store, or was written by a later version.
    """

    def __init__(self, path: Path) -> None:
        with telling_damage(path):
            self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            self._prepare(path)
            self._job_numbers: dict[str, int] = dict(
                self._connection.execute("SELECT key, number FROM jobs")
            )
            self.tasks = TaskTable(self._connection, self._begin)
            self.usage = UsageTable(self._connection, self._begin)
            self.dependencies = DependencyTable(self._connection, self._begin)

    def _prepare(self, path: Path) -> None:
        execute = self._connection.execute
        (version,) = execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"`{path}` was written by a later version of runfleet",
                hint="use that version, or `runfleet emulator reset` to start over",
            )
        execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing with NORMAL; only a machine that loses power may.
        execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA cache_size = -65536")
        # Columns come first: indexes name some of them.
        add_later_columns(self._connection)
        self._connection.executescript(_SCHEMA + TASK_SCHEMA + DEPENDENCY_SCHEMA + USAGE_SCHEMA)
        execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @property
    def is_dirty(self) -> bool:
        """Whether there is something to commit."""
        return self.has_written or self.tasks.is_dirty

    @property
    def has_written(self) -> bool:
        """Whether something is written but not committed."""
        return self._connection.in_transaction

    def commit(self) -> None:
        """Make all writes since the last commit lasting."""
        self.tasks.write()
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Commit and let go of the file."""
        self.commit()
        self._connection.close()

    def abandon(self) -> None:
        """Let go of the file; what was not committed is lost."""
        self._connection.close()

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def _write(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        self._begin()
        return self._connection.execute(statement, values)

    def _read(self, decoder: Decoder[Record], statement: str, *values: Any) -> Iterator[Record]:
        for (record,) in self._connection.execute(statement, values):
            yield _decoded(decoder, record)

    def save_pool(self, pool: Pool) -> None:
        """Insert or replace a pool."""
        values = (pool.spec.pool_id.lower(), _encode(pool))
        self._write("INSERT OR REPLACE INTO pools VALUES (?, ?)", values)

    def forget_pool(self, pool_id: str) -> None:
        """Delete a pool and its nodes."""
        self._write("DELETE FROM pools WHERE key = ?", (pool_id.lower(),))
        self._write("DELETE FROM nodes WHERE pool = ?", (pool_id.lower(),))

    def pools(self) -> list[Pool]:
        """All pools."""
        return list(self._read(_POOL, "SELECT record FROM pools"))

    def save_node(self, node: Node) -> None:
        """Insert or replace a node."""
        values = (node.node_id, node.pool_id.lower(), _encode(node))
        self._write("INSERT OR REPLACE INTO nodes VALUES (?, ?, ?)", values)

    def forget_node(self, node_id: str) -> None:
        """Delete a node."""
        self._write("DELETE FROM nodes WHERE key = ?", (node_id,))

    def nodes(self) -> list[Node]:
        """All nodes of all pools."""
        return list(self._read(_NODE, "SELECT record FROM nodes"))

    def save_job(self, job: Job) -> None:
        """Insert or replace a job."""
        key, record = job.spec.job_id.lower(), _encode(job)
        if key in self._job_numbers:
            self._write("UPDATE jobs SET record = ? WHERE key = ?", (record, key))
        else:
            cursor = self._write("INSERT INTO jobs (key, record) VALUES (?, ?)", (key, record))
            self._job_numbers[key] = cursor.lastrowid or 0

    def forget_job(self, job_id: str) -> None:
        """Delete a job; its tasks are out of reach at once, and deleted bit by bit by `purge`."""
        number = self._job_numbers.pop(job_id.lower())
        self._write("DELETE FROM jobs WHERE number = ?", (number,))
        self._write("DELETE FROM job_nodes WHERE job = ?", (number,))
        self.dependencies.forget_job(number)

    def jobs(self) -> list[Job]:
        """All jobs."""
        return list(self._read(_JOB, "SELECT record FROM jobs ORDER BY number"))

    def job_number(self, job_id: str) -> int:
        """The number under which a job's tasks are kept; never used for another job."""
        return self._job_numbers[job_id.lower()]

    def save_job_schedule(self, schedule: JobSchedule) -> None:
        """Insert or replace a job schedule."""
        values = (schedule.spec.schedule_id.lower(), _encode(schedule))
        self._write("INSERT OR REPLACE INTO job_schedules VALUES (?, ?)", values)

    def forget_job_schedule(self, schedule_id: str) -> None:
        """Delete a job schedule."""
        self._write("DELETE FROM job_schedules WHERE key = ?", (schedule_id.lower(),))

    def job_schedules(self) -> list[JobSchedule]:
        """All job schedules."""
        return list(self._read(_JOB_SCHEDULE, "SELECT record FROM job_schedules"))

    def save_job_node(self, job_node: JobNode) -> None:
        """Insert or replace what a job did on a node."""
        values = (
            self.job_number(job_node.job_id),
            job_node.node_id,
            _encode(job_node),
        )
        self._write("INSERT OR REPLACE INTO job_nodes VALUES (?, ?, ?)", values)

    def job_nodes(self, job_id: str | None = None) -> list[JobNode]:
        """What a job, or all jobs, did on nodes, also on those that are gone."""
        if job_id is None:
            return list(self._read(_JOB_NODE, "SELECT record FROM job_nodes"))
        statement = "SELECT record FROM job_nodes WHERE job = ?"
        return list(self._read(_JOB_NODE, statement, self.job_number(job_id)))

    def purge(self) -> bool:
        """Delete some tasks of jobs that are gone; whether there may be more of them."""
        living = list(self._job_numbers.values())
        parts = (self.tasks, self.dependencies)
        return any(part.purge(living, _PURGE_AT_ONCE) for part in parts)


def _decoded(decoder: Decoder[Record], record: str | bytes) -> Record:
    try:
        return decoder.decode(record)
    except ValidationError as error:
        # Older versions wrote with pydantic, which spells durations of a year and more `P1Y35D`.
        from pydantic import TypeAdapter

        kind: type[Record] = decoder.type
        try:
            return TypeAdapter(kind).validate_json(record)
        except ValueError:
            raise error from None
