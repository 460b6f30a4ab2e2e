"""A task's processes end with it, wherever they have hidden; nobody else's do."""

import os
import subprocess
import sys

import pytest

from runfleet.agent.messages import Kill
from runfleet.agent.processes import read_variable, scan_children
from runfleet.batch.states import EndedBy

# Ways for a process to outlive the command that started it; each writes its number to `pid`.
HIDING = {
    "in the background": "sh -c 'echo $$ > pid; exec sleep 1000' & ",
    "in another session": "setsid sh -c 'echo $$ > pid; exec sleep 1000' & ",
    "as a daemon": "(setsid sh -c 'sh -c \"echo \\$\\$ > pid; exec sleep 1000\" &' &) ; ",
    "without environment": "setsid env -i /bin/sh -c 'echo $$ > pid; exec /bin/sleep 1000' & ",
    "deaf to signals": "setsid sh -c 'trap \"\" TERM INT HUP; echo $$ > pid; sleep 1000; :' & ",
}
UNTIL_WRITTEN = "while [ ! -s pid ]; do sleep 0.01; done"

DOUBLE_FORK = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open("pid", "w").write(f"{os.getpid()}\\n")
            time.sleep(1000)
        time.sleep(1000)
    os._exit(0)
os.wait()
"""


def exists(pid):
    return os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("script", HIDING.values(), ids=HIDING)
def test_no_process_outlives_a_command_that_ends(agent, script):
    execution = agent.shell(script + UNTIL_WRITTEN)
    assert agent.run(execution).exit_code == 0
    assert not exists(agent.pid_from(execution, "pid"))


@pytest.mark.parametrize("script", HIDING.values(), ids=HIDING)
def test_no_process_outlives_a_kill(agent, script):
    execution = agent.shell(script + "sleep 1000")
    agent.say(execution)
    pid = agent.pid_from(execution, "pid")
    assert agent.kill(execution).ended_by is EndedBy.KILL
    assert not exists(pid)


def test_no_process_outlives_a_time_limit(agent):
    execution = agent.shell(HIDING["as a daemon"] + "sleep 1000", time_limit=2)
    assert agent.run(execution).ended_by is EndedBy.TIME_LIMIT
    assert not exists(agent.pid_from(execution, "pid"))


def test_a_family_of_daemons_is_ended(agent):
    """Each of them has a session of its own, and the deepest a living parent."""
    script = f"cat > family.py <<'E'\n{DOUBLE_FORK}\nE\n{sys.executable} family.py\n"
    execution = agent.shell(script + UNTIL_WRITTEN)
    assert agent.run(execution).exit_code == 0
    assert not exists(agent.pid_from(execution, "pid"))


def test_a_command_that_ends_well_is_not_blamed_for_its_daemons(agent):
    execution = agent.shell(HIDING["as a daemon"] + UNTIL_WRITTEN)
    ended = agent.run(execution)
    assert (ended.ended_by, ended.exit_code, ended.failure) == (EndedBy.EXIT, 0, None)


@pytest.mark.parametrize("script", HIDING.values(), ids=HIDING)
def test_daemons_of_other_executions_are_left_alone(agent, script):
    other = agent.shell(script + "while :; do sleep 1; done")
    agent.say(other)
    pid = agent.pid_from(other, "pid")
    ending = agent.shell(HIDING["as a daemon"] + UNTIL_WRITTEN)
    assert agent.run(ending).exit_code == 0
    agent.run(agent.task("true"))
    assert not exists(agent.pid_from(ending, "pid"))
    assert exists(pid)
    agent.kill(other)
    assert not exists(pid)


def test_a_process_that_nobody_can_be_told_to_own_ends_with_the_last_who_may(agent):
    other = agent.shell("touch there; sleep 1000")
    agent.say(other)
    while not (agent.wd(other) / "there").exists():
        pass
    hide = 'setsid env -i /bin/sh -c \'cd /; echo $$ > "$0"; exec /bin/sleep 1000\' "$PWD/pid" & '
    execution = agent.shell(hide + UNTIL_WRITTEN)
    assert agent.run(execution).exit_code == 0
    pid = agent.pid_from(execution, "pid")
    assert exists(pid)
    agent.kill(other)
    agent.run(agent.task("true"))
    assert not exists(pid)


def test_zombies_are_not_kept(agent):
    execution = agent.shell("for i in 1 2 3 4 5; do setsid true & done; sleep 0.1")
    agent.run(execution)
    assert scan_children(agent.process.pid) == []


def test_a_stopped_command_can_be_killed(agent):
    execution = agent.shell("echo $$ > pid; kill -STOP $$")
    agent.say(execution)
    agent.pid_from(execution, "pid")
    agent.say(Kill(execution.execution))
    assert agent.ended(execution).ended_by is EndedBy.KILL


def test_a_program_that_is_just_starting_has_its_environment(tmp_path):
    """Of many variables it takes the kernel a while to put them there."""
    again = tmp_path / "again"
    again.write_text(f"exec /bin/sh {again}\n")
    environment = {f"V{number}": "value" for number in range(2000)} | {"OWNER": "me"}
    with subprocess.Popen(["/bin/sh", again], env=environment) as child:
        try:
            assert {read_variable(child.pid, b"OWNER=") for _ in range(10_000)} == {b"me"}
        finally:
            child.kill()


def test_children_are_found_without_the_kernels_list():
    with subprocess.Popen(["sleep", "1000"]) as child:
        assert child.pid in scan_children(os.getpid())
        child.kill()
