"""What is removed is out of sight at once, and deleted when there is nothing else to do."""

import os
import time

from runfleet.agent.messages import RemoveFolder
from runfleet.agent.trash import Trash


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def trash_of(agent):
    return [
        name for _, folders, files in os.walk(agent.state / "trash") for name in folders + files
    ]


def test_removed_folders_are_deleted_after_some_rest(start):
    agent = start("--delete-after", "0.1")
    agent.ready()
    execution = agent.shell("mkdir -p a/b; touch a/b/c a/d; ln -s / root; chmod 500 a")
    agent.run(execution)
    agent.say(RemoveFolder(str(agent.node_root)))
    wait_until(lambda: not agent.node_root.exists())
    wait_until(lambda: not trash_of(agent))


def test_nothing_is_deleted_while_something_runs(start):
    agent = start("--delete-after", "0.05")
    agent.ready()
    agent.run(agent.shell("touch a", "t"))
    running = agent.shell("while [ ! -e go ]; do sleep 0.01; done", "t")
    agent.say(running)
    wait_until(lambda: trash_of(agent))
    kept = trash_of(agent)
    agent.run(agent.shell("sleep 0.2"))
    assert trash_of(agent) == kept
    (agent.wd(running) / "go").touch()
    agent.ended(running)
    wait_until(lambda: not trash_of(agent))


def test_on_a_disk_that_is_nearly_full_work_is_not_waited_for(tmp_path):
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "a").touch()
    trash = Trash(str(tmp_path / "trash"), 1000, spare=1 << 62)
    trash.take(str(tmp_path / "large"))
    assert trash.attend(0, is_busy=True) == 5
    wait_until(lambda: trash.attend(0, is_busy=True) is None)
    assert not os.listdir(tmp_path / "trash")


def test_what_an_earlier_agent_left_is_deleted(start, state):
    (state / "trash" / "1-1" / "wd").mkdir(parents=True)
    (state / "trash" / "1-1" / "wd" / "a").touch()
    agent = start("--delete-after", "0.05")
    agent.ready()
    wait_until(lambda: not trash_of(agent))


def test_what_is_old_is_deleted_when_an_agent_leaves_without_a_rest(start, state):
    """Such as what each night leaves of a script that stops the emulator at its end."""
    now = time.time_ns()
    old, recent = (f"{now - seconds * 10**9:x}-0" for seconds in (3700, 3500))
    for entry in (old, recent):
        (state / "trash" / entry / "wd").mkdir(parents=True)
    agent = start()
    agent.ready()
    agent.close()
    assert os.listdir(state / "trash") == [recent]


def test_what_is_old_is_deleted_in_the_time_that_there_is(tmp_path):
    trash = Trash(str(tmp_path), 1000)
    (tmp_path / "1-0").mkdir()
    trash.delete_old(0)
    assert os.listdir(tmp_path) == ["1-0"]
    trash.delete_old(60)
    assert not os.listdir(tmp_path)


def test_a_folder_that_is_not_there_is_removed_already(own_agent, state):
    own_agent.say(RemoveFolder(str(state / "nodes" / "missing")))
    assert own_agent.run(own_agent.task("true")).exit_code == 0


def test_an_idle_agent_uses_no_processor_time(own_agent):
    own_agent.run(own_agent.task("true"))

    def ticks():
        with open(f"/proc/{own_agent.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        with open(f"/proc/{own_agent.process.pid}/status") as file:
            switches = next(line for line in file if line.startswith("voluntary"))
        return fields[11:13], switches

    def is_still():
        before = ticks()
        time.sleep(0.5)
        return ticks() == before

    # What has just ended is noted a moment later.
    wait_until(is_still)
