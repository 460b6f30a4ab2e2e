"""
The Wine prefixes of nodes, kept warm: each is for one task at a time.

To start Wine takes longer than to start a program in it.  So its server and services stay between
tasks, and with them the registry, which is made anew when a task has changed it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TypeAlias

from runfleet.agent import launch, wine
from runfleet.agent.processes import Processes
from runfleet.agent.wine_template import Template
from runfleet.agent.workers import Workers

_FOLDER = "volatile/wine"
# Without its server, which somebody may have killed, Wine waits for ever.
_START = 'wineserver -p; exec timeout -k 1 30 "$@"'
_AWAIT_END = ("wineserver", "-w")


@dataclass(slots=True, eq=False)
class Slot:
    """
    A Wine prefix with its server.

    Parameters
    ----------
    node_root
        The root folder of its node.
    prefix
        Its folder.
    errand
        What its server and services run for; 0 before they are started.
    is_dropped
        Whether it is not to be used again.
    on_lost
        Called when its server has ended while it is in use.
    """

    node_root: str
    prefix: str
    errand: int = 0
    is_dropped: bool = False
    on_lost: Callable[[], None] | None = None


OnSlot: TypeAlias = Callable[[Slot, Exception | None], None]


class Slots:
    """
    The slots of all nodes.

    Parameters
    ----------
    template
        What their prefixes are made of.
    processes
        Who looks after their processes.
    workers
        What does the slow work.
    """

    def __init__(self, template: Template, processes: Processes, workers: Workers) -> None:
        self._template = template
        self._processes = processes
        self._workers = workers
        self._numbers = count(1)
        self._slots: set[Slot] = set()
        self._idle: dict[str, list[Slot]] = {}

    def take(self, node_root: str, then: OnSlot) -> None:
        """Find a slot that is warm, or make one; whoever gets it gives it back."""
        if idle := self._idle.get(node_root):
            then(idle.pop(), None)
            return
        if node_root not in self._idle:
            self._idle[node_root] = []
            _remove_remains(f"{node_root}/{_FOLDER}")
        slot = Slot(node_root, f"{node_root}/{_FOLDER}/{next(self._numbers)}")
        self._slots.add(slot)
        work = partial(self._template.make_prefix, slot.prefix, node_root)
        self._workers.submit(work, partial(self._on_made, slot, then))

    def give_back(self, slot: Slot, *, is_sound: bool) -> None:
        """Keep a slot for the next task of the node, unless it is not as it was."""
        slot.on_lost = None
        if is_sound and slot.errand and not slot.is_dropped:
            self._idle[slot.node_root].append(slot)
        else:
            self._end(slot)

    def drop(self, folder: str) -> None:
        """End the slots of the nodes that lie in a folder, which is about to go."""
        for slot in [one for one in self._slots if f"{one.node_root}/".startswith(f"{folder}/")]:
            slot.is_dropped = True
            if slot in self._idle.get(slot.node_root, ()):
                self._end(slot)
        for root in [root for root in self._idle if f"{root}/".startswith(f"{folder}/")]:
            del self._idle[root]

    def close(self) -> None:
        """Remove all slots, of which no process is left."""
        for slot in self._slots:
            wine.remove_prefix(slot.prefix)

    def _on_made(self, slot: Slot, then: OnSlot, error: Exception | None) -> None:
        if error is None:
            try:
                self._start(slot, then)
                return
            except Exception as caught:
                error = caught
        then(slot, error)

    def _start(self, slot: Slot, then: OnSlot) -> None:
        pid = _launch(slot, ["sh", "-c", _START, "sh", *wine.starter()])
        on_exit = partial(self._on_started, slot, then)
        slot.errand = self._processes.add_errand(pid, slot.prefix, on_exit)

    def _on_started(self, slot: Slot, then: OnSlot, _: int) -> None:
        try:
            waiting = _launch(slot, _AWAIT_END)
        except Exception as caught:
            then(slot, caught)
            return
        on_exit = partial(self._on_server_ended, slot)
        self._processes.add_guest(slot.errand, waiting, on_exit)
        then(slot, None)

    def _on_server_ended(self, slot: Slot, _: int) -> None:
        """Give up a slot whose server was killed: its programs would wait for it for ever."""
        if slot not in self._slots:
            return
        slot.is_dropped = True
        idle = self._idle.get(slot.node_root, [])
        if slot in idle:
            idle.remove(slot)
            self._end(slot)
        elif slot.on_lost is not None:
            slot.on_lost()

    def _end(self, slot: Slot) -> None:
        self._slots.discard(slot)
        if slot.errand:
            self._processes.end_errand(slot.errand, slot.prefix)
        wine.remove_prefix(slot.prefix)


def _launch(slot: Slot, command: Sequence[str]) -> int:
    environment = wine.settings(launch.base_environment(os.environ), slot.prefix)
    return wine.launch_silently(command, environment, slot.prefix)


def _remove_remains(folder: str) -> None:
    """Remove the slots that an earlier agent, which was killed, has left of a node."""
    with contextlib.suppress(OSError):  # what is in the way is told by whoever makes a slot
        for name in os.listdir(folder):
            wine.remove_prefix(f"{folder}/{name}")
