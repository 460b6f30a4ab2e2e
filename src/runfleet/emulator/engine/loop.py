"""The loop around the scheduler: carries out its commands and hands it what happened."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from runfleet.agent.journal import clear_journal, read_journal, shorten_journal
from runfleet.agent.messages import BackgroundEnded, Coordinated, Ended, Message, Ready
from runfleet.agent.process import AgentProcess
from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task
from runfleet.emulator.clock import now
from runfleet.emulator.disk import Disk
from runfleet.emulator.engine.children import Children
from runfleet.emulator.engine.commits import Commits
from runfleet.emulator.engine.executions import Executions
from runfleet.emulator.engine.expiry import Expiry
from runfleet.emulator.engine.full_nodes import FullNodes
from runfleet.emulator.engine.health import Health
from runfleet.emulator.engine.leftovers import Leftovers
from runfleet.emulator.engine.node_agent import Interposer, NodeAgent
from runfleet.emulator.engine.node_records import NodeRecords
from runfleet.emulator.engine.orders import Orders
from runfleet.emulator.engine.outcomes import is_success, outcome_of
from runfleet.emulator.engine.removal import Removal
from runfleet.emulator.new_tasks import new_task
from runfleet.home import Folders
from runfleet.scheduler import commands as wanted
from runfleet.scheduler import reports, task_requests
from runfleet.scheduler.pools import awaits_nodes
from runfleet.scheduler.restore import Remembered, resume
from runfleet.scheduler.schedules import awaits_run
from runfleet.scheduler.state import State
from runfleet.store import Store, StoredTask
from runfleet.wire.managers import manager_task

log = logging.getLogger(__name__)

# While a machine is suspended the loop's clock stands still, and what is due by the time of day
# would come as much later.
_LONGEST_TIMER = timedelta(minutes=1)


class Engine:
    """
    Owns the scheduler's state, the store and the node agent.

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
    faults
        Has some of what the agent is told go wrong; None where nothing shall.

    Attributes
    ----------
    disk
        What the home is on.
    health
        Tells when it cannot go on: there is no node agent any more, or something has failed.
    """

    def __init__(
        self,
        folders: Folders,
        store: Store,
        state: State,
        executions: Executions,
        faults: Interposer | None = None,
    ) -> None:
        self.state = state
        self.store = store
        self.folders = folders
        self.disk = Disk(folders.home)
        self._journal = folders.agent.journal
        self.health = health = Health(folders.database)
        self._agent = NodeAgent(
            folders.state,
            self._on_message,
            partial(health.attempt, self._on_agent_replaced),
            health.give_up,
        )
        self._commits = Commits(store, self.disk, self._on_committed, health)
        self._children = Children(store, self._commits, health, self.hear)
        nodes = self._agent if faults is None else faults(self._agent, self.hear)
        self._orders = Orders(state, store, executions, nodes, self.hear)
        self._node_records = NodeRecords(store, state.pools)
        self._removal = Removal(
            folders, store, self._commits, health, state.pools, self._node_records, nodes
        )
        self._leftovers = Leftovers(folders, state, store, health, nodes)
        self._expiry = Expiry(store, self._commits, health, self._removal.remove_files_of)
        self._full_nodes = FullNodes(self.disk, self.hear)
        self._commands: deque[wanted.Command] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due: datetime | None = None
        self._do = {**self._remembering(), **self._carrying_out()}

    def _remembering(self) -> Mapping[type[Any], Callable[[Any], None]]:
        """What the store alone is to do, by the scheduler's commands."""
        store = self.store
        return {
            wanted.SavePool: lambda command: store.save_pool(command.pool),
            wanted.ForgetPool: lambda command: store.forget_pool(command.pool_id),
            wanted.SaveNode: lambda command: self._node_records.save(command.node),
            wanted.SaveUsage: lambda command: store.usage.add(command.usage),
            wanted.SaveJob: lambda command: store.save_job(command.job),
            wanted.SaveJobSchedule: lambda command: store.save_job_schedule(command.schedule),
            wanted.ForgetJobSchedule: lambda command: store.forget_job_schedule(
                command.schedule_id
            ),
            wanted.SaveJobNode: lambda command: store.save_job_node(command.job_node),
            wanted.SaveSubtasks: lambda command: store.tasks.save_subtasks(
                command.task, command.subtasks
            ),
        }

    def _carrying_out(self) -> Mapping[type[Any], Callable[[Any], None]]:
        """What more is to be done for a command than remembering it."""
        return {
            wanted.SaveTask: self._save_task,
            wanted.LoadTasks: self._load_tasks,
            wanted.AddManager: self._add_manager,
            wanted.Satisfy: self._children.satisfy,
            wanted.ForgetNode: self._removal.forget_node,
            wanted.ForgetJob: self._removal.forget_job,
            wanted.ForgetTask: self._removal.forget_task,
            wanted.RemoveTaskFiles: self._removal.remove_task_files,
            wanted.RemoveJobFiles: self._removal.remove_job_files,
            wanted.StartTask: self._orders.start_task,
            wanted.StartInstance: self._orders.start_task,
            wanted.StartNodeTask: self._orders.start_node_task,
            wanted.StartPreparation: self._orders.start_preparation,
            wanted.StartRelease: self._orders.start_release,
            wanted.Proceed: self._orders.proceed,
            wanted.Constrain: self._orders.constrain,
            wanted.Kill: self._orders.kill,
            wanted.EndBackground: self._orders.end_background,
        }

    async def start(self, agent: AgentProcess) -> None:
        """Wait for the node agent, which ends what an earlier one left running."""
        await self._agent.start(agent)
        self._removal.purge()

    def go_on(self, remembered: Remembered) -> None:
        """Let go on what is remembered of an earlier life, once what ran then is settled."""
        self._expiry.begin()
        self.decide(resume, remembered)
        self._leftovers.look()

    async def stop(self) -> None:
        """End all executions and commit, if all is well; the next start queues them again."""
        await self._agent.stop()
        if self._timer is not None:
            self._timer.cancel()
        self._expiry.stop()
        self._full_nodes.stop()
        self._commits.cancel()
        self._close_store()

    def _close_store(self) -> None:
        if not self.health.is_sound:
            self.store.abandon()
            return
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
        """
        Have the scheduler decide now about what is asked for, and do what it wants.

        Raises
        ------
        BatchRuleError
            If a rule refuses it: nothing has changed then.
        EngineFailedError
            If anything else goes wrong: the emulator ends.
        """
        with self.health.guard(BatchRuleError):
            commands = decision(self.state, now(), *args, **kwargs)
        with self.health.guard():
            self._carry_out(commands)

    def hear(
        self, decision: Callable[..., list[wanted.Command]], *args: Any, **kwargs: Any
    ) -> None:
        """Have the scheduler decide about what has happened, which no rule may refuse."""
        self.health.attempt(lambda: self._carry_out(decision(self.state, now(), *args, **kwargs)))

    def _carry_out(self, commands: list[wanted.Command]) -> None:
        """Do what is wanted; what is decided on the way comes behind what was decided before."""
        self._commands.extend(commands)
        while self._commands:
            command = self._commands.popleft()
            self._do[type(command)](command)
        self._set_timer()
        self._children.tell_soon()
        self._commits.commit_later()

    def remove_files_of(self, task: Task) -> None:
        """Remove the folders of a task from the nodes where it and its subtasks ran last."""
        self._removal.remove_files_of(task)

    async def committed(self) -> None:
        """Wait until all that was written so far is lasting."""
        await self._commits.committed()

    def _on_committed(self) -> None:
        # What the agent noted of executions that are over has come in, and is lasting now.
        if self.state.executions:
            shorten_journal(self._journal, self.state.unsettled)
        else:
            clear_journal(self._journal)

    def _on_message(self, message: Message) -> None:
        if isinstance(message, Ended):
            self._agent.note_work()
            self.hear(reports.on_ended, message.execution, outcome_of(message))
            if not is_success(message):
                self._full_nodes.on_failed(message)
        elif isinstance(message, Coordinated):
            self.hear(reports.on_coordinated, message.execution)
        elif isinstance(message, BackgroundEnded):
            of = message.subject
            self.hear(reports.on_background_ended, of.pool_id, of.node_id)
        elif isinstance(message, Ready):
            log.info("node agent %d is ready", message.pid)

    def _on_agent_replaced(self) -> None:
        # The lost one may have noted ends that it had no time to tell.
        noted = read_journal(self._journal)
        ends = {ended.execution: outcome_of(ended) for ended in noted}
        self.hear(reports.on_agent_lost, ends)
        self._leftovers.look()

    def _set_timer(self) -> None:
        due = self.state.timers.next_due()
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
        self.hear(reports.on_time)

    def _save_task(self, command: wanted.SaveTask) -> None:
        task = command.task
        self.store.tasks.save(task)
        if task.end_time is not None:
            self._expiry.watch(task, task.end_time)

    def _load_tasks(self, command: wanted.LoadTasks) -> None:
        tasks = self.store.tasks.waiting(
            self.store.job_number(command.job_id),
            after=command.after_sequence,
            limit=command.limit,
        )
        self._commands.extend(reports.on_tasks_loaded(self.state, now(), command.job_id, tasks))

    def _add_manager(self, command: wanted.AddManager) -> None:
        parsed, sequence = manager_task(command.job), self.store.tasks.next_sequence()
        task = new_task(command.job, parsed.head, sequence, now())
        number = self.store.job_number(task.job_id)
        self.store.tasks.add(number, [StoredTask(task, parsed.body)])
        self._commands.extend(task_requests.add_manager(self.state, now(), task.job_id, task))
