"""The end of the emulator, and of the agent, at any moment."""

import shlex
import signal
import subprocess
import sys
import time

import pytest

from runfleet.agent.journal import read_journal
from runfleet.agent.messages import FilesToUpload, encode
from runfleet.batch.states import EndedBy

IN_TIME = 5.0
"""Seconds for which the emulator waits for its agent to end."""

HIDDEN = "setsid sh -c 'echo $$ > hidden; sleep 1000' & setsid env -i /bin/sleep 1000 & "


def exists(pid):
    """Tell whether a process is there; a mere zombie waits for whoever has adopted it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def begin(agent, script=HIDDEN):
    """Begin an execution with processes in several sessions; return it and their numbers."""
    execution = agent.shell(f"{script} echo $$ > shown; sleep 1000")
    agent.say(execution)
    return execution, [agent.pid_from(execution, name) for name in ("shown", "hidden")]


@pytest.mark.parametrize("end", ["close", signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_when_the_emulator_or_the_agent_is_told_to_end(own_agent, state, end):
    done = own_agent.run(own_agent.task("true"))
    _, pids = begin(own_agent)
    started = time.monotonic()
    if end == "close":
        own_agent.close()
    else:
        own_agent.process.send_signal(end)
    assert own_agent.process.wait(60) == 0
    assert time.monotonic() - started < IN_TIME
    assert not any(map(exists, pids))
    assert list(read_journal(state / "agent.journal")) == [done]


def test_a_hundred_processes_are_ended_in_time(own_agent):
    execution = own_agent.shell(
        "for i in $(seq 100); do setsid sleep 1000 & done; echo $$ > shown; sleep 1000"
    )
    own_agent.say(execution)
    own_agent.read(execution, "shown")
    started = time.monotonic()
    own_agent.process.terminate()
    assert own_agent.process.wait(60) == 0
    assert time.monotonic() - started < IN_TIME


def test_a_command_that_ended_well_is_journalled_when_the_emulator_dies(
    own_agent, state, blob_server
):
    """Its upload is under way at that moment, and is let end."""
    blob_server.faults = [503]
    uploads = (FilesToUpload("out.txt", f"{blob_server.url}/study-one"),)
    execution = own_agent.shell("echo 1 > out.txt", uploads=uploads)
    own_agent.say(execution)
    while blob_server.faults:
        time.sleep(0.001)
    own_agent.channel.shutdown(2)
    assert own_agent.process.wait(60) == 0
    (ended,) = read_journal(state / "agent.journal")
    assert (ended.execution, ended.ended_by, ended.exit_code) == (1, EndedBy.EXIT, 0)
    assert blob_server.blobs == {"study-one/out.txt": b"1\n"}


def test_an_upload_that_hangs_does_not_keep_the_agent(own_agent, state, blob_server):
    blob_server.faults = [503] * 100
    uploads = (FilesToUpload("out.txt", f"{blob_server.url}/study-one"),)
    own_agent.say(own_agent.shell("echo 1 > out.txt", uploads=uploads))
    while len(blob_server.faults) == 100:
        time.sleep(0.001)
    started = time.monotonic()
    own_agent.process.terminate()
    assert own_agent.process.wait(60) == 0
    assert time.monotonic() - started < IN_TIME
    assert list(read_journal(state / "agent.journal")) == []


PARENT = """
import socket, subprocess, sys, time
own, others = socket.socketpair()
command = [sys.executable, "-m", "runfleet.agent", "--fd", str(others.fileno())]
agent = subprocess.Popen([*command, "--state", sys.argv[1]], pass_fds=[others.fileno()])
others.close()
print(agent.pid, flush=True)
own.sendall(sys.stdin.buffer.readline())
time.sleep(1000)
"""


def test_no_process_is_left_when_the_emulator_is_killed(own_agent, state, wait_for):
    """A SIGKILL of the parent, whose end of the socket then closes by itself."""
    execution = own_agent.shell(f"{HIDDEN} echo $$ > shown; sleep 1000")
    own_agent.close()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, state], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        agent_pid = int(parent.stdout.readline())
        parent.stdin.write(encode(execution))
        parent.stdin.flush()
        pids = [own_agent.pid_from(execution, name) for name in ("shown", "hidden")]
        parent.kill()
    wait_for(lambda: not any(map(exists, [agent_pid, *pids])))


def test_messages_may_come_in_pieces(own_agent):
    executions = [own_agent.shell(f"echo {'x' * 100_000}"), own_agent.task("false")]
    text = b"".join(map(encode, executions))
    for start in range(0, len(text), 50_001):
        own_agent.channel.sendall(text[start : start + 50_001])
        time.sleep(0.01)
    assert [own_agent.ended(one).exit_code for one in executions] == [0, 1]


def test_an_emulator_that_is_slow_to_read_gets_all_messages(own_agent, state, wait_for):
    """More than the socket holds: nothing is read before all have ended."""
    name = "x" * 60
    executions = [own_agent.task(f"{shlex.quote(name)}{i}", f"{name}{i}") for i in range(2000)]
    for execution in executions:
        own_agent.say(execution)
    wait_for(lambda: len(list(read_journal(state / "agent.journal"))) == len(executions))
    codes = {own_agent.ended(one).failure.code for one in executions}
    assert codes == {"CommandProgramNotFound"}


def test_the_agent_imports_little():
    program = "import sys, runfleet.agent.__main__; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"asyncio", "http.client", "urllib.request", "zipfile", "xml.etree.ElementTree"}
    assert not heavy & set(run.stdout.split())
