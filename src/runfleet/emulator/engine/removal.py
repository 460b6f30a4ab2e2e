"""What is gone: its records leave the store, and its files the nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from runfleet.agent.messages import RemoveFolder
from runfleet.batch.records import Task
from runfleet.emulator.engine.commits import Commits
from runfleet.emulator.engine.health import Health
from runfleet.emulator.engine.node_agent import Sender
from runfleet.emulator.engine.node_records import NodeRecords
from runfleet.emulator.node_roots import node_root
from runfleet.home import Folders
from runfleet.scheduler.commands import (
    ForgetJob,
    ForgetNode,
    ForgetTask,
    RemoveJobFiles,
    RemoveTaskFiles,
)
from runfleet.scheduler.entries import PoolEntry
from runfleet.store import Store
from runfleet.wire.shapes import job_directory, task_directory

_PURGE_PAUSE = 0.05


class Removal:
    """
    Forgets nodes, jobs and tasks, and has the node agent remove their folders.

    Parameters
    ----------
    folders
        Where nodes are.
    store
        What is forgotten from.
    commits
        Told of what was written.
    health
        Told when that cannot be done.
    pools
        The pools that there are, with their nodes.
    node_records
        Forgets nodes, and remembers of them what tasks that are forgotten no longer tell.
    nodes
        Takes the orders to the node agent.
    """

    def __init__(
        self,
        folders: Folders,
        store: Store,
        commits: Commits,
        health: Health,
        pools: Mapping[str, PoolEntry],
        node_records: NodeRecords,
        nodes: Sender,
    ) -> None:
        self._folders = folders
        self._store = store
        self._commits = commits
        self._health = health
        self._pools = pools
        self._node_records = node_records
        self._nodes = nodes
        self._is_purging = False

    def forget_node(self, command: ForgetNode) -> None:
        """Forget a node with all that is on it."""
        self._node_records.forget(command.node)
        self._remove(node_root(self._folders, command.node.node_id))

    def forget_job(self, command: ForgetJob) -> None:
        """Forget a job; its tasks are deleted bit by bit, as there may be very many."""
        self._node_records.keep_all_ends()
        self._store.forget_job(command.job_id)
        for pool in self._pools.values():
            for node_id in pool.nodes:
                self._remove_job_folder(command.job_id, node_id)
        self.purge()

    def remove_job_files(self, command: RemoveJobFiles) -> None:
        """Remove the folder of a job on one node."""
        self._remove_job_folder(command.job_id, command.node.node_id)

    def _remove_job_folder(self, job_id: str, node_id: str) -> None:
        folder = node_root(self._folders, node_id) / job_directory(job_id)
        if folder.is_dir():
            self._remove(folder)

    def forget_task(self, command: ForgetTask) -> None:
        """Forget a task with its files, and what it waited for."""
        task = command.task
        self._node_records.keep_end_of(task)
        self.remove_files_of(task)
        self._store.tasks.forget(task)
        if task.is_blocked:
            self._store.dependencies.forget_child(task.sequence)

    def remove_task_files(self, command: RemoveTaskFiles) -> None:
        """Remove the folders of a task that stays; if it had ended, it is to run again."""
        self._node_records.keep_end_of(command.task)
        self.remove_files_of(command.task)

    def remove_files_of(self, task: Task) -> None:
        """
        Remove the folders of a task from the nodes where it and its subtasks ran last.

        Those on nodes where they ran before went when it was queued again.
        """
        if task.node_id is None:
            return
        others = [subtask.node_id for subtask in self._store.tasks.subtasks(task)]
        folder = task_directory(task.job_id, task.task_id)
        for node_id in (task.node_id, *others):
            self._remove(node_root(self._folders, node_id) / folder)

    def purge(self) -> None:
        """Go on deleting the tasks of jobs that are gone, in the pauses between other work."""
        if not self._is_purging:
            self._is_purging = True
            loop = asyncio.get_running_loop()
            loop.call_later(_PURGE_PAUSE, self._health.attempt, self._purge_some)

    def _purge_some(self) -> None:
        self._is_purging = False
        if self._store.purge():
            self.purge()
        self._commits.commit_later()

    def _remove(self, folder: Path) -> None:
        self._nodes.send(RemoveFolder(str(folder)))
