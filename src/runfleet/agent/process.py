"""The process of a node agent, and the emulator's end of the channel to it."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from runfleet.interpreter import module_command


@dataclass(frozen=True, slots=True)
class AgentProcess:
    """
    A node agent that has been started; it ends when its channel is closed.

    Parameters
    ----------
    process
        The agent.
    channel
        What it is talked to by.
    """

    process: subprocess.Popen[bytes]
    channel: socket.socket

    @classmethod
    def start(cls, state: Path) -> AgentProcess:
        """Start an agent for the folder that holds the nodes, and do not wait for it."""
        own, others = socket.socketpair()
        with others:
            command = module_command("runfleet.agent")
            process = subprocess.Popen(
                [*command, "--fd", str(others.fileno()), "--state", os.fspath(state)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[others.fileno()],
                start_new_session=True,
            )
        return cls(process, own)
