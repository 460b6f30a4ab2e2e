"""An agent ends what an earlier one has left."""

import os
import signal
import subprocess
from pathlib import Path

import pytest


def exists(pid):
    """Tell whether a process is there; a mere zombie waits for whoever has adopted it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def begin(agent):
    execution = agent.shell(
        "setsid sh -c 'echo $$ > hidden; exec sleep 1000' & echo $$ > shown; exec sleep 1000"
    )
    agent.say(execution)
    return [agent.pid_from(execution, name) for name in ("shown", "hidden")]


def test_what_a_killed_agent_left_is_ended_before_ready(start):
    first = start()
    first.ready()
    pids = begin(first)
    first.process.kill()
    first.process.wait()
    assert all(map(exists, pids))
    start().ready()
    assert not any(map(exists, pids))


@pytest.mark.parametrize(
    "command",
    [
        "exec env -i /bin/sleep 1000",
        "exec env -i /bin/sh -c 'rm ../stdout.txt; cd /; exec /bin/sleep 1000'",
        """exec perl -e '$0 = "x" x 9000; sleep 1000'""",
    ],
)
def test_what_hides_its_environment_is_ended_too(start, wait_for, command):
    """It still writes to the files of its task."""
    first = start()
    first.ready()
    execution = first.shell(f"echo $$ > pid; {command}")
    first.say(execution)
    pid = first.pid_from(execution, "pid")
    environment = Path(f"/proc/{pid}/environ")
    wait_for(lambda: b"AZ_BATCH" not in environment.read_bytes())
    first.process.kill()
    first.process.wait()
    start().ready()
    assert not exists(pid)


def test_who_stands_in_the_folder_of_a_task_is_left_alone(start, state):
    """Somebody may be looking at what was written there."""
    folder = state / "nodes/0a1b2c3d"
    folder.mkdir(parents=True)
    with (folder / "notes.txt").open("w") as notes:
        looking = subprocess.Popen(["sleep", "1000"], cwd=folder, stdout=notes)
    with looking:
        start().ready()
        assert looking.poll() is None
        looking.kill()


def test_an_agent_that_is_still_there_is_ended_first(start):
    first = start()
    first.ready()
    pids = begin(first)
    second = start()
    second.ready()
    assert first.process.wait(60) == 0
    assert not any(map(exists, pids))
    assert second.run(second.task("true")).exit_code == 0


def test_an_agent_that_does_not_answer_is_killed(start):
    first = start()
    first.ready()
    pids = begin(first)
    first.process.send_signal(signal.SIGSTOP)
    start().ready()
    assert first.process.wait(60) == -signal.SIGKILL
    assert not any(map(exists, pids))


def test_processes_of_other_states_are_left_alone(start, state):
    environment = {**os.environ, "AZ_BATCH_NODE_ROOT_DIR": f"{state}-2/nodes/0a1b2c3d"}
    with subprocess.Popen(["sleep", "1000"], env=environment) as other:
        start().ready()
        assert other.poll() is None
        other.kill()


def test_a_state_folder_may_be_named_by_a_link(start, state, tmp_path):
    (tmp_path / "link").symlink_to(state)
    environment = {**os.environ, "AZ_BATCH_NODE_ROOT_DIR": f"{tmp_path}/link/nodes/0a1b2c3d"}
    with subprocess.Popen(["sleep", "1000"], env=environment) as left:
        start().ready()
        assert left.wait(60) == -signal.SIGKILL


def test_windows_nodes_of_others_are_left_alone(start, state, monkeypatch):
    """Though an agent may begin in its own state folder, of which `D:` would be a part there."""
    monkeypatch.chdir(state)
    environment = {**os.environ, "AZ_BATCH_NODE_ROOT_DIR": "D:\\batch\\tasks"}
    with subprocess.Popen(["sleep", "1000"], env=environment) as other:
        start().ready()
        assert other.poll() is None
        other.kill()
