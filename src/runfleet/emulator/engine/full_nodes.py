"""Nodes that have no space left: they take no tasks until there is some again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from runfleet.agent.messages import Ended, Subject
from runfleet.emulator.disk import Disk
from runfleet.scheduler import losses

log = logging.getLogger(__name__)

_PAUSE = 1.0


class FullNodes:
    """
    Takes nodes away whose disk is full, and brings them back once it is not.

    Parameters
    ----------
    disk
        The one that all nodes are on.
    decide
        Has the scheduler decide about a node.
    """

    def __init__(self, disk: Disk, decide: Callable[..., None]) -> None:
        self._disk = disk
        self._decide = decide
        self._away: set[tuple[str, str]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def on_failed(self, ended: Ended) -> None:
        """Take the node away on which something has failed, if that may be for want of space."""
        is_told = ended.failure is not None and ended.failure.code == "DiskFull"
        if is_told or self._disk.is_full:
            self._take_away(ended.subject)

    def stop(self) -> None:
        """Leave to the next emulator what is away."""
        if self._timer is not None:
            self._timer.cancel()

    def _take_away(self, subject: Subject) -> None:
        log.error("the disk of node %s is full; it waits until there is space", subject.node_id)
        place = subject.pool_id, subject.node_id
        self._decide(losses.on_disk_full, *place, recovers=False)
        self._away.add(place)
        self._bring_back_once_there_is_space()

    def _bring_back_once_there_is_space(self) -> None:
        self.stop()
        if not self._disk.has_room:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_PAUSE, self._bring_back_once_there_is_space)
            return
        away, self._away = self._away, set()
        for place in away:
            self._decide(losses.on_disk_has_room, *place)
