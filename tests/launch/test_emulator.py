"""The emulator behind the account `local`: found, started, and told from others."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from runfleet.launch import AccountError, connect
from runfleet.launch.emulator import Emulator, emulator_of

WaitFor = Callable[..., None]


@pytest.fixture
def stranger() -> Iterator[str]:
    """The URL of a web server that is no Batch service."""
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def write_endpoint(home: Path, url: str) -> None:
    folder = home / "emulator"
    folder.mkdir(parents=True)
    (folder / "key").write_text("a2V5")
    (folder / "endpoint.json").write_text(json.dumps({"url": url, "account": "local", "pid": 1}))


def test_it_starts_when_it_is_needed_and_serves_the_next_client(home: Path) -> None:
    """Two accounts of one home are one emulator."""
    with connect(home=home) as first, connect(home=home) as second:
        assert first.batch.endpoint == second.batch.endpoint
        assert list(first.batch.list_pools()) == []


def test_a_home_may_be_named_by_text_from_where_one_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that goes elsewhere later has the same emulator."""
    home.mkdir(exist_ok=True)
    monkeypatch.chdir(home.parent)
    with connect(home=home.name) as account:
        assert account.home == home
        monkeypatch.chdir("/")
        assert list(account.batch.list_pools()) == []
    assert (home / "emulator/endpoint.json").exists()


def test_its_log_goes_on_from_start_to_start_and_does_not_grow_for_ever(home: Path) -> None:
    """What is too large becomes an old one."""
    log = home / "emulator/log.txt"
    log.parent.mkdir(parents=True)
    log.write_text("before\n")
    emulator_of(home).wait()
    emulator = psutil.Process(json.loads((home / "emulator/endpoint.json").read_text())["pid"])
    emulator.terminate()
    emulator.wait(60)
    assert log.read_text().startswith("before\n")
    log.write_text("x" * 10_000_000)
    emulator_of(home).wait()
    assert log.with_name("log.txt.1").stat().st_size == 10_000_000
    assert "serving account" in log.read_text()


def test_it_is_started_once(home: Path) -> None:
    """Whoever needs it while it starts waits for it, and starts no other."""
    emulator_of(home).begin()
    connect(home=home)
    assert count_emulators(home) == 1
    emulator_of(home).wait()


def count_emulators(home: Path) -> int:
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return sum("runfleet.emulator" in command and str(home) in command for command in commands)


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """With the way to choose another one."""
    (tmp_path / "file").touch()
    with pytest.raises(AccountError) as raised:
        connect(home=tmp_path / "file/home")
    assert raised.value.message.startswith(
        f"the folder `{tmp_path}/file/home`, in which runfleet keeps its state, cannot be made: "
    )
    assert raised.value.hint == "set RUNFLEET_HOME to a folder that you may write to"


def test_a_killed_emulator_is_started_again(home: Path) -> None:
    """Its endpoint file is left behind, but nobody answers there."""
    emulator_of(home).wait()
    pid = json.loads((home / "emulator/endpoint.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    with connect(home=home) as account:
        assert list(account.batch.list_pools()) == []
    assert json.loads((home / "emulator/endpoint.json").read_text())["pid"] != pid


@pytest.mark.parametrize("before", [0, 3, 1_300_000])
def test_why_it_does_not_start_is_told_without_what_earlier_ones_logged(
    home: Path, before: int
) -> None:
    """Also where their log is put aside as it has become too long."""
    (home / "emulator").mkdir(parents=True)
    (home / "emulator/log.txt").write_text("earlier\n" * before)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AccountError) as raised:
            Emulator(home, ["--port", str(port)]).wait()
    what, logged = raised.value.message.split("\n")
    assert what == "the emulator ended with exit code 1"
    assert f"port {port}" in logged


def test_one_whose_endpoint_file_is_gone_is_named(home: Path, wait_for: WaitFor) -> None:
    """Nobody can know where it listens, nor start another."""
    emulator = Emulator(home, patience=4.0)
    emulator.wait()
    endpoint = home / "emulator/endpoint.json"
    pid = json.loads(endpoint.read_text())["pid"]
    aside = endpoint.rename(home / "aside")
    with pytest.raises(AccountError, match="the emulator did not answer within 4 s") as raised:
        Emulator(home, patience=4.0).wait()
    # It is ended after the test, and none of those takes its place that were started in vain.
    aside.rename(endpoint)
    wait_for(lambda: count_emulators(home) == 1, seconds=60)
    assert raised.value.hint == (
        f"`kill -9 {pid}` ends it, and what was running starts anew with the next command"
    )


def test_an_emulator_that_hangs_is_told_once(
    home: Path,
    caplog: pytest.LogCaptureFixture,
    wait_for: WaitFor,
) -> None:
    """As one that is stopped in a debugger: it holds its port, and ends on no request."""
    emulator = Emulator(home, patience=4.0, answer_patience=0.5)
    emulator.wait()
    pid = json.loads((home / "emulator/endpoint.json").read_text())["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(AccountError, match="the emulator did not answer within 4 s") as raised:
            emulator.wait()
    finally:
        os.kill(pid, signal.SIGCONT)
    advice = f"`kill -9 {pid}` ends it, and what was running starts anew with the next command"
    assert raised.value.hint == advice
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == [f"the emulator (process {pid}) does not answer; {advice}"]
    # One that was started meanwhile ends as soon as it sees that there is another.
    wait_for(lambda: count_emulators(home) == 1, seconds=60)
    assert emulator.wait().account == "local"


def test_a_process_that_is_no_emulator_is_not_told_to_be_ended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After a crash another program may listen there, and one have the number that it had."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_endpoint(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert Emulator(tmp_path, answer_patience=0.5).endpoint() is None
    assert caplog.messages == []


def test_its_tasks_look_for_programs_where_it_was_started(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is to be started gets our own PATH, and keeps it."""
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{home}/first:{path}")
    assert Emulator(home).search_path() == f"{home}/first:{path}"
    Emulator(home).wait()
    monkeypatch.setenv("PATH", f"{home}/second:{path}")
    assert Emulator(home).search_path() == f"{home}/first:{path}"


def test_a_stranger_on_its_port_is_not_taken_for_it(tmp_path: Path, stranger: str) -> None:
    """After a crash another program may listen there."""
    write_endpoint(tmp_path, stranger)
    assert Emulator(tmp_path).endpoint() is None


def test_an_emulator_that_cannot_start_says_why(tmp_path: Path) -> None:
    """With the end of its log."""
    (tmp_path / "emulator/state.db").mkdir(parents=True)
    with pytest.raises(AccountError, match="the emulator ended with exit code 1\n") as raised:
        _ = connect(home=tmp_path).batch
    assert raised.value.hint == f"its log is `{tmp_path}/emulator/log.txt`"


def test_an_unknown_account_is_told_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(AccountError) as raised:
        connect("azure", home=tmp_path)
    assert str(raised.value) == "there is no account `azure`"
    assert raised.value.hint == "known are `local`; `runfleet account add` adds one"
