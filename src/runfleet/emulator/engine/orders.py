"""What the scheduler wants of nodes, as orders to the node agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from runfleet.agent import messages
from runfleet.agent.failures import failure_of
from runfleet.batch.records import Node
from runfleet.batch.specs import PoolSpec
from runfleet.batch.states import EndedBy
from runfleet.emulator.clock import now
from runfleet.emulator.engine.executions import Executions
from runfleet.emulator.engine.node_agent import Sender
from runfleet.emulator.engine.outcomes import failure_record
from runfleet.scheduler import reports
from runfleet.scheduler.commands import (
    Constrain,
    EndBackground,
    Kill,
    Proceed,
    StartInstance,
    StartNodeTask,
    StartPreparation,
    StartRelease,
    StartTask,
)
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.state import State
from runfleet.store import Store
from runfleet.wire.tasks import spec_from_body


class Orders:
    """
    Has the node agent start executions, change them, go on with them and end them.

    Parameters
    ----------
    state
        Knows the jobs and pools of what is started.
    store
        Has the bodies of the tasks.
    executions
        Describes what is to be executed.
    nodes
        Takes the orders to the node agent.
    decide
        Has the scheduler decide about what could not even be ordered.
    """

    def __init__(
        self,
        state: State,
        store: Store,
        executions: Executions,
        nodes: Sender,
        decide: Callable[..., None],
    ) -> None:
        self._state = state
        self._store = store
        self._executions = executions
        self._nodes = nodes
        self._decide = decide

    def start_task(self, command: StartTask | StartInstance) -> None:
        """Run a task, or an instance of a multi-instance task."""
        task = command.task
        spec = spec_from_body(self._store.tasks.body(task.sequence))
        job = self._state.job(task.job_id).job
        pool = self._pool_of(command.node)
        of = self._executions
        if isinstance(command, StartTask):
            self._execute(command.execution, partial(of.of_task, command, spec, job, pool))
        else:
            self._execute(command.execution, partial(of.of_instance, command, spec, job, pool))

    def start_node_task(self, command: StartNodeTask) -> None:
        """Run a start task."""
        self._execute(command.execution, partial(self._executions.of_start_task, command))

    def start_preparation(self, command: StartPreparation) -> None:
        """Run a job's preparation task."""
        pool = self._pool_of(command.node)
        self._execute(command.execution, partial(self._executions.of_preparation, command, pool))

    def start_release(self, command: StartRelease) -> None:
        """Run a job's release task."""
        pool = self._pool_of(command.node)
        self._execute(command.execution, partial(self._executions.of_release, command, pool))

    def _pool_of(self, node: Node) -> PoolSpec:
        return self._state.pool(node.pool_id).pool.spec

    def proceed(self, command: Proceed) -> None:
        """Go on with a primary whose instances are all coordinated."""
        self._nodes.send(messages.Proceed(command.execution))

    def constrain(self, command: Constrain) -> None:
        """Hold an execution to what has changed."""
        self._nodes.send(self._executions.of_change(command))

    def kill(self, command: Kill) -> None:
        """End an execution."""
        self._nodes.send(messages.Kill(command.execution, command.uploads))

    def end_background(self, command: EndBackground) -> None:
        """End what the start task of a node has left running."""
        self._nodes.send(messages.EndBackground(self._executions.root_of(command.node)))

    def _execute(self, execution: int, describe: Callable[[], messages.Execute]) -> None:
        """Have the agent execute something; what cannot even be described to it has failed."""
        try:
            self._nodes.send(describe())
        except Exception as error:
            failure = failure_record(failure_of(error))
            moment = now()
            outcome = Outcome(moment, moment, EndedBy.FAILURE, failure=failure)
            loop = asyncio.get_running_loop()
            loop.call_soon(self._decide, reports.on_ended, execution, outcome)
