"""Instances of tasks on several nodes: coordinated first, then kept until they are ended."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from runfleet.agent.messages import Coordinated, Coordination, Ended, FileToFetch, Kill, Proceed
from runfleet.batch.states import EndedBy
from runfleet.home import AgentFolders

ADDRESS = "127.9.8.7"


def order(agent, coordination, command="true", task_id="", **changes):
    """Make the order to run an instance of a task."""
    execution = agent.shell(command, task_id)
    directory = execution.directory
    begin = Coordination(f"/bin/sh -c '{coordination}'", ADDRESS, directory)
    changes = {"coordination": begin, **changes}
    environment = {**execution.environment, "AZ_BATCH_HOST_LIST": ADDRESS}
    return agent.shell(command, task_id, directory=directory, environment=environment, **changes)


@pytest.fixture
def instance(agent):
    """Make such orders for the agent."""
    return partial(order, agent)


def begin(agent, execution):
    agent.say(execution)
    assert agent.receive() == Coordinated(execution.execution)


def test_the_command_follows_the_coordination_in_the_same_files(agent, instance):
    execution = instance("echo first; echo a > file", "cat file; echo second")
    begin(agent, execution)
    agent.say(Proceed(execution.execution))
    assert agent.ended(execution).exit_code == 0
    assert agent.stdout(execution) == "first\na\nsecond\n"


def test_nobody_waits_while_host_names_are_tried(tmp_path, monkeypatch, start):
    """Here the kernel takes its time; in the end hosts get no names."""
    program, released = tmp_path / "bin/unshare", tmp_path / "released"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nwhile [ ! -e {released} ]; do sleep 0.01; done; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    agent = start()
    agent.ready()
    first, second, third = (order(agent, "true") for _ in range(3))
    agent.say(first, second, third)
    asked = time.time()
    assert agent.run(agent.task("true")).start_time < asked + 4
    assert agent.kill(second).ended_by is EndedBy.KILL
    released.touch()
    assert {agent.receive().execution for _ in range(2)} == {first.execution, third.execution}
    for one in (first, third):
        assert agent.kill(one).ended_by is EndedBy.KILL


def test_a_coordination_that_leaves_a_pipe_for_its_output_holds_nobody_up(agent, instance):
    execution = instance("rm ../stdout.txt; mkfifo ../stdout.txt")
    begin(agent, execution)
    agent.say(Proceed(execution.execution))
    failure = agent.ended(execution).failure
    assert (failure.code, failure.details["FilePath"].rpartition("/")[2]) == (
        "CommandLaunchFailed",
        "stdout.txt",
    )


def test_what_coordination_started_lives_until_the_end(agent, instance):
    """Also while nothing else of the execution runs, and not after its command."""
    execution = instance("sleep 1000 & echo $! > pid", "kill -0 $(cat pid)")
    begin(agent, execution)
    pid = agent.pid_from(execution, "pid")
    assert Path(f"/proc/{pid}").exists()
    agent.say(Proceed(execution.execution))
    assert agent.ended(execution).exit_code == 0
    assert not Path(f"/proc/{pid}").exists()


def test_an_instance_that_waits_is_ended_with_all_it_left(agent, instance):
    execution = instance("setsid sleep 1000 & echo $! > pid")
    begin(agent, execution)
    pid = agent.pid_from(execution, "pid")
    agent.say(Kill(execution.execution))
    assert agent.ended(execution).ended_by is EndedBy.KILL
    assert not Path(f"/proc/{pid}").exists()


def test_a_coordination_that_fails_ends_the_execution(agent, instance):
    execution = instance("sleep 1000 & echo $! > pid; exit 4")
    assert agent.run(execution).exit_code == 4
    assert not Path(f"/proc/{agent.pid_from(execution, 'pid')}").exists()


def test_files_that_are_not_there_end_what_waits(agent, instance):
    """The command's own files come after the coordination."""
    missing = FileToFetch("file:///no/such/file", file_path="a")
    execution = instance("sleep 1000 & echo $! > pid", files=(missing,))
    begin(agent, execution)
    pid = agent.pid_from(execution, "pid")
    agent.say(Proceed(execution.execution))
    ended = agent.ended(execution)
    assert ended.failure is not None
    assert ended.failure.code == "BlobNotFound"
    assert not Path(f"/proc/{pid}").exists()


def test_a_subtask_has_its_folder_in_that_of_its_task(agent, instance):
    execution = instance("pwd")
    nested = f"{execution.directory}/1"
    coordination = Coordination("pwd", ADDRESS, execution.directory)
    subtask = agent.task("", directory=nested, coordination=coordination)
    begin(agent, subtask)
    assert agent.stdout(subtask).endswith(f"{nested}/wd\n")
    agent.say(Kill(subtask.execution))
    assert isinstance(agent.receive(), Ended)


def test_a_command_is_started_where_an_instance_runs(agent, instance):
    """With its environment and folder, and it goes with whoever asked."""
    execution = instance("echo ready")
    begin(agent, execution)
    environment = {"AZ_BATCH_HOST_LIST": ADDRESS, "PATH": "/usr/bin:/bin"}
    program = [
        AgentFolders(agent.state).launchers / "ssh",
        ADDRESS,
        "cat; pwd; echo $AZ_BATCH_TASK_DIR; exit 9",
    ]
    said = subprocess.run(
        program, env=environment, input="through\n", capture_output=True, text=True
    )
    folder = str(agent.folder(execution))
    assert said.stdout.splitlines() == ["through", f"{folder}/wd", folder]
    assert said.returncode == 9
    agent.kill(execution)
    late = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert late.returncode == 255
    assert (
        late.stderr == f"ssh: {ADDRESS}: no instance of a multi-instance task runs on this node\n"
    )


def test_whoever_asks_for_nothing_is_let_go(agent, instance):
    """A connection that is closed at once harms nobody."""
    execution = instance("true")
    begin(agent, execution)
    with socket.socket(socket.AF_UNIX) as channel:
        # Its own path is too long for a socket's.
        folder = os.open(agent.state, os.O_RDONLY)
        channel.connect(f"/proc/self/fd/{folder}/{AgentFolders(agent.state).logins.name}")
        os.close(folder)
    agent.kill(execution)


def test_launchers_that_cannot_be_written_fail_the_instance_alone(own_agent):
    AgentFolders(own_agent.state).launchers.touch()
    execution = own_agent.task("true")
    coordination = Coordination("true", ADDRESS, execution.directory)
    ended = own_agent.run(own_agent.task("true", coordination=coordination))
    assert ended.failure.code == "Unknown"
    assert own_agent.run(execution).exit_code == 0


def test_another_host_is_left_to_the_real_ssh(agent, instance, tmp_path):
    execution = instance("true")
    begin(agent, execution)
    real = tmp_path / "ssh"
    real.write_text('#!/bin/sh\necho real "$@"\n')
    real.chmod(0o755)
    environment = {"AZ_BATCH_HOST_LIST": ADDRESS, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    program = [AgentFolders(agent.state).launchers / "ssh", "-x", "elsewhere", "ls"]
    said = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert said.stdout == "real -x elsewhere ls\n"
    agent.kill(execution)
