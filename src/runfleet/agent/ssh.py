"""
`ssh`, as tasks on several nodes find it: starts a command on another node of the same task.

Started for each node and by a bare interpreter, it imports as little as it can.  Any host that is
no node of the task is left to the real `ssh`.
"""

import os
import socket
import sys

END = b"\0"
"""Ends the address, the command and the answer."""

_WITH_VALUE = "BbcDEeFIiJLlmOopQRSWw"
_UNREACHABLE = 255


def main(arguments: list[str]) -> int:
    """
    Start a command as `ssh [OPTION...] [USER@]HOST COMMAND...` does; return its exit code.

    The arguments begin with the agent's socket, and the program that stands for the real one.
    """
    place, program, *words = arguments
    host, command = parse(words)
    if host not in os.environ.get("AZ_BATCH_HOST_LIST", "").split(","):
        return _run_real(program, words)
    answer = ask(place, host, command)
    if answer.isdigit():
        return int(answer)
    return _complain(program, answer or "the node agent is gone")


def parse(words: list[str]) -> tuple[str, str]:
    """Tell the host, without a user, and the command, whose words a blank joins."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        takes_next = option[1:2] in _WITH_VALUE and len(option) == 2
        if takes_next and rest:
            rest.pop(0)
    host = rest.pop(0) if rest else ""
    return host.rpartition("@")[2], " ".join(rest)


def ask(place: str, host: str, command: str) -> str:
    """Have the agent start a command with our own streams; return what it says when it is over."""
    # A socket's path has room for 107 bytes, which that of the folder may exceed.
    folder, name = os.path.split(place)
    os.chdir(folder)
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.connect(name)
        socket.send_fds(channel, [os.fsencode(host) + END], [0, 1, 2])
        channel.sendall(os.fsencode(command) + END)
        return _read_answer(channel)
    except OSError as error:
        return f"the node agent does not answer: {error.strerror}"


def _read_answer(channel: socket.socket) -> str:
    answer = b""
    while not answer.endswith(END):
        part = channel.recv(1 << 12)
        if not part:
            return ""
        answer += part
    return os.fsdecode(answer[:-1])


def _run_real(program: str, words: list[str]) -> int:
    own, name = os.path.split(program)
    folders = [one for one in os.environ.get("PATH", os.defpath).split(os.pathsep) if one != own]
    for folder in folders:
        real = os.path.join(folder, name)
        if os.access(real, os.X_OK):
            os.execv(real, [name, *words])  # noqa: S606
    return _complain(
        program, "the host is no node of this task, and there is no other such program"
    )


def _complain(program: str, reason: str) -> int:
    sys.stderr.write(f"{os.path.basename(program)}: {reason}\n")
    return _UNREACHABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
