"""What the engine does with decisions, without a node agent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from runfleet.agent.messages import Execute, Kill, Message
from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task, TaskCounts
from runfleet.batch.specs import JobSpec, PoolSpec
from runfleet.batch.states import NodeState
from runfleet.emulator.clock import now
from runfleet.emulator.engine.executions import Executions
from runfleet.emulator.engine.health import EngineFailedError
from runfleet.emulator.engine.loop import Engine
from runfleet.emulator.packages import Packages
from runfleet.home import Folders
from runfleet.scheduler import commands, job_requests, jobs, pool_requests
from runfleet.scheduler.commands import Command
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State
from runfleet.storage.auto_storage import open_auto_storage
from runfleet.store import Store, StoredTask


class Recorder:
    """Takes what the node agent is told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)


class World:
    """An engine that is not started, as nothing shall run."""

    def __init__(self, home: Path) -> None:
        folders = Folders(home)
        folders.make_state()
        self.nodes = Recorder()
        storage = open_auto_storage(home)
        executions = Executions(folders, Packages(folders.packages), storage, "local", "http://x")
        self.store = Store(folders.database)
        self.state = State(Random(1))
        self.engine = Engine(
            folders, self.store, self.state, executions, lambda _agent, _decide: self.nodes
        )

    async def make_pool(self) -> None:
        """Make a pool, and wait until its node is there."""
        spec = PoolSpec("pool", "standard_f2s_v2")
        self.engine.decide(
            pool_requests.create_pool, spec, "{}", target_dedicated=1, target_low_priority=0
        )
        (entry,) = self.state.pool("pool").nodes.values()
        while entry.node.state is not NodeState.IDLE:
            await asyncio.sleep(0.01)

    def make_job(self) -> None:
        """Make a job with a task that waits in the store."""
        self.engine.decide(job_requests.create_job, JobSpec("job", "pool"), "{}")
        task = Task("job", "t", self.store.tasks.next_sequence(), now(), now(), now())
        body = b'{"id": "t", "commandLine": "true"}'
        self.store.tasks.add(self.store.job_number("job"), [StoredTask(task, body)])
        jobs.recount(self.state.job("job"), TaskCounts(active=1), TaskCounts(active=1))


def run(home: Path, work: Callable[[World], Awaitable[None]]) -> None:
    """Work with an engine, and stop it."""

    async def main() -> None:
        world = World(home)
        await work(world)
        await world.engine.stop()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_what_is_decided_on_the_way_comes_behind_what_was_decided_before(tmp_path: Path) -> None:
    async def work(world: World) -> None:
        await world.make_pool()
        world.make_job()

        def decide(_state: State, _now: datetime) -> list[Command]:
            return [commands.LoadTasks("job", 0, 10), commands.Kill(99)]

        world.engine.decide(decide)
        kill, execute = world.nodes.messages
        assert isinstance(kill, Kill)
        assert isinstance(execute, Execute)
        assert execute.subject.task_id == "t"

    run(tmp_path, work)


@decision
def fail(state: State, _now: datetime) -> None:
    state.emit(commands.Kill(1))
    raise RuntimeError


@decision
def refuse_too_late(state: State, _now: datetime) -> None:
    state.emit(commands.Kill(1))
    raise BatchRuleError("JobNotFound")


@decision
def kill(state: State, _now: datetime) -> None:
    state.emit(commands.Kill(2))


def load_in_vain(_state: State, _now: datetime) -> list[Command]:
    return [commands.SavePool(pool=None), commands.Kill(1)]  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [fail, refuse_too_late, load_in_vain])
def test_after_an_error_nothing_is_done_nor_stored(
    tmp_path: Path, wrong: Callable[..., list[Command]]
) -> None:
    async def work(world: World) -> None:
        world.engine.decide(job_requests.create_job, JobSpec("stored", "pool"), "{}")
        await world.engine.committed()
        world.engine.decide(job_requests.create_job, JobSpec("lost", "pool"), "{}")
        waiting = asyncio.ensure_future(world.engine.committed())
        with pytest.raises(EngineFailedError):
            world.engine.decide(wrong)
        assert world.engine.health.ending.is_set()
        with pytest.raises(EngineFailedError):
            await waiting
        with pytest.raises(EngineFailedError):
            world.engine.decide(kill)
        world.engine.hear(kill)
        assert world.nodes.messages == []

    run(tmp_path, work)
    store = Store(Folders(tmp_path).database)
    assert [job.spec.job_id for job in store.jobs()] == ["stored"]
    store.close()


def test_after_a_refusal_all_goes_on(tmp_path: Path) -> None:
    async def work(world: World) -> None:
        with pytest.raises(BatchRuleError, match="JobNotFound"):
            world.engine.decide(job_requests.delete_job, "none")
        world.engine.decide(kill)
        assert world.nodes.messages == [Kill(2, upload=False)]

    run(tmp_path, work)
