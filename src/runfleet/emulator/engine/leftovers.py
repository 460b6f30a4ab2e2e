"""
What is left on nodes of what is gone.

An order to remove a folder is given once, and the node agent may die before it hears of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby, islice
from pathlib import Path

from runfleet.agent.messages import RemoveFolder
from runfleet.batch.specs import JobSpec
from runfleet.emulator.engine.health import Health
from runfleet.emulator.engine.node_agent import Sender
from runfleet.emulator.node_roots import node_root
from runfleet.home import Folders
from runfleet.scheduler.entries import JobEntry
from runfleet.scheduler.state import State
from runfleet.store import Store
from runfleet.wire.shapes import JOBS_DIRECTORY, jobs_of_directory

_AT_ONCE = 500
_PAUSE = 0.05


class Leftovers:
    """
    Compares what is on the nodes with what is to be there, when another agent has begun.

    Whether something is to be there is asked when it is told to go: what comes later is told the
    agent later, too.

    Parameters
    ----------
    folders
        Where nodes are.
    state, store
        Know the nodes and jobs that there are, and the tasks.
    health
        Told when that cannot be done.
    nodes
        Takes the orders to the node agent.
    """

    def __init__(
        self, folders: Folders, state: State, store: Store, health: Health, nodes: Sender
    ) -> None:
        self._folders = folders
        self._state = state
        self._store = store
        self._health = health
        self._nodes = nodes
        self._unseen: Iterator[tuple[str, Path]] = iter(())
        self._is_looking = False

    def look(self) -> None:
        """Look at everything, in the pauses between other work."""
        self._unseen = self._task_folders()
        self._look_soon()

    def _look_soon(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            loop = asyncio.get_running_loop()
            loop.call_later(_PAUSE, self._health.attempt, self._look_at_some)

    def _look_at_some(self) -> None:
        self._is_looking = False
        some = list(islice(self._unseen, _AT_ONCE))
        for (node_id, folder), tasks in groupby(some, key=lambda one: (one[0], one[1].parent)):
            self._look_at_tasks(node_id, folder, [task for _, task in tasks])
        if some:
            self._look_soon()

    def _look_at_tasks(self, node_id: str, folder: Path, tasks: list[Path]) -> None:
        job = self._job_of(folder)
        kept = set[str]()
        if job is not None:
            spec = job.job.spec
            number = self._store.job_number(spec.job_id)
            kept = self._store.tasks.with_files(number, node_id, [task.name for task in tasks])
            kept |= _auxiliary_tasks(spec)
        for task in tasks:
            if task.name.lower() not in kept:
                self._remove(task)

    def _task_folders(self) -> Iterator[tuple[str, Path]]:
        """What tasks have left on nodes; what gone nodes and jobs have left goes on the way."""
        roots = {node_root(self._folders, node_id): node_id for node_id in self._node_ids()}
        for root in list(_folders_in(self._folders.nodes)):
            if root not in roots:
                self._remove(root)
                continue
            for parent in _folders_in(root / JOBS_DIRECTORY):
                for folder in _folders_in(parent):
                    if self._job_of(folder) is None:
                        self._remove(folder)
                    else:
                        tasks = filter(_is_of_task, _folders_in(folder))
                        yield from ((roots[root], task) for task in tasks)

    def _node_ids(self) -> Iterator[str]:
        for pool in self._state.pools.values():
            yield from pool.nodes

    def _job_of(self, folder: Path) -> JobEntry | None:
        known = map(self._state.jobs.get, jobs_of_directory(folder.parent.name, folder.name))
        return next(filter(None, known), None)

    def _remove(self, folder: Path) -> None:
        self._nodes.send(RemoveFolder(str(folder)))


def _folders_in(folder: Path) -> Iterator[Path]:
    """The folders in another, which may be gone; all that we make have plain names."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.isascii() and entry.is_dir(follow_symlinks=False):
                yield folder / entry.name


def _is_of_task(folder: Path) -> bool:
    """Tasks may have made folders of their own beside theirs."""
    return (folder / "wd").is_dir()


def _auxiliary_tasks(spec: JobSpec) -> set[str]:
    """The ids of tasks that run on nodes and are none of the job's list."""
    return {task.task_id.lower() for task in (spec.preparation, spec.release) if task is not None}
