"""When what was written becomes lasting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from runfleet.emulator.disk import Disk, io_error
from runfleet.emulator.engine.health import EngineFailedError, Health
from runfleet.store import Store

log = logging.getLogger(__name__)

_PAUSE = 0.03
_UNTIL_SPACE = 0.5


class Commits:
    """
    Commits once a turn of the event loop, for all requests of that turn together.

    Parameters
    ----------
    store
        What is written to.
    disk
        Where it is.
    on_committed
        Told when all that was written has become lasting.
    health
        Told when what was written cannot become lasting: what is in memory is no more true.
    """

    def __init__(
        self,
        store: Store,
        disk: Disk,
        on_committed: Callable[[], None],
        health: Health,
    ) -> None:
        self._store = store
        self._disk = disk
        self._on_committed = on_committed
        self._health = health
        self._awaits_space = False
        self._handle: asyncio.Handle | None = None
        self._is_coming = False
        self._waiters: list[asyncio.Future[None]] = []

    async def committed(self) -> None:
        """Wait until all that was written so far is lasting."""
        self._health.demand()
        if self._store.is_dirty:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            self._commit_soon()
            await waiter

    def commit_later(self) -> None:
        """Commit within this turn, but changes of tasks in a moment: the journal covers them."""
        if self._store.has_written:
            self._commit_soon()
        elif self._handle is None and self._store.is_dirty:
            self._handle = asyncio.get_running_loop().call_later(_PAUSE, self._commit)

    def cancel(self) -> None:
        """Leave to somebody else what is still to be committed."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _commit_soon(self) -> None:
        if not self._is_coming:
            self.cancel()
            self._is_coming = True
            self._handle = asyncio.get_running_loop().call_soon(self._commit)

    def _commit(self) -> None:
        self._handle, self._is_coming = None, False
        if not self._health.is_sound:
            self._answer(EngineFailedError())
            return
        if not self._disk.takes_commits:
            self._commit_once_there_is_space()
            return
        self._awaits_space = False
        try:
            self._store.commit()
        except Exception as error:
            self._health.fail(error)
            self._answer(EngineFailedError())
        else:
            self._answer()
            self._on_committed()

    def _commit_once_there_is_space(self) -> None:
        if not self._awaits_space:
            log.error("the disk is full: nothing more is stored until there is space on it")
        self._awaits_space = True
        self._answer(io_error("the disk is full; it will be done once there is space on it"))
        self._handle = asyncio.get_running_loop().call_later(_UNTIL_SPACE, self._commit)

    def _answer(self, error: Exception | None = None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.done():
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(error)
