"""
Starting commands on other nodes, in `ssh`'s place.

What starts the ranks of an MPI program does it by `ssh ADDRESS COMMAND`.  Tasks whose instances run
on several nodes find an `ssh` of our own first on their PATH (`agent.ssh`), which asks the agent by
a socket.  The agent starts the command as a part of the instance on the node of that address: with
that instance's environment and working directory, and to be ended with it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import stat
from pathlib import Path

from runfleet.agent import ssh
from runfleet.agent.executions import Executions
from runfleet.agent.launchers import write_launchers
from runfleet.home import AgentFolders

_READ_SIZE = 1 << 16
_STREAMS = 3
_BACKLOG = 128


class Logins:
    """
    Serves those who ask to start a command on another node.

    Parameters
    ----------
    folders
        Where the agent keeps what.
    selector
        The agent's, whose loop calls what is registered with it.
    executions
        Where the instances are.
    """

    def __init__(
        self, folders: AgentFolders, selector: selectors.BaseSelector, executions: Executions
    ) -> None:
        self._folders = folders
        self._selector = selector
        self._executions = executions
        self._listener: socket.socket | None = None

    def open(self) -> None:
        """Serve from now on; only the first call does anything."""
        if self._listener is None:
            write_launchers(self._folders)
            self._listener = _listen(self._folders.logins)
            self._selector.register(self._listener, selectors.EVENT_READ, self._on_knock)

    def _on_knock(self, _events: int) -> None:
        assert self._listener is not None, "it is registered only while it listens"
        channel, _ = self._listener.accept()
        Login(channel, self._selector, self._executions)


class Login:
    """
    One command asked for by `agent.ssh`: begun, and ended when either side ends.

    Parameters
    ----------
    channel
        The connection, over which the streams come first and then what is asked for.
    selector
        The agent's, whose loop calls what is registered with it.
    executions
        Where the instances are.
    """

    def __init__(
        self, channel: socket.socket, selector: selectors.BaseSelector, executions: Executions
    ) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._selector = selector
        self._executions = executions
        self._streams: list[int] = []
        self._request = b""
        self._guest: int | None = None
        selector.register(channel, selectors.EVENT_READ, self._on_request)

    def _on_request(self, _events: int) -> None:
        try:
            text, streams, _, _ = socket.recv_fds(self._channel, _READ_SIZE, _STREAMS)
        except OSError:
            text, streams = b"", []
        self._streams += streams
        self._request += text
        if not text:
            self._leave()
        elif self._guest is None and self._request.count(ssh.END) == 2:
            self._begin()

    def _begin(self) -> None:
        address, command, _ = map(os.fsdecode, self._request.split(ssh.END))
        try:
            guest = self._executions.log_in(address, command, self._streams, self._on_exit)
        except OSError as error:
            self._answer(f"{address}: {error.strerror}")
            return
        finally:
            self._close_streams()
        if guest is None:
            self._answer(f"{address}: no instance of a multi-instance task runs on this node")
        self._guest = guest

    def _on_exit(self, exit_code: int) -> None:
        self._guest = None
        self._answer(str(exit_code))

    def _answer(self, text: str) -> None:
        with contextlib.suppress(OSError):  # whoever asked may be gone
            self._channel.send(os.fsencode(text) + ssh.END)
        self._close()

    def _leave(self) -> None:
        """Whoever asked is gone, and what was started for it goes, too."""
        if self._guest is not None:
            self._executions.log_out(self._guest)
        self._close()

    def _close(self) -> None:
        self._close_streams()
        if self._channel.fileno() >= 0:
            self._selector.unregister(self._channel)
            self._channel.close()

    def _close_streams(self) -> None:
        while self._streams:
            os.close(self._streams.pop())


def _listen(place: Path) -> socket.socket:
    # A socket's path has room for 107 bytes, which that of the folder may exceed.
    os.chdir(place.parent)
    place.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place.name)
    place.chmod(stat.S_IRUSR | stat.S_IWUSR)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener
