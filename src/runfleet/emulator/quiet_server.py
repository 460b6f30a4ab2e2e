"""The HTTP server's loop, which sleeps while nobody asks for anything."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

log = logging.getLogger(__name__)


class QuietServer(uvicorn.Server):
    """
    A server that sleeps until told to stop: uvicorn's own loop wakes ten times a second.

    Parameters
    ----------
    config
        What it serves, and how; a loop is to run already.
    on_stop
        Called before it waits for the requests that are there.
    """

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._stopping = asyncio.Event()
        # Only the loop's own handlers wake it from its sleep, whenever the signal comes.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, number)

    async def main_loop(self) -> None:
        """Sleep."""
        await self._stopping.wait()
        self._on_stop()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: they are captured from the beginning."""
        yield

    def _on_signal(self, number: int) -> None:
        log.info("told to stop by signal %d", number)
        self.stop()

    def stop(self) -> None:
        """Take no more requests, answer those that are there, and end."""
        self.should_exit = True
        self._stopping.set()
