"""What a start task leaves running goes on until its node goes down, and no longer."""

import os
import signal

import pytest
from msgspec.structs import replace

from runfleet.agent.messages import BackgroundEnded, EndBackground, RemoveFolder, SubjectKind

LEAVING = {
    "in the background": "sh -c 'echo $$ > pid; exec sleep 1000' > log & ",
    "without a terminal": "nohup sh -c 'echo $$ > pid; exec sleep 1000' & ",
    "as a daemon": "(setsid sh -c 'sh -c \"echo \\$\\$ > pid; exec sleep 1000\" &' &) ; ",
    "without environment": "setsid env -i /bin/sh -c 'echo $$ > pid; exec /bin/sleep 1000' & ",
    "with a child": "setsid sh -c 'echo $$ > pid; setsid sleep 1000; :' & ",
}
UNTIL_WRITTEN = "while [ ! -s pid ]; do sleep 0.01; done; "
LEAVE = LEAVING["as a daemon"] + UNTIL_WRITTEN


def is_alive(pid):
    """Tell whether a process is there; a mere zombie waits for whoever has adopted it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def start_task(agent, script, **changes):
    execution = agent.shell(script, directory="startup", **changes)
    subject = replace(execution.subject, kind=SubjectKind.START_TASK, job_id="", task_id="")
    return replace(execution, subject=subject)


def leave(agent, script=LEAVE, **changes):
    """Run a start task; return how it ended, and what it has left."""
    execution = start_task(agent, script, **changes)
    return agent.run(execution), agent.pid_from(execution, "pid")


def end_background(agent):
    agent.say(EndBackground(str(agent.node_root)))
    agent.run(agent.task("true"))


@pytest.mark.parametrize("script", LEAVING.values(), ids=LEAVING)
def test_what_a_start_task_leaves_goes_on_until_its_node_goes_down(agent, script):
    ended, pid = leave(agent, script + UNTIL_WRITTEN)
    for _ in range(3):
        agent.run(agent.task("true"))
    assert (ended.exit_code, ended.has_background) == (0, True)
    assert is_alive(pid)
    family = [pid, *children_of(pid)]
    end_background(agent)
    assert not any(map(is_alive, family))


def test_what_a_start_task_leaves_ends_before_it_runs_again(agent):
    _, first = leave(agent, LEAVE + "exit 1")
    look = f"kill -0 {first} && exit 3; rm pid; "
    ended, second = leave(agent, look + LEAVE, keep_directory=True)
    assert (ended.exit_code, ended.has_background) == (0, True)
    assert not is_alive(first)
    assert is_alive(second)
    end_background(agent)
    assert not is_alive(second)


def test_what_a_start_task_leaves_ends_with_the_folder_of_its_node(agent):
    _, pid = leave(agent)
    agent.say(RemoveFolder(str(agent.node_root / "workitems")))
    agent.run(agent.task("true"))
    assert is_alive(pid)
    agent.say(RemoveFolder(str(agent.node_root)))
    agent.run(agent.task("true"))
    assert not is_alive(pid)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_start_task_leaves_ends_with_the_agent(own_agent, start, end):
    _, pid = leave(own_agent)
    own_agent.process.send_signal(end)
    own_agent.process.wait(60)
    start().ready()
    assert not is_alive(pid)


def test_nothing_is_left_of_a_start_task_that_was_killed(agent):
    execution = start_task(agent, LEAVE + "sleep 1000")
    agent.say(execution)
    pid = agent.pid_from(execution, "pid")
    assert not agent.kill(execution).has_background
    assert not is_alive(pid)


def test_it_is_told_when_what_a_start_task_left_has_ended(own_agent):
    execution = start_task(own_agent, LEAVE)
    ended = own_agent.run(execution)
    os.kill(own_agent.pid_from(execution, "pid"), signal.SIGKILL)
    assert own_agent.receive() == BackgroundEnded(ended.subject)
    assert not own_agent.run(start_task(own_agent, "true")).has_background


@pytest.mark.parametrize("kind", [SubjectKind.PREPARATION_TASK, SubjectKind.RELEASE_TASK])
def test_other_tasks_leave_nothing(agent, kind):
    execution = agent.shell(LEAVE)
    ended = agent.run(replace(execution, subject=replace(execution.subject, kind=kind)))
    assert not ended.has_background
    assert not is_alive(agent.pid_from(execution, "pid"))


def test_what_tasks_hide_is_not_taken_for_what_a_start_task_left(agent):
    _, left = leave(agent)
    execution = agent.shell(
        'cd "$AZ_BATCH_TASK_DIR/../../../../startup/wd"; rm pid; '
        + LEAVING["without environment"]
        + UNTIL_WRITTEN
        + 'cp pid "$AZ_BATCH_TASK_WORKING_DIR"'
    )
    agent.run(execution)
    assert not is_alive(agent.pid_from(execution, "pid"))
    assert is_alive(left)
    end_background(agent)
