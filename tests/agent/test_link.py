"""The emulator's end."""

import asyncio
import os
import signal

import pytest

from runfleet.agent.journal import read_journal
from runfleet.agent.link import AgentLink, AgentLostError
from runfleet.agent.messages import Ended, Execute, Subject, SubjectKind


class Emulator:
    """What an emulator does with its link."""

    def __init__(self, state):
        self.state = state
        self.received = []
        self.lost = asyncio.Event()
        self.news = asyncio.Event()

    async def start(self):
        return await AgentLink.start(self.state, on_message=self.on_message, on_lost=self.lost.set)

    def on_message(self, message):
        self.received.append(message)
        self.news.set()

    async def wait_for(self, count):
        while len(self.received) < count:
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 60)
        return self.received

    def execution(self, number, command_line="true"):
        subject = Subject(SubjectKind.TASK, "pool", "node", "job", f"task-{number}")
        root = f"{self.state}/nodes/0a1b2c3d"
        directory = f"workitems/job/job-1/task-{number}"
        environment = {"AZ_BATCH_TASK_DIR": f"{root}/{directory}", "AZ_BATCH_NODE_ROOT_DIR": root}
        return Execute(number, subject, root, directory, command_line, environment)


def test_executions_end_through_the_link(state):
    async def main():
        emulator = Emulator(state)
        link = await emulator.start()
        (ready,) = emulator.received
        for number in range(100):
            link.send(emulator.execution(number))
        received = await emulator.wait_for(101)
        await link.stop()
        assert not emulator.lost.is_set()
        assert not os.path.exists(f"/proc/{ready.pid}")
        assert {one.execution for one in received if isinstance(one, Ended)} == set(range(100))
        assert {one.exit_code for one in read_journal(state / "agent.journal")} == {0}

    asyncio.run(main())


def test_the_death_of_the_agent_is_told(state):
    async def main():
        emulator = Emulator(state)
        link = await emulator.start()
        link.send(emulator.execution(1, "sleep 1000"))
        (ready,) = emulator.received
        os.kill(ready.pid, signal.SIGKILL)
        await asyncio.wait_for(emulator.lost.wait(), 60)
        await link.stop()
        # The next agent ends what is left.
        again = await emulator.start()
        await again.stop()

    asyncio.run(main())


def test_an_agent_that_is_lost_alive_notes_no_failures(state):
    """What is ended because nobody hears of it any more has not failed by itself."""

    class Failing(Emulator):
        def on_message(self, message):
            super().on_message(message)
            if isinstance(message, Ended):
                raise RuntimeError

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        emulator = Failing(state)
        link = await emulator.start()
        for number in range(50):
            link.send(emulator.execution(number, "sleep 1000"))
        link.send(emulator.execution(50, "sleep 0.5"))
        await asyncio.wait_for(emulator.lost.wait(), 60)
        await link.stop()
        assert [one.execution for one in read_journal(state / "agent.journal")] == [50]

    asyncio.run(main())


def test_what_was_sent_last_is_carried_out_before_the_stop(state):
    async def main():
        emulator = Emulator(state)
        link = await emulator.start()
        link.send(emulator.execution(1, "sleep 1000"))
        await link.stop()
        assert os.path.isdir(f"{state}/nodes/0a1b2c3d/workitems/job/job-1/task-1")

    asyncio.run(main())


def test_an_agent_that_cannot_start_is_an_error(tmp_path):
    (tmp_path / "state").touch()

    async def main():
        with pytest.raises(AgentLostError, match="the node agent ended before it was ready"):
            await Emulator(tmp_path / "state").start()

    asyncio.run(main())
