"""The agent's one loop: messages in, processes watched, messages out."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import socket
import time

from runfleet.agent.executions import Executions
from runfleet.agent.folders import NodeFolders
from runfleet.agent.journal import Journal
from runfleet.agent.logins import Logins
from runfleet.agent.messages import (
    BackgroundEnded,
    Constrain,
    Coordinated,
    EndBackground,
    Ended,
    Execute,
    Kill,
    Message,
    Proceed,
    Ready,
    RemoveFolder,
    decode,
    encode,
)
from runfleet.agent.node_logs import NodeLogs
from runfleet.agent.trash import Trash
from runfleet.agent.workers import Workers
from runfleet.batch.states import EndedBy
from runfleet.errors import is_out_of_space
from runfleet.home import AgentFolders

log = logging.getLogger(__name__)

# For twice as much, the C library would map memory anew each time.
_READ_SIZE = 1 << 16
_WORKERS = 8
_PATIENCE = 0.7
_PARTING = 3.0
_NOTE_AGAIN = 0.2
# The kernel counts milliseconds in 32 bits and refuses to wait for a month.
_LONGEST_WAIT = 3600.0


class Agent:
    """
    Carries out what the emulator says until the emulator is gone.

    Parameters
    ----------
    channel
        Its end of the connection to the emulator.
    folders
        Where it keeps what, as absolute paths.
    delete_after
        Seconds without any execution after which what was removed is deleted.
    """

    def __init__(
        self, channel: socket.socket, folders: AgentFolders, *, delete_after: float
    ) -> None:
        self._channel = channel
        self._channel.setblocking(False)
        self._incoming = b""
        self._outgoing = b""
        self._unsaid = b""
        self._is_leaving = False
        self._wake_reader, self._wake_writer = _wake_pipe()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._channel, selectors.EVENT_READ, self._on_channel)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, lambda _: self._on_wake())
        self._journal = Journal(folders.journal)
        self._node_logs = NodeLogs()
        self._trash = Trash(os.fspath(folders.trash), delete_after)
        self._trash.take(os.fspath(folders.partial))
        self._node_folders = NodeFolders(self._trash)
        self._workers = Workers(_WORKERS, self._wake)
        self._executions = Executions(
            folders,
            self._node_folders,
            self._workers,
            self._selector,
            self._on_ended,
            self._on_coordinated,
            lambda: self._logins.open(),
            self._on_background_ended,
        )
        self._logins = Logins(folders, self._selector, self._executions)

    def run(self) -> None:
        """Work until the connection ends or a signal says so; then end every process."""
        self._listen_to_signals()
        self._outgoing += encode(Ready(os.getpid()))
        self._flush()
        while not self._is_leaving:
            ready = self._selector.select(self._seconds_to_wait())
            # What begins first: it goes on by itself while ends are seen to.
            for key, events in sorted(ready, key=lambda one: one[0].fileobj is not self._channel):
                key.data(events)
            self._executions.expire(time.monotonic())
            self._flush()
            self._node_logs.write_due(time.time())
        self._executions.leave(_PATIENCE)
        self._flush()
        self._node_logs.write()
        self._trash.delete_old(_PARTING)

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        # What is ignored would not wake us.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._leave())
        signal.signal(signal.SIGINT, lambda *_: self._leave())

    def _leave(self) -> None:
        self._is_leaving = True
        self._trash.disturb()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # then it is awake
            os.write(self._wake_writer, b"\0")

    def _on_wake(self) -> None:
        # Emptied before looking: whoever ends later wakes us again.
        os.read(self._wake_reader, 1 << 16)
        self._executions.on_processes_ended()
        self._workers.collect()

    def _on_channel(self, events: int) -> None:
        if events & selectors.EVENT_READ:
            self._receive()
        if events & selectors.EVENT_WRITE:
            self._send()

    def _receive(self) -> None:
        try:
            received = self._channel.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except ConnectionError:
            received = b""
        if not received:
            self._is_leaving = True
            return
        *lines, self._incoming = (self._incoming + received).split(b"\n")
        for line in lines:
            self._attempt(decode(line))

    def _attempt(self, message: Message) -> None:
        """Carry out a message; what goes wrong with one folder or execution is not for others."""
        try:
            self._carry_out(message)
        except OSError as error:
            log.error("%s cannot be carried out: %s", _name(message), error)
        except Exception:
            log.exception("%s cannot be carried out", _name(message))

    def _carry_out(self, message: Message) -> None:
        match message:
            case Execute():
                self._node_logs.note_begin(message, time.time())
                self._executions.begin(message)
            case Proceed():
                self._executions.proceed(message.execution)
            case Constrain():
                self._executions.constrain(message)
            case Kill():
                self._executions.stop(message.execution, EndedBy.KILL, wants_uploads=message.upload)
            case EndBackground():
                self._executions.end_background(message.node_root)
            case RemoveFolder():
                self._executions.drop(message.path)
                self._node_folders.remove(message.path)

    def _on_coordinated(self, coordinated: Coordinated) -> None:
        self._outgoing += encode(coordinated)

    def _on_background_ended(self, ended: BackgroundEnded) -> None:
        self._outgoing += encode(ended)

    def _on_ended(self, ended: Ended) -> None:
        self._node_logs.note_end(ended)
        # At once: what follows from it is decided while other ends are seen to.
        self._flush(encode(ended))

    def _flush(self, ended: bytes = b"") -> None:
        """Journal what has ended, then say so."""
        self._unsaid += ended
        if self._unsaid and self._is_noted(ended):
            self._outgoing += self._unsaid
            self._unsaid = b""
        if self._outgoing:
            self._send()

    def _is_noted(self, line: bytes) -> bool:
        """Journal a line; where there is no space for it nobody hears of it until there is."""
        try:
            self._journal.append(line)
        except OSError as error:
            if line:
                log.error("the journal cannot be written: %s", error)
            # Else only the death of the emulator would make it repeat what is done.
            return not is_out_of_space(error)
        return True

    def _send(self) -> None:
        try:
            self._outgoing = self._outgoing[self._channel.send(self._outgoing) :]
        except BlockingIOError:
            pass
        except ConnectionError:
            self._is_leaving = True
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outgoing else 0)
        if self._selector.get_key(self._channel).events != events:
            self._selector.modify(self._channel, events, self._on_channel)

    def _seconds_to_wait(self) -> float | None:
        now = time.monotonic()
        deadline = self._executions.next_deadline()
        until_deadline = None if deadline is None else max(0.0, deadline - now)
        until_deletion = self._trash.attend(now, is_busy=len(self._executions) > 0)
        until_log = self._node_logs.seconds_to_wait(time.time())
        until_noted = _NOTE_AGAIN if self._unsaid else None
        waits = (until_deadline, until_deletion, until_log, until_noted)
        soonest = min((seconds for seconds in waits if seconds is not None), default=None)
        return None if soonest is None else min(soonest, _LONGEST_WAIT)


def _name(message: Message) -> str:
    """Name a message by what it is about; what else it holds may be secret."""
    about = message.path if isinstance(message, RemoveFolder) else getattr(message, "execution", "")
    return f"{type(message).__name__} {about}"


def _wake_pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
