"""What executions on Windows nodes need besides: a slot of Wine, pipes and a console."""

from __future__ import annotations

import logging
import selectors
import signal
from dataclasses import dataclass, replace
from functools import partial

from runfleet.agent import wine
from runfleet.agent.execution import Execution, Phase
from runfleet.agent.processes import Exit, Processes
from runfleet.agent.streams import Stream, Streams
from runfleet.agent.wine_slots import Slot, Slots
from runfleet.agent.wine_template import OnReady, Template
from runfleet.agent.workers import Workers
from runfleet.home import AgentFolders

log = logging.getLogger(__name__)

_EXIT_KILLED = 128 + signal.SIGKILL
_KILLED = b"a process was killed by signal %d: there may have been too little memory\r\n"


@dataclass(slots=True)
class Place:
    """
    Where an execution runs.

    Parameters
    ----------
    slot, streams
        Its own; there are no streams before its start and after its end.
    is_sound
        Whether the slot can be used again.
    exit_code
        That of Windows, where Wine has none for how it ended a program.
    """

    slot: Slot
    streams: Streams | None = None
    is_sound: bool = True
    exit_code: int | None = None


class Windows:
    """
    Looks after executions on Windows nodes.

    Parameters
    ----------
    folders
        Where the agent keeps what.
    processes, workers
        See `Executions`.
    selector
        The loop's, which is to hear of what tasks write.
    """

    def __init__(
        self,
        folders: AgentFolders,
        processes: Processes,
        workers: Workers,
        selector: selectors.BaseSelector,
    ) -> None:
        self._processes = processes
        self._template = Template(folders)
        self._slots = Slots(self._template, processes, workers)
        self._selector = selector
        self._places: dict[int, Place] = {}
        self._listening: set[Stream] = set()

    def admit(self, execution: Execution, then: OnReady) -> None:
        """
        Find an execution a place; `then` hears when it has one, or why not.

        Raises
        ------
        ExecutionError
            If Wine is not installed, or cannot be started.
        """
        on_template = partial(self._on_template, execution, then)
        self._template.await_ready(self._processes, on_template)

    def launch(self, execution: Execution) -> int:
        """
        Start the command of an execution; return its process.

        Raises
        ------
        ExecutionError
            If it has no program that can be started.
        """
        message, place = execution.message, self._places[execution.number]
        place.is_sound = False  # until its end is known
        place.streams = streams = Streams.open(execution.folder)
        try:
            return wine.launch(
                message.command_line, execution.environment, execution.working_directory, streams
            )
        finally:
            streams.hand_over()
            self._listen(streams)

    def conclude(self, execution: Execution) -> None:
        """
        Bring the rest of its output to its file, and learn how an execution has really ended.

        Raises
        ------
        ExecutionError
            If Windows could not start its program.
        """
        place = self._places[execution.number]
        ended, execution.exit = execution.exit, None
        by_others = None if execution.stopped_by or ended is None else ended.killed_by
        if place.streams is not None and by_others is not None:
            place.streams.messages.tell(_KILLED % by_others)
        self._close_streams(place)
        end = wine.read_end(place.slot.prefix)
        assert ended is not None, "only executions whose command has ended get here"
        if end is None:
            # Programs whose Wine is gone end, as far as Linux knows, with 0.
            execution.exit = replace(ended, exit_code=ended.exit_code or _EXIT_KILLED)
            return
        # A kill may upset the server of a program, which then keeps a processor busy.
        is_upset = execution.stopped_by is not None or ended.killed_by is not None
        place.is_sound = not end.changed_registry and not is_upset
        exit_code = end.exit_code or place.exit_code or _code_of_killed(ended)
        execution.exit = replace(ended, exit_code=exit_code)

    def release(self, execution: Execution) -> None:
        """Take back the place of an execution of which no process is left."""
        place = self._places.pop(execution.number, None)
        if place is not None:
            self._close_streams(place)
            self._slots.give_back(place.slot, is_sound=place.is_sound)

    def drop(self, folder: str) -> None:
        """End what is kept for the nodes that lie in a folder, which is about to go."""
        self._slots.drop(folder)

    def close(self) -> None:
        """Clear away what lies elsewhere, once no process is left."""
        self._slots.close()

    def _on_template(self, execution: Execution, then: OnReady, error: Exception | None) -> None:
        if error is None:
            root = execution.message.node_root
            self._slots.take(root, partial(self._on_slot, execution, then))
        else:
            then(error)

    def _on_slot(
        self, execution: Execution, then: OnReady, slot: Slot, error: Exception | None
    ) -> None:
        if execution.phase is Phase.OVER or error is not None:
            self._slots.give_back(slot, is_sound=error is None)
        else:
            self._places[execution.number] = Place(slot)
            slot.on_lost = partial(self._end, execution)
            execution.environment = wine.settings(execution.environment, slot.prefix)
        then(error)

    def _end(self, execution: Execution) -> None:
        """End the command of an execution whose Wine is gone; it fails as if it had been killed."""
        if execution.leader:
            log.warning("the Wine of %s was ended from outside", execution.folder)
            self._processes.kill(execution.leader)

    def _listen(self, streams: Streams) -> None:
        for stream in streams.all():
            self._listening.add(stream)
            hear = partial(self._forward, stream)
            self._selector.register(stream, selectors.EVENT_READ, lambda _, hear=hear: hear())

    def _ignore(self, stream: Stream) -> None:
        if stream in self._listening:
            self._listening.remove(stream)
            self._selector.unregister(stream)

    def _forward(self, stream: Stream) -> None:
        # What happened just before, in the same turn of the loop, may have closed it.
        if stream in self._listening:
            stream.forward()
            if stream.is_over:
                self._ignore(stream)

    def _close_streams(self, place: Place) -> None:
        if place.streams is not None:
            for stream in place.streams.all():
                self._ignore(stream)
            place.streams.close()
            place.exit_code = place.streams.messages.exit_code
            place.streams = None


def _code_of_killed(ended: Exit) -> int:
    """Give the exit code for a process that was killed, which Wine takes for one that ended."""
    return 0 if ended.killed_by is None else 128 + ended.killed_by
