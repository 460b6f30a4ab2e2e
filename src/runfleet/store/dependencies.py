"""
Which tasks wait for which, so that the end of a parent finds its children by index.

A child's requirements are ids and ranges of ids, each once.  One that is not met has a row in
`dependencies`, and `tasks.unmet` counts them; when it is met, its rows go and the counts fall, some
at a time.  What has been satisfied stays so, whether or not the task is still there.

A range is kept once for all its children, and watches the largest of its numbers that is not
satisfied: it is looked at again only when that one is.  Satisfied numbers are kept as intervals.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence

import orjson

from runfleet.batch.specs import IdRange, TaskDependencies
from runfleet.store.dead_jobs import find_dead_jobs

DEPENDENCY_SCHEMA = """
CREATE TABLE IF NOT EXISTS dependencies (
    job INTEGER NOT NULL, requirement TEXT NOT NULL, child INTEGER NOT NULL,
    PRIMARY KEY (job, requirement, child)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dependencies_by_child ON dependencies (child);
CREATE TABLE IF NOT EXISTS watching_ranges (
    job INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, watched INTEGER NOT NULL,
    PRIMARY KEY (job, first, last)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ranges_by_watched ON watching_ranges (job, watched);
CREATE TABLE IF NOT EXISTS satisfied_ids (
    job INTEGER NOT NULL, requirement TEXT NOT NULL, PRIMARY KEY (job, requirement)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS satisfied_numbers (
    job INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (job, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS met_requirements (
    job INTEGER NOT NULL, requirement TEXT NOT NULL, PRIMARY KEY (job, requirement)
) WITHOUT ROWID;
"""

# What tells the rows of a job apart, in the tables whose rows outlive their job for a while.
_KEYS = {
    "dependencies": "requirement, child",
    "watching_ranges": "first, last",
    "satisfied_ids": "requirement",
    "satisfied_numbers": "first",
}
_INTEGER = re.compile(r"-?[0-9]+")
_LARGEST = 2**31 - 1
_WATCHED = "watched:"


class DependencyTable:
    """
    The dependencies of the tasks of all jobs, each job known by its number.

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
        (self._is_due,) = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM met_requirements)"
        ).fetchone()

    @property
    def is_due(self) -> bool:
        """Whether there are children to be told of requirements that are met."""
        return bool(self._is_due)

    def add(self, job: int, child: int, parents: TaskDependencies) -> bool:
        """Note what a new task waits for; whether it has to wait."""
        self._begin()
        unmet = self._require_ids(job, child, parents.task_ids)
        unmet += sum(self._require_range(job, child, one) for one in set(parents.ranges))
        if unmet:
            values = (unmet, child)
            self._connection.execute("UPDATE tasks SET unmet = ? WHERE sequence = ?", values)
        return unmet > 0

    def _require_ids(self, job: int, child: int, task_ids: Sequence[str]) -> int:
        keys = orjson.dumps(list({task_id.lower() for task_id in task_ids})).decode()
        return self._connection.execute(
            "INSERT INTO dependencies SELECT ?1, value, ?2 FROM json_each(?3) WHERE NOT EXISTS"
            " (SELECT 1 FROM satisfied_ids WHERE job = ?1 AND requirement = value)",
            (job, child, keys),
        ).rowcount

    def _require_range(self, job: int, child: int, wanted: IdRange) -> bool:
        watched = self._unsatisfied(job, wanted)
        if watched is None:
            return False
        self._connection.execute(
            "INSERT OR IGNORE INTO watching_ranges VALUES (?, ?, ?, ?)",
            (job, wanted.first, wanted.last, watched),
        )
        values = (job, _range_requirement(wanted), child)
        self._connection.execute("INSERT INTO dependencies VALUES (?, ?, ?)", values)
        return True

    def _unsatisfied(self, job: int, wanted: IdRange) -> int | None:
        """The largest number of a range that is not satisfied."""
        interval = self._interval(job, wanted.last)
        if interval is None or interval.last < wanted.last:
            return wanted.last
        return interval.first - 1 if interval.first > wanted.first else None

    def _interval(self, job: int, number: int) -> IdRange | None:
        """The satisfied numbers nearest to a number, from below or around it."""
        row = self._connection.execute(
            "SELECT first, last FROM satisfied_numbers WHERE job = ? AND first <= ?"
            " ORDER BY first DESC LIMIT 1",
            (job, number),
        ).fetchone()
        return None if row is None else IdRange(*row)

    def satisfy(self, job: int, task_id: str) -> None:
        """A task has ended as its children want; they are told by `tell_children`."""
        self._begin()
        values = (job, task_id.lower())
        self._connection.execute("INSERT OR IGNORE INTO satisfied_ids VALUES (?, ?)", values)
        self._meet(job, task_id.lower())
        if _INTEGER.fullmatch(task_id) and abs(int(task_id)) <= _LARGEST + 1:
            self._satisfy_number(job, int(task_id))

    def _meet(self, job: int, requirement: str) -> None:
        told = self._connection.execute(
            "INSERT OR IGNORE INTO met_requirements SELECT ?1, ?2 WHERE EXISTS"
            " (SELECT 1 FROM dependencies WHERE job = ?1 AND requirement = ?2)",
            (job, requirement),
        )
        self._is_due = self._is_due or told.rowcount > 0

    def _satisfy_number(self, job: int, number: int) -> None:
        below = self._interval(job, number)
        if below is not None and below.last >= number:
            return
        first = below.first if below is not None and below.last == number - 1 else number
        above = self._interval(job, number + 1)
        last = above.last if above is not None and above.first == number + 1 else number
        execute = self._connection.execute
        execute("DELETE FROM satisfied_numbers WHERE job = ? AND first = ?", (job, number + 1))
        execute("INSERT OR REPLACE INTO satisfied_numbers VALUES (?, ?, ?)", (job, first, last))
        met = execute(
            "INSERT OR IGNORE INTO met_requirements SELECT ?1, ?3 WHERE EXISTS"
            " (SELECT 1 FROM watching_ranges WHERE job = ?1 AND watched = ?2)",
            (job, number, _watched_requirement(number)),
        )
        self._is_due = self._is_due or met.rowcount > 0

    def tell_children(self, limit: int) -> list[int]:
        """
        Tell some children, or ranges, of requirements that are met.

        Returns
        -------
        told : list
            The sequences of the children, about `limit` at most.
        """
        told: list[int] = []
        looked = 0
        while len(told) + looked < limit:
            met = self._connection.execute("SELECT * FROM met_requirements LIMIT 1").fetchone()
            self._is_due = met is not None
            if not self._is_due:
                break
            self._begin()
            if met[1].startswith(_WATCHED):
                looked += self._tell_some_ranges(met, limit)
            else:
                told += self._tell_some(met, limit)
        return told

    def _tell_some_ranges(self, met: tuple[int, str], limit: int) -> int:
        job, number = met[0], int(met[1].removeprefix(_WATCHED))
        rows = self._connection.execute(
            "SELECT first, last FROM watching_ranges WHERE job = ? AND watched = ? LIMIT ?",
            (job, number, limit),
        ).fetchall()
        for row in rows:
            self._look_further(job, IdRange(*row))
        if len(rows) < limit:
            self._forget_met(met)
        return len(rows)

    def _look_further(self, job: int, wanted: IdRange) -> None:
        """Have a range watch another number, or be met."""
        watched = self._unsatisfied(job, wanted)
        key = (job, wanted.first, wanted.last)
        if watched is None:
            self._connection.execute(
                "DELETE FROM watching_ranges WHERE job = ? AND first = ? AND last = ?", key
            )
            self._meet(job, _range_requirement(wanted))
        else:
            self._connection.execute(
                "UPDATE watching_ranges SET watched = ? WHERE job = ? AND first = ? AND last = ?",
                (watched, *key),
            )

    def _forget_met(self, met: tuple[int, str]) -> None:
        self._connection.execute(
            "DELETE FROM met_requirements WHERE job = ? AND requirement = ?", met
        )

    def _tell_some(self, met: tuple[int, str], limit: int) -> list[int]:
        execute, execute_many = self._connection.execute, self._connection.executemany
        rows = execute(
            "SELECT child FROM dependencies WHERE job = ? AND requirement = ? LIMIT ?",
            (*met, limit),
        ).fetchall()
        execute_many("UPDATE tasks SET unmet = unmet - 1 WHERE sequence = ?", rows)
        execute_many(
            "DELETE FROM dependencies WHERE job = ? AND requirement = ? AND child = ?",
            [(*met, child) for (child,) in rows],
        )
        if len(rows) < limit:
            self._forget_met(met)
        return [child for (child,) in rows]

    def forget_child(self, child: int) -> None:
        """A task is gone, and waits for nothing any more."""
        self._begin()
        self._connection.execute("DELETE FROM dependencies WHERE child = ?", (child,))

    def forget_job(self, job: int) -> None:
        """A job is gone: its children are told nothing, and its rows go bit by bit by `purge`."""
        self._begin()
        self._connection.execute("DELETE FROM met_requirements WHERE job = ?", (job,))

    def purge(self, living_jobs: Sequence[int], limit: int) -> bool:
        """Delete up to `limit` rows of a job that is gone; whether there may be more."""
        return any(self._purge(table, living_jobs, limit) for table in _KEYS)

    def _purge(self, table: str, living_jobs: Sequence[int], limit: int) -> bool:
        jobs = find_dead_jobs(self._connection, table, living_jobs, 1)
        if not jobs:
            return False
        self._begin()
        key = _KEYS[table]
        self._connection.execute(
            f"DELETE FROM {table} WHERE job = ?1 AND ({key}) IN"
            f" (SELECT {key} FROM {table} WHERE job = ?1 LIMIT ?2)",
            (jobs[0], limit),
        )
        return True


def _watched_requirement(number: int) -> str:
    """What stands for a number among met requirements, to the ranges that watch it."""
    return f"{_WATCHED}{number}"


def _range_requirement(wanted: IdRange) -> str:
    """What stands for a range among requirements; no id has a point in it."""
    return f"{wanted.first}..{wanted.last}"
