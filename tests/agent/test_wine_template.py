"""Making what Wine takes for a Windows machine, with programs in Wine's place."""

import pytest

from runfleet.batch.states import EndedBy


@pytest.fixture
def agent_with_wine(tmp_path, monkeypatch, start):
    """Start an agent that finds a script in the place of Wine."""

    def begin(script):
        for name, text in (("wine", script), ("wineserver", "")):
            program = tmp_path / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\n{text}\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
        agent = start()
        agent.ready()
        return agent

    return begin


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (': > "$WINEPREFIX/system.reg"; mkdir -p "$WINEPREFIX/recipe"', "Is a directory"),
        ('rm -rf "$WINEPREFIX"; : > "$WINEPREFIX"; exit 1', "File exists"),
        ("exit 1", "Wine could not make a Windows"),
    ],
    ids=["cannot be kept", "cannot be made again", "cannot be made"],
)
def test_where_there_is_no_windows_tasks_for_it_fail_and_others_go_on(
    agent_with_wine, script, reason
):
    agent = agent_with_wine(script)
    other = agent.shell("echo on > a; sleep 1000")
    agent.say(other)
    agent.read(other, "a")
    for _ in range(2):
        tasks = [agent.task("cmd /c echo hi", on_windows=True) for _ in range(2)]
        agent.say(*tasks)
        for ended in map(agent.ended, tasks):
            assert ended.ended_by is EndedBy.FAILURE
            assert ended.failure.details["Message"].startswith(reason)
    assert agent.kill(other).ended_by is EndedBy.KILL
