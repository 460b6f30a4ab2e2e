"""The node agent that the engine talks to, and the next one when it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from runfleet.agent.link import AgentLink
from runfleet.agent.messages import Message
from runfleet.agent.process import AgentProcess
from runfleet.emulator.engine.agent_lives import AgentLives
from runfleet.errors import RunfleetError

log = logging.getLogger(__name__)


class Sender(Protocol):
    """What takes messages to the node agent."""

    def send(self, message: Message) -> None:
        """Say something to the agent."""


class NodeAgent:
    """
    There is always one: it is started again when it is lost.

    Parameters
    ----------
    state
        The folder that holds the nodes.
    on_message
        Called with every message of the agent.
    on_replaced
        Called when another agent is ready in place of one that was lost.
    on_failed
        Called when there will be none any more.
    """

    def __init__(
        self,
        state: Path,
        on_message: Callable[[Message], None],
        on_replaced: Callable[[], None],
        on_failed: Callable[[], None],
    ) -> None:
        self._state = state
        self._on_message = on_message
        self._on_replaced = on_replaced
        self._on_failed = on_failed
        self._lives = AgentLives()
        self._link: AgentLink | None = None

    @property
    def is_there(self) -> bool:
        """Whether anybody hears what is sent."""
        return self._link is not None

    async def start(self, process: AgentProcess | None = None) -> None:
        """Wait for an agent, the given one or another, to end what an earlier one left running."""
        self._lives.begin()
        self._link = await AgentLink.start(
            self._state, on_message=self._on_message, on_lost=self._on_lost, agent=process
        )

    async def stop(self) -> None:
        """End it with all its executions."""
        if self._link is not None:
            link, self._link = self._link, None
            await link.stop()

    def send(self, message: Message) -> None:
        """Say something to the agent; without one it is lost, as all that ran then is."""
        if self._link is not None:
            self._link.send(message)

    def note_work(self) -> None:
        """It has brought an execution to its end."""
        self._lives.note_work()

    def _on_lost(self) -> None:
        if self._link is None:
            return
        self._link = None
        self._lives.end()
        if self._lives.are_too_short:
            log.critical("%d node agents ended before any task had", self._lives.short)
            self._on_failed()
            return
        log.error("the node agent is gone; it is started again and its tasks are queued again")
        asyncio.get_running_loop().create_task(self._replace())

    async def _replace(self) -> None:
        try:
            await self.start()
        except (RunfleetError, OSError) as error:
            log.critical("the node agent cannot be started again: %s", error)
            self._on_failed()
        else:
            self._on_replaced()


Interposer = Callable[[NodeAgent, Callable[..., None]], Sender]
"""Makes, of the node agent and of the engine's `decide`, what stands between the two."""
