"""The children of tasks that have ended as these wanted: they wait no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runfleet.batch.records import Task
from runfleet.emulator.engine.commits import Commits
from runfleet.emulator.engine.health import Health
from runfleet.scheduler import reports
from runfleet.scheduler.commands import Satisfy
from runfleet.store import Store

_AT_ONCE = 500


class Children:
    """
    Hands the scheduler the tasks that were blocked until their parents had ended.

    Parameters
    ----------
    store
        Knows who waits for whom.
    commits
        Told of what was written.
    health
        Told when that cannot be done.
    decide
        Has the scheduler decide about those that are free.
    """

    def __init__(
        self, store: Store, commits: Commits, health: Health, decide: Callable[..., None]
    ) -> None:
        self._store = store
        self._commits = commits
        self._health = health
        self._decide = decide
        self._is_telling = False

    def satisfy(self, command: Satisfy) -> None:
        """Note that a task's children need not wait for it any more."""
        number = self._store.job_number(command.job_id)
        self._store.dependencies.satisfy(number, command.task_id)

    def tell_soon(self) -> None:
        """Have the children told of what was noted, if there are any, in the loop's next turn."""
        if self._store.dependencies.is_due and not self._is_telling:
            self._is_telling = True
            asyncio.get_running_loop().call_soon(self._health.attempt, self._tell_some)

    def _tell_some(self) -> None:
        """Some at a time: a parent may have a hundred thousand children."""
        self._is_telling = False
        told = self._store.dependencies.tell_children(_AT_ONCE)
        by_job: dict[str, list[Task]] = {}
        for task in self._store.tasks.ready(told):
            by_job.setdefault(task.job_id, []).append(task)
        for job_id, released in by_job.items():
            self._decide(reports.on_tasks_released, job_id, released)
        self.tell_soon()
        self._commits.commit_later()
