"""Jobs that are gone, whose rows outlive them for a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson


def find_dead_jobs(
    connection: sqlite3.Connection, table: str, living_jobs: Sequence[int], limit: int
) -> list[int]:
    """Up to `limit` jobs that are gone but have rows in a table, which has an index by job."""
    # From one job to the next by the index, not over all rows of those that live.
    rows = connection.execute(
        f"WITH RECURSIVE jobs (job) AS (SELECT min(job) FROM {table} UNION ALL"
        f" SELECT (SELECT min(job) FROM {table} WHERE job > jobs.job) FROM jobs"
        " WHERE jobs.job IS NOT NULL)"
        " SELECT job FROM jobs WHERE job IS NOT NULL"
        " AND job NOT IN (SELECT value FROM json_each(?)) LIMIT ?",
        (orjson.dumps(list(living_jobs)).decode(), limit),
    )
    return [job for (job,) in rows]
