"""The emulator's end of the connection to its node agent."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

from runfleet.agent.earlier import end_processes
from runfleet.agent.messages import Message, Ready, decode, encode
from runfleet.agent.process import AgentProcess
from runfleet.errors import RunfleetError

log = logging.getLogger(__name__)

_PATIENCE = 5.0


class AgentLostError(RunfleetError):
    """The node agent ended before it was ready."""


class AgentLink(asyncio.Protocol):
    """
    A running node agent, and the way to talk to it.

    Parameters
    ----------
    process
        The agent's process.
    state
        The folder that holds the nodes.
    on_message
        Called with every message of the agent.
    on_lost
        Called once if the agent ends without having been stopped.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        state: Path,
        on_message: Callable[[Message], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._process = process
        self._state = state
        self._on_message = on_message
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._incoming = b""
        self._outgoing: list[bytes] = []
        self._is_stopping = False

    @classmethod
    async def start(
        cls,
        state: Path,
        *,
        on_message: Callable[[Message], None],
        on_lost: Callable[[], None],
        agent: AgentProcess | None = None,
    ) -> AgentLink:
        """
        Start an agent, and return when it has ended what an earlier one left.

        Only then is its journal complete: read it with `read_journal` after this.

        Parameters
        ----------
        state
            The folder that holds the nodes.
        on_message
            Called with every message of the agent, `Ready` included.
        on_lost
            Called once if the agent ends without having been stopped.
        agent
            One that has been started already.

        Raises
        ------
        AgentLostError
            If it ends instead.
        """
        agent = agent or AgentProcess.start(state)
        link = cls(agent.process, state, on_message, on_lost)
        await link._loop.create_connection(lambda: link, sock=agent.channel)
        try:
            await link._ready
        except BaseException:
            await link.stop()
            raise
        return link

    def send(self, message: Message) -> None:
        """Say something to the agent; what is said within one turn of the loop goes at once."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(encode(message))

    async def stop(self) -> None:
        """End the agent with all processes of its executions."""
        self._is_stopping = True
        self._flush()
        self._transport.close()
        await asyncio.to_thread(self._wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand on the messages that have come in whole."""
        *lines, self._incoming = (self._incoming + data).split(b"\n")
        for line in lines:
            self._hand_on(decode(line))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever relies on the agent that it is gone."""
        log.info("agent %d is gone: %s", self._process.pid, exc or "it has closed the connection")
        if not self._ready.done():
            reason = "the node agent ended before it was ready"
            self._ready.set_exception(AgentLostError(reason, hint="its log says why"))
        elif not self._is_stopping:
            # One that is still there would take what is ended now for what failed by itself.
            self._process.kill()
            self._process.wait()
            # A killed agent leaves them running. What they did until the next one is ready would
            # be done again: the sooner they end, the fewer runs have ended by themselves.
            end_processes(self._state)
            self._on_lost()

    def _hand_on(self, message: Message) -> None:
        self._on_message(message)
        if isinstance(message, Ready) and not self._ready.done():
            self._ready.set_result(None)

    def _flush(self) -> None:
        if self._outgoing:
            self._transport.write(b"".join(self._outgoing))
            self._outgoing.clear()

    def _wait(self) -> None:
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            log.warning("agent %d did not end by itself", self._process.pid)
            self._process.kill()
            self._process.wait()
