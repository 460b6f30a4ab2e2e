"""`runfleet emulator` and `runfleet pool`."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
import requests
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

HOLD_THE_LOCK = """\
import sys, time
from pathlib import Path
from runfleet.emulator.lock import hold

with hold(Path(sys.argv[1])):
    time.sleep(600)
"""


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_it_starts_once_and_stops_cleanly(runfleet):
    """Starting and stopping can be said twice."""
    assert runfleet("emulator", "status").out.startswith("State    stopped\n")
    started = runfleet("emulator", "start", "--detach")
    assert (started.code, started.err) == (0, "The emulator has been started.\n")
    again = runfleet("emulator", "start", "--detach")
    assert (again.code, again.out, again.err) == (0, started.out, "The emulator is running.\n")
    status = json.loads(runfleet("emulator", "status", "--json").out)
    assert (status["state"], status["url"]) == ("running", started.out.strip())
    assert runfleet("emulator", "stop").err == "The emulator has been stopped.\n"
    assert runfleet("emulator", "stop").err == "The emulator is not running.\n"
    assert json.loads(runfleet("emulator", "status", "--json").out)["state"] == "stopped"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(
    ("command", "file", "told"),
    [
        ("run study.yaml", "log.txt", "in which runfleet keeps its state, cannot be written to"),
        ("status", "log.txt", "in which runfleet keeps its state, cannot be written to"),
        ("emulator stop", "lock", "error: `{state}/lock`: Permission denied"),
    ],
)
def test_a_folder_of_another_user_is_told(
    runfleet, write_study, without_rights, command: str, file: str, told: str
) -> None:
    """As where two of them have one RUNFLEET_HOME, whose owner alone may look into `emulator/`."""
    state = runfleet.home / "emulator"
    state.mkdir(mode=0o700, parents=True)
    (state / file).touch()
    os.chown(state, 12345, 12345)
    write_study("study", "true")
    ended = runfleet.line(f"{without_rights} runfleet {command}")
    assert ended.code == 1
    assert told.format(state=state) in ended.err
    advice = "is another user's, it seems; set RUNFLEET_HOME to a folder of your own"
    assert ended.err.endswith(f"hint: `{state}` {advice}\n")
    assert "Traceback" not in ended.err


def test_a_folder_that_cannot_be_looked_for_is_told_with_what_to_do(
    runfleet, write_study, without_rights, folder: Path
):
    closed = folder / "closed"
    closed.mkdir(mode=0)
    write_study("study", "true")
    ended = runfleet.line(f"RUNFLEET_HOME=closed/home {without_rights} runfleet run study.yaml")
    assert ended.err == (
        f"error: `{closed}/home/studies/local/study.file`: Permission denied\n"
        "hint: set RUNFLEET_HOME to a folder that you may write to\n"
    )


def test_names_of_files_do_not_depend_on_who_started_it(runfleet, folder: Path):
    """Even a shell that knows ASCII only; its tasks get no variable for that."""
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    usual = dict(runfleet.environment)
    runfleet.environment |= ascii_only
    assert runfleet("emulator", "start", "--detach").code == 0
    runfleet.environment = usual
    (folder / "Flüsse.txt").write_text("Elbe")
    model = "{command: 'cat Flüsse.txt; env | grep PYTHON || true', inputs: [Flüsse.txt]}"
    (folder / "rivers.yaml").write_text(f"study: rivers\nmodel: {model}\n")
    ended = runfleet("run", "rivers.yaml")
    assert "preparation failed" not in ended.err
    (log,) = (folder / "results").rglob("stdout.txt")
    assert log.read_text() == "Elbe"


def test_one_that_does_not_answer_is_not_told_as_stopped(runfleet):
    """As one that is held by a debugger."""
    assert runfleet("emulator", "start", "--detach").code == 0
    pid = json.loads((runfleet.home / "emulator/endpoint.json").read_text())["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        assert runfleet("emulator", "status").out.startswith("State    not answering\n")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_one_whose_endpoint_file_is_gone_is_stopped_too(runfleet):
    """Its lock file says which process it is."""
    assert runfleet("emulator", "start", "--detach").code == 0
    (runfleet.home / "emulator/endpoint.json").unlink()
    stopped = runfleet("emulator", "stop")
    assert (stopped.code, stopped.err) == (0, "The emulator has been stopped.\n")


def test_one_that_is_only_starting_is_stopped_too(runfleet):
    """It holds the lock before it says where it listens."""
    process = runfleet.start("emulator", "start")
    wait_for((runfleet.home / "emulator" / "lock").exists)
    while (ended := runfleet("emulator", "stop")).err == "The emulator is not running.\n":
        assert process.poll() is None  # not even the lock was taken yet
    assert (ended.code, ended.err) == (0, "The emulator has been stopped.\n")
    process.communicate(timeout=60)


def test_another_process_is_not_taken_for_one_that_is_starting(runfleet):
    """What a killed one had announced is there still, and its number has come to a bystander."""
    state = runfleet.home / "emulator"
    state.mkdir(parents=True)
    bystander = subprocess.Popen(["sleep", "600"])
    starting = subprocess.Popen([sys.executable, "-c", HOLD_THE_LOCK, state / "lock"])
    try:
        wait_for((state / "lock").exists)
        wait_for(lambda: (state / "lock").read_text() == str(starting.pid))
        announcement = {"url": "http://127.0.0.1:9", "account": "local", "pid": bystander.pid}
        (state / "endpoint.json").write_text(json.dumps(announcement))
        stopped = runfleet("emulator", "stop")
        assert (stopped.code, stopped.err) == (0, "The emulator has been stopped.\n")
        assert starting.wait(60) == -signal.SIGTERM
        assert bystander.poll() is None
    finally:
        for process in (bystander, starting):
            process.kill()
            process.wait()


def test_nodes_take_as_long_to_come_as_it_is_told(runfleet, write_study):
    """Only an emulator that is being started can be told."""
    runfleet("emulator", "start", "--detach", "--node-delay", "3600")
    runfleet("run", write_study("slow", "true\n", values=[1]), "--detach")
    pool = json.loads(runfleet("pool", "show", "local", "--json").out)
    assert [node["state"] for node in pool["node_list"]] == ["creating"]
    again = runfleet("emulator", "start", "--detach", "--node-delay", "0")
    assert again.code == 1
    assert again.err.startswith("error: the emulator is running already, at ")


def test_in_the_foreground_it_shows_its_log_until_ctrl_c(runfleet):
    """Its log is talk; a second emulator is refused meanwhile."""
    process = runfleet.start("emulator", "start")
    assert process.stderr is not None
    line = next(line for line in process.stderr if "serving account" in line)
    url = line.split(" at ")[1].strip()
    refused = runfleet("emulator", "start")
    assert (refused.code, refused.err) == (
        1,
        (
            f"error: the emulator is running already, at {url}\n"
            "hint: `runfleet emulator stop` stops it\n"
        ),
    )
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in err
    assert runfleet("emulator", "stop").err == "The emulator is not running.\n"


def test_env_lets_other_clients_in(runfleet):
    """The exports are what a shell takes, and what the official SDK needs."""
    variables = exports(runfleet)
    assert "REQUESTS_CA_BUNDLE" not in variables
    credential = AzureNamedKeyCredential(
        variables["AZURE_BATCH_ACCOUNT"], variables["AZURE_BATCH_ACCESS_KEY"]
    )
    with BatchClient(variables["AZURE_BATCH_ENDPOINT"], credential) as client:
        assert list(client.list_pools()) == []


def exports(runfleet) -> dict[str, str]:
    """What `runfleet emulator env` exports."""
    ended = runfleet("emulator", "env")
    assert ended.code == 0, ended.err
    return dict(word.split("=", 1) for word in shlex.split(ended.out) if word != "export")


def test_with_tls_env_adds_the_certificate_to_those_that_are_trusted(runfleet, folder: Path):
    """Whatever else could be reached from the shell still can."""
    runfleet("emulator", "start", "--detach", "--tls")
    ours = Path(json.loads(runfleet("emulator", "status", "--json").out)["certificate"])
    bundle = Path(exports(runfleet)["REQUESTS_CA_BUNDLE"])
    assert bundle.read_bytes() == Path(certifi.where()).read_bytes() + ours.read_bytes()
    runfleet.environment["REQUESTS_CA_BUNDLE"] = str(bundle)
    assert Path(exports(runfleet)["REQUESTS_CA_BUNDLE"]) == bundle
    assert requests.get(exports(runfleet)["AZURE_BATCH_ENDPOINT"], verify=str(bundle)).ok is False


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_of_the_users_own_is_kept(runfleet, folder: Path, variable: str):
    """It may be a folder, as for the programs that read the variable."""
    runfleet("emulator", "start", "--detach", "--tls")
    (folder / "certificates").mkdir()
    for place in (folder / "own.pem", folder / "certificates" / "own.pem"):
        place.write_text("of the user's own\n")
        runfleet.environment[variable] = str(place)
        assert Path(exports(runfleet)["REQUESTS_CA_BUNDLE"]).read_text().startswith("of the user's")
    runfleet.environment[variable] = str(folder / "none.pem")
    refused = runfleet("emulator", "env")
    assert refused.code == 1
    assert refused.err == (
        f"error: the certificates that {variable} names cannot be read: No such file or directory: "
        f"`{folder / 'none.pem'}`\nhint: unset {variable}, or let it name a file of certificates\n"
    )


def test_token_lets_clients_in_that_have_no_key(runfleet):
    """For Batch or for the management of its account, as long as one asks for."""
    runfleet("emulator", "start", "--detach", "--tls")
    url = exports(runfleet)["AZURE_BATCH_ENDPOINT"]
    ca_file = json.loads(runfleet("emulator", "status", "--json").out)["certificate"]

    def status_of(*options: str) -> int:
        token = runfleet("emulator", "token", *options).out.strip()
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{url}/pools?api-version=2025-06-01"
        return requests.get(address, headers=headers, verify=ca_file).status_code

    assert status_of() == status_of("--life", "1") == 200
    assert status_of("--management") == 401


def test_one_starts_with_tls_or_without(runfleet, write_study):
    """Asked for what it is, it is running; asked for something else, it is not what one wants."""
    plain = runfleet("emulator", "start", "--detach")
    refused = runfleet("emulator", "start", "--detach", "--tls")
    assert refused.err.startswith("error: the emulator is running already, at http://")
    runfleet("emulator", "stop")
    started = runfleet("emulator", "start", "--detach", "--tls")
    assert started.out == plain.out.replace("http", "https")
    assert runfleet("emulator", "start", "--detach", "--tls").out == started.out
    assert runfleet("run", write_study("secure", "true\n", values=[1])).code == 0
    runfleet("emulator", "stop")
    assert runfleet("status", "secure").code == 0
    again = json.loads(runfleet("emulator", "status", "--json").out)
    assert f"{again['url']}\n" == started.out, "clients find it where it was"
    runfleet("emulator", "stop")
    assert runfleet("emulator", "start", "--detach").out == plain.out


def test_what_goes_wrong_on_demand_is_shown(runfleet, folder: Path):
    (folder / "faults.yaml").write_text("faults: [busy, busy, {fault: slow, seconds: 1}]\n")
    assert runfleet("emulator", "start", "--detach", "--faults", "faults.yaml").code == 0
    assert json.loads(runfleet("emulator", "status", "--json").out)["faults"] == ["busy", "slow"]
    assert "Faults   busy, slow\n" in runfleet("emulator", "status").out


def test_env_starts_it_with_tls_if_one_says_so(runfleet):
    """What runs without is left alone."""
    assert "AZURE_BATCH_ENDPOINT=https://" in runfleet("emulator", "env", "--tls").out
    runfleet("emulator", "stop")
    runfleet("emulator", "start", "--detach")
    refused = runfleet("emulator", "env", "--tls")
    assert refused.code == 1
    assert refused.err.startswith("error: the emulator is running without https, at http://")


def test_it_listens_where_it_is_told(runfleet):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = runfleet("emulator", "start", "--detach", "--port", port)
        assert refused.code == 1
        assert f"port {port} of 127.0.0.1 cannot be listened at (take another one" in refused.err
    started = runfleet("emulator", "start", "--detach", "--port", port)
    assert started.out == f"http://127.0.0.1:{port}\n"
    assert runfleet("emulator", "start", "--detach", "--port", port).out == started.out


def test_reset_deletes_everything_but_collected_results(runfleet, write_study, folder: Path):
    """It shows what goes; nobody at a terminal has to agree beforehand."""
    study = write_study("gone", "true\n", values=[1])
    runfleet("run", study)
    dry = runfleet("emulator", "reset", "--dry-run")
    assert f"    {runfleet.home}/emulator (" in dry.err
    assert dry.err.endswith("Nothing was done, as this is a dry run.\n")
    assert runfleet("emulator", "reset").code == 2
    assert runfleet("status", study).code == 0
    assert runfleet("emulator", "reset", "--yes").code == 0
    assert not (runfleet.home / "emulator").exists()
    assert not (runfleet.home / "storage").exists()
    assert (folder / "results/gone/runs.csv").exists()
    assert runfleet("status", study).code == 1
    shutil.copytree(folder, folder / "other", ignore=shutil.ignore_patterns("results"))
    assert runfleet("run", f"other/{study}").code == 0


def test_reset_bears_files_that_go_while_it_looks(runfleet):
    """Tasks make and delete files all the time."""
    folder = runfleet.home / "emulator/nodes"
    folder.mkdir(parents=True)
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            for number in range(1000):
                (folder / str(number)).touch()
            for number in range(1000):
                (folder / str(number)).unlink()

    task = threading.Thread(target=work)
    task.start()
    try:
        ended = [runfleet("emulator", "reset", "--dry-run") for _ in range(5)]
    finally:
        is_over.set()
        task.join()
    assert [(one.code, "error" in one.err) for one in ended] == [(0, False)] * 5


def test_pools_are_listed_resized_and_deleted(runfleet, write_study):
    """Each change shows what it does first, and needs agreement."""
    assert runfleet("pool", "list").err == (
        "There are no pools; studies make them when they need them.\n"
    )
    runfleet("run", write_study("pooled", "true\n", values=[1]))
    pool = json.loads(runfleet("pool", "list", "--json").out)[0]
    assert (pool["id"], pool["current_dedicated_nodes"]) == ("local", 1)
    assert runfleet("pool", "resize", "local").err == (
        "error: no number of nodes is given\nhint: give `--nodes` or `--spot`\n"
    )
    dry = runfleet("pool", "resize", "local", "--nodes", "3", "--dry-run")
    assert dry.err.startswith("Pool `local`: from 1 to 3 dedicated nodes.\n")
    assert runfleet("pool", "resize", "local", "--nodes", "3", "--yes").code == 0
    shown = json.loads(runfleet("pool", "show", "local", "--json").out)
    assert shown["target_dedicated_nodes"] == 3
    assert "Nodes" in runfleet("pool", "show", "local").out
    assert runfleet("pool", "delete", "local", "--yes").code == 0


def test_an_unknown_pool(runfleet):
    ended = runfleet("pool", "show", "no-such-pool")
    assert ended.code == 1
    assert ended.err == (
        "error: there is no pool `no-such-pool`\nhint: `runfleet pool list` lists the pools\n"
    )


def test_files_are_kept_in_a_storage_account(runfleet, write_study, azurite):
    """From then on, whatever starts the emulator."""
    runfleet.environment["RUNFLEET_EMULATOR_STORAGE"] = azurite.connection_string
    assert runfleet("pool", "list").code == 0
    del runfleet.environment["RUNFLEET_EMULATOR_STORAGE"]
    status = json.loads(runfleet("emulator", "status", "--json").out)
    assert status["storage"] == azurite.url
    runfleet("emulator", "stop")
    assert runfleet("run", write_study("in-azurite", "echo 1 > out.txt", values=[1])).code == 0
    assert not (runfleet.home / "storage" / "study-in-azurite").exists()
    other = runfleet("emulator", "start", "--detach", "--storage", "folder")
    assert other.err.startswith("error: the emulator is running already")
    runfleet("emulator", "stop")
    runfleet("emulator", "start", "--detach", "--storage", "folder")
    status = json.loads(runfleet("emulator", "status", "--json").out)
    assert status["storage"] == str(runfleet.home / "storage")


def test_a_storage_account_that_does_not_answer_is_not_taken(runfleet, azurite):
    """The one before stays, and the key is not told."""
    wrong = azurite.connection_string.replace("AccountKey=E", "AccountKey=F")
    refused = runfleet("emulator", "start", "--detach", "--storage", wrong)
    assert refused.code == 1
    assert "403" in refused.err
    assert "AccountKey" not in refused.err
    status = json.loads(runfleet("emulator", "status", "--json").out)
    assert status["storage"] == str(runfleet.home / "storage")
    assert status["state"] == "stopped"
