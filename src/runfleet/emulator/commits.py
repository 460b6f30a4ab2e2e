"""When what was written becomes lasting."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from runfleet.store import Store

log = logging.getLogger(__name__)

_PAUSE = 0.03


class Commits:
    """
    Commits once a turn of the event loop, for all requests of that turn together.

    Parameters
    ----------
    store
        What is written to.
    on_committed
        Told when all that was written has become lasting.
    """

    def __init__(self, store: Store, on_committed: Callable[[], None]) -> None:
        self._store = store
        self._on_committed = on_committed
        self._handle: asyncio.Handle | None = None
        self._is_coming = False
        self._waiters: list[asyncio.Future[None]] = []

    async def committed(self) -> None:
        """Wait until all that was written so far is lasting."""
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
        waiters, self._waiters = self._waiters, []
        try:
            self._store.commit()
        except sqlite3.Error as error:
            log.exception("committing to the store failed")
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._on_committed()
