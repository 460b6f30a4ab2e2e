"""The end of retention times: the files of old tasks are removed, the tasks themselves stay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from runfleet.batch.records import Task
from runfleet.emulator.clock import now
from runfleet.emulator.engine.commits import Commits
from runfleet.emulator.engine.health import Health
from runfleet.store import Store

_AT_ONCE = 500
_PAUSE = 1.0
_LONGEST_SLEEP = timedelta(days=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Expiry:
    """
    Removes the files of tasks whose retention time is over.

    Parameters
    ----------
    store
        Remembers which these are.
    commits
        Told of what was written.
    health
        Told when that cannot be done.
    remove_files
        Removes those of one task from its nodes.
    """

    def __init__(
        self,
        store: Store,
        commits: Commits,
        health: Health,
        remove_files: Callable[[Task], None],
    ) -> None:
        self._store = store
        self._commits = commits
        self._health = health
        self._remove_files = remove_files
        self._next = _NEVER
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Wait for the task that expires next of all that are remembered."""
        self._sleep_until(self._store.tasks.next_expiry() or _NEVER)

    def watch(self, task: Task, ended: datetime) -> None:
        """Do not sleep beyond the retention time of a task that has ended."""
        expires = ended + task.retention_time
        if expires < self._next:
            self._sleep_until(expires)

    def stop(self) -> None:
        """Leave to the next emulator what expires from now on."""
        if self._timer is not None:
            self._timer.cancel()

    def _sleep_until(self, due: datetime) -> None:
        self.stop()
        self._next = due
        delay = min(due - now(), _LONGEST_SLEEP)
        seconds = max(_PAUSE, delay.total_seconds())
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._health.attempt, self._remove_expired)

    def _remove_expired(self) -> None:
        """Some at a time: a whole job may expire at once."""
        for task in self._store.tasks.expired(now(), _AT_ONCE):
            task.files_removed = True
            self._store.tasks.save(task)
            self._remove_files(task)
        self._commits.commit_later()
        self.begin()
