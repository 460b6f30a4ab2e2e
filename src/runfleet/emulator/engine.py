"""The loop around the scheduler: carries out its commands and hands it what happened."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from runfleet.agent.failures import failure_of
from runfleet.agent.journal import clear_journal, read_journal
from runfleet.agent.link import AgentLink
from runfleet.agent.messages import (
    Coordinated,
    Ended,
    Execute,
    Kill,
    Message,
    Proceed,
    Ready,
    RemoveFolder,
    Subject,
)
from runfleet.agent.process import AgentProcess
from runfleet.batch.records import Task
from runfleet.batch.specs import PoolSpec
from runfleet.batch.states import EndedBy
from runfleet.emulator.agent_lives import AgentLives
from runfleet.emulator.commits import Commits
from runfleet.emulator.disk import Disk
from runfleet.emulator.executions import Executions
from runfleet.emulator.new_tasks import new_task
from runfleet.emulator.node_roots import node_root
from runfleet.emulator.outcomes import failure_record, is_success, outcome_of
from runfleet.errors import RunfleetError
from runfleet.home import Folders
from runfleet.scheduler import commands as wanted
from runfleet.scheduler import losses, reports, task_requests
from runfleet.scheduler.entries import Outcome
from runfleet.scheduler.pools import awaits_nodes
from runfleet.scheduler.schedules import awaits_run
from runfleet.scheduler.state import State
from runfleet.store import Store, StoredTask
from runfleet.wire.managers import manager_task
from runfleet.wire.shapes import job_directory, task_directory
from runfleet.wire.tasks import spec_from_body

log = logging.getLogger(__name__)

_PURGE_PAUSE = 0.05
_EXPIRED_AT_ONCE = 500
_TOLD_AT_ONCE = 500
_EXPIRY_PAUSE = 1.0
_SPACE_PAUSE = 1.0
_LONGEST_SLEEP = timedelta(days=1)
# While a machine is suspended the loop's clock stands still, and what is due by the time of day
# would come as much later.
_LONGEST_TIMER = timedelta(minutes=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


def now() -> datetime:
    """The time that goes into decisions and records."""
    return datetime.now(UTC)


class Engine:
    """
    Owns the scheduler's state, the store and the link to the node agent.

    Everything changes on the event loop's thread, in one step a decision.

    Parameters
    ----------
    folders
        The home, with the folders of nodes below it.
    store
        What is lasting.
    state
        What the scheduler knows, as restored.
    executions
        Describes to the agent what the scheduler wants.

    Attributes
    ----------
    failed
        Set when it cannot go on: there is no node agent any more.
    """

    def __init__(
        self, folders: Folders, store: Store, state: State, executions: Executions
    ) -> None:
        self.state = state
        self.store = store
        self.folders = folders
        self.disk = Disk(folders.home)
        self._executions = executions
        self.failed = asyncio.Event()
        self._link: AgentLink | None = None
        self._agent_lives = AgentLives()
        self._commits = Commits(store, self.disk, self._on_committed, self.failed.set)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: datetime | None = None
        self._purging = False
        self._is_telling = False
        self._expiry: asyncio.TimerHandle | None = None
        self._next_expiry = _NEVER
        self._do: dict[type[Any], Callable[[Any], None]] = {
            wanted.SavePool: lambda command: store.save_pool(command.pool),
            wanted.ForgetPool: lambda command: store.forget_pool(command.pool_id),
            wanted.SaveNode: lambda command: store.save_node(command.node),
            wanted.ForgetNode: self._forget_node,
            wanted.SaveUsage: lambda command: store.usage.add(command.usage),
            wanted.SaveJob: lambda command: store.save_job(command.job),
            wanted.AddManager: self._add_manager,
            wanted.ForgetJob: self._forget_job,
            wanted.SaveJobSchedule: lambda command: store.save_job_schedule(command.schedule),
            wanted.ForgetJobSchedule: lambda command: store.forget_job_schedule(
                command.schedule_id
            ),
            wanted.SaveJobNode: lambda command: store.save_job_node(command.job_node),
            wanted.SaveTask: self._save_task,
            wanted.SaveSubtasks: self._save_subtasks,
            wanted.ForgetTask: self._forget_task,
            wanted.RemoveTaskFiles: lambda command: self._remove_task_folders(command.task),
            wanted.LoadTasks: self._load_tasks,
            wanted.Satisfy: self._satisfy,
            wanted.StartTask: self._start_task,
            wanted.StartInstance: self._start_task,
            wanted.Proceed: lambda command: self._send(Proceed(command.execution)),
            wanted.StartNodeTask: self._start_node_task,
            wanted.StartPreparation: self._start_preparation,
            wanted.StartRelease: self._start_release,
            wanted.Kill: lambda command: self._send(Kill(command.execution, command.uploads)),
        }

    async def start(self, agent: AgentProcess) -> None:
        """Wait for the node agent, which ends what an earlier one left running."""
        await self._start_agent(agent)
        self._purge_later()
        self._watch_expiry()

    async def stop(self) -> None:
        """End all executions and commit; what ran is queued again at the next start."""
        if self._link is not None:
            link, self._link = self._link, None
            await link.stop()
        for handle in (self._timer, self._expiry):
            if handle is not None:
                handle.cancel()
        self._commits.cancel()
        self._close_store()

    def _close_store(self) -> None:
        try:
            self.store.close()
        except sqlite3.Error as error:
            log.error("what was not acknowledged yet is lost: %s", error)

    @property
    def is_busy(self) -> bool:
        """Whether anything runs, or will run without being asked for again."""
        return (
            bool(self.state.executions)
            or any(map(awaits_nodes, self.state.pools.values()))
            or any(map(awaits_run, self.state.job_schedules.values()))
        )

    def decide(
        self, decision: Callable[..., list[wanted.Command]], *args: Any, **kwargs: Any
    ) -> None:
        """Have the scheduler decide about something now, and do what it wants."""
        for command in decision(self.state, now(), *args, **kwargs):
            self._do[type(command)](command)
        self._set_timer()
        self._tell_children_soon()
        self._commits.commit_later()

    async def committed(self) -> None:
        """Wait until all that was written so far is lasting."""
        await self._commits.committed()

    def _on_committed(self) -> None:
        if not self.state.executions:
            # All that the agent noted has come in, and is lasting now.
            clear_journal(self.folders.journal)

    async def _start_agent(self, agent: AgentProcess | None = None) -> None:
        self._agent_lives.begin()
        self._link = await AgentLink.start(
            self.folders.state,
            on_message=self._on_message,
            on_lost=self._on_agent_lost,
            agent=agent,
        )

    def _send(self, message: Message) -> None:
        if self._link is not None:
            self._link.send(message)

    def _on_message(self, message: Message) -> None:
        if isinstance(message, Ended):
            self._agent_lives.note_work()
            self.decide(reports.on_ended, message.execution, outcome_of(message))
            if not is_success(message) and self._has_full_disk(message):
                self._take_away(message.subject)
        elif isinstance(message, Coordinated):
            self.decide(reports.on_coordinated, message.execution)
        elif isinstance(message, Ready):
            log.info("node agent %d is ready", message.pid)

    def _has_full_disk(self, ended: Ended) -> bool:
        """Whether that may be why it failed: its node takes no more tasks then."""
        is_told = ended.failure is not None and ended.failure.code == "DiskFull"
        return is_told or self.disk.is_full

    def _take_away(self, subject: Subject) -> None:
        log.error("the disk of node %s is full; it waits until there is space", subject.node_id)
        place = subject.pool_id, subject.node_id
        self.decide(losses.on_disk_full, *place, recovers=False)
        self._bring_back_once_there_is_space(place)

    def _bring_back_once_there_is_space(self, place: tuple[str, str]) -> None:
        if self._link is not None and self.disk.has_room:
            self.decide(losses.on_disk_has_room, *place)
        elif self._link is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(_SPACE_PAUSE, self._bring_back_once_there_is_space, place)

    def _on_agent_lost(self) -> None:
        if self._link is None:
            return
        self._link = None
        self._agent_lives.end()
        if self._agent_lives.are_too_short:
            log.critical("%d node agents ended before any task had", self._agent_lives.short)
            self.failed.set()
            return
        log.error("the node agent is gone; it is started again and its tasks are queued again")
        asyncio.get_running_loop().create_task(self._replace_agent())

    async def _replace_agent(self) -> None:
        try:
            await self._start_agent()
        except (RunfleetError, OSError) as error:
            log.critical("the node agent cannot be started again: %s", error)
            self.failed.set()
            return
        for ended in read_journal(self.folders.journal):
            # It may have noted ends that it had no time to tell.
            if ended.execution in self.state.executions:
                self.decide(reports.on_ended, ended.execution, outcome_of(ended))
        self.decide(reports.on_agent_lost)

    def _set_timer(self) -> None:
        due = self.state.next_due()
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        if due is not None:
            delay = min(due - now(), _LONGEST_TIMER).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(max(0.0, delay), self._on_time)

    def _on_time(self) -> None:
        self._timer_due = None
        self.decide(reports.on_time)

    def _load_tasks(self, command: wanted.LoadTasks) -> None:
        tasks = self.store.tasks.waiting(
            self.store.job_number(command.job_id),
            after=command.after_sequence,
            limit=command.limit,
        )
        self.decide(reports.on_tasks_loaded, command.job_id, tasks)

    def _add_manager(self, command: wanted.AddManager) -> None:
        parsed, sequence = manager_task(command.job), self.store.tasks.next_sequence()
        task = new_task(command.job, parsed.head, sequence, now())
        number = self.store.job_number(task.job_id)
        self.store.tasks.add(number, [StoredTask(task, parsed.body)])
        self.decide(task_requests.add_manager, task.job_id, task)

    def _satisfy(self, command: wanted.Satisfy) -> None:
        number = self.store.job_number(command.job_id)
        self.store.dependencies.satisfy(number, command.task_id)

    def _tell_children_soon(self) -> None:
        if self.store.dependencies.is_due and not self._is_telling:
            self._is_telling = True
            asyncio.get_running_loop().call_soon(self._tell_children)

    def _tell_children(self) -> None:
        """Some at a time: a parent may have a hundred thousand children."""
        self._is_telling = False
        told = self.store.dependencies.tell_children(_TOLD_AT_ONCE)
        by_job: dict[str, list[Task]] = {}
        for task in self.store.tasks.ready(told):
            by_job.setdefault(task.job_id, []).append(task)
        for job_id, released in by_job.items():
            self.decide(reports.on_tasks_released, job_id, released)
        self._tell_children_soon()
        self._commits.commit_later()

    def _start_task(self, command: wanted.StartTask | wanted.StartInstance) -> None:
        task = command.task
        spec = spec_from_body(self.store.tasks.body(task.sequence))
        task.retention_time = spec.retention_time
        job = self.state.job(task.job_id).job
        pool = self._pool_spec(command.node.pool_id)
        of = self._executions
        if isinstance(command, wanted.StartTask):
            self._order(command.execution, partial(of.of_task, command, spec, job, pool))
        else:
            self._order(command.execution, partial(of.of_instance, command, spec, job, pool))

    def _order(self, execution: int, describe: Callable[[], Execute]) -> None:
        """Have the agent execute something; what cannot even be described to it has failed."""
        try:
            self._send(describe())
        except Exception as error:
            failure = failure_record(failure_of(error))
            moment = now()
            outcome = Outcome(moment, moment, EndedBy.FAILURE, failure=failure)
            loop = asyncio.get_running_loop()
            loop.call_soon(self.decide, reports.on_ended, execution, outcome)

    def _pool_spec(self, pool_id: str) -> PoolSpec:
        return self.state.pool(pool_id).pool.spec

    def _start_node_task(self, command: wanted.StartNodeTask) -> None:
        self._order(command.execution, partial(self._executions.of_start_task, command))

    def _start_preparation(self, command: wanted.StartPreparation) -> None:
        pool = self.state.pool(command.node.pool_id).pool
        self._order(command.execution, partial(self._executions.of_preparation, command, pool))

    def _start_release(self, command: wanted.StartRelease) -> None:
        pool = self.state.pool(command.node.pool_id).pool
        self._order(command.execution, partial(self._executions.of_release, command, pool))

    def _save_task(self, command: wanted.SaveTask) -> None:
        task = command.task
        self.store.tasks.save(task)
        if task.end_time is not None and task.end_time + task.retention_time < self._next_expiry:
            self._remove_expired_at(task.end_time + task.retention_time)

    def _forget_node(self, command: wanted.ForgetNode) -> None:
        self.store.forget_node(command.node.node_id)
        self._send(RemoveFolder(str(node_root(self.folders, command.node.node_id))))

    def _forget_job(self, command: wanted.ForgetJob) -> None:
        self.store.forget_job(command.job_id)
        for pool in self.state.pools.values():
            for node_id in pool.nodes:
                folder = node_root(self.folders, node_id) / job_directory(command.job_id)
                if folder.is_dir():
                    self._send(RemoveFolder(str(folder)))
        self._purge_later()

    def _save_subtasks(self, command: wanted.SaveSubtasks) -> None:
        self.store.tasks.save_subtasks(command.task, command.subtasks)

    def _forget_task(self, command: wanted.ForgetTask) -> None:
        self._remove_task_folders(command.task)
        self.store.tasks.forget(command.task)
        if command.task.is_blocked:
            self.store.dependencies.forget_child(command.task.sequence)

    def _remove_task_folders(self, task: Task) -> None:
        if task.node_id is None:
            return
        others = [subtask.node_id for subtask in self.store.tasks.subtasks(task)]
        folder = task_directory(task.job_id, task.task_id)
        for node_id in (task.node_id, *others):
            self._send(RemoveFolder(str(node_root(self.folders, node_id) / folder)))

    def _purge_later(self) -> None:
        if not self._purging:
            self._purging = True
            asyncio.get_running_loop().call_later(_PURGE_PAUSE, self._purge)

    def _purge(self) -> None:
        self._purging = False
        if self.store.purge():
            self._purge_later()
        self._commits.commit_later()

    def _watch_expiry(self) -> None:
        self._remove_expired_at(self.store.tasks.next_expiry() or _NEVER)

    def _remove_expired_at(self, due: datetime) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._next_expiry = due
        delay = min(due - now(), _LONGEST_SLEEP)
        seconds = max(_EXPIRY_PAUSE, delay.total_seconds())
        self._expiry = asyncio.get_running_loop().call_later(seconds, self._remove_expired)

    def _remove_expired(self) -> None:
        for task in self.store.tasks.expired(now(), _EXPIRED_AT_ONCE):
            task.files_removed = True
            self.store.tasks.save(task)
            self._remove_task_folders(task)
        self._commits.commit_later()
        self._watch_expiry()
