"""Whole studies while something goes wrong: no run is lost, none is done twice, nothing is left."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import psutil
import pytest
from azure.core.credentials import AzureNamedKeyCredential
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfleet.azure import (
    AzureBatch,
    JobSettings,
    PoolSettings,
    StartTask,
    TaskSettings,
)
from runfleet.emulator import EmulatorProcess, Fault, FaultKind, When
from runfleet.faults.fault import Transfer
from runfleet.study import Study

Runfleet = Callable[..., "CompletedProcess[str]"]

RUNS = 120
STUDY = """\
study: faulty
model:
  command: |
    cat x.txt > out.txt
    echo $RUNFLEET_RUN >> "{done}"
  overlays: {{x.txt: x.txt.j2}}
  outputs: [out.txt]
parameters: {{X: {{integers: [0, 1000000]}}}}
design: {{random: {runs}, seed: 1}}
results: {{y: {{file: out.txt, pattern: '(.+)'}}}}
pool: {pool}
"""
SLOW_STUDY = """\
study: faulty
model:
  command: |
    echo $RUNFLEET_RUN >> "{done}"
    until [ -e "{gate}" ]; do sleep 0.05; done
    echo $X > out.txt
  outputs: [out.txt]
parameters: {{X: {{values: [{values}]}}}}
design: grid
pool: {{nodes: {{max: 1}}, tasks_per_node: 2}}
"""
TWO_SLOTS = "{nodes: {max: 1}, tasks_per_node: 2}"
SPOT = "{nodes: {max: 1, spot: true}, tasks_per_node: 2}"
WITH_START_TASK = "{id: prepared, nodes: {max: 1}, tasks_per_node: 2}"

REQUESTS = {
    "busy": [
        Fault(FaultKind.BUSY, nth=(2, 5, 9)),
        Fault(FaultKind.BUSY, probability=0.1, status=429, retry_after=0),
    ],
    "errors": [
        Fault(FaultKind.ERROR, probability=0.2),
        Fault(FaultKind.ERROR, probability=0.2, status=503, when=When.AFTER),
    ],
    "dropped": [
        Fault(FaultKind.DROP, probability=0.2),
        Fault(FaultKind.DROP, probability=0.2, when=When.AFTER),
    ],
    "slow, at another time": [
        Fault(FaultKind.SLOW, probability=0.2, seconds=0.1),
        Fault(FaultKind.CLOCK_SKEW, seconds=-840),
    ],
}
NODES = {
    "nodes lost": ([Fault(FaultKind.NODE_LOST, nth=(20, 90), seconds=0.05)], TWO_SLOTS),
    "nodes preempted": ([Fault(FaultKind.NODE_PREEMPTED, nth=(20, 90), seconds=0.05)], SPOT),
    "start tasks failing": ([Fault(FaultKind.START_TASK_FAILS, times=2)], WITH_START_TASK),
}
# Here runs fail, which are then run again.
LOSSES = {
    "transfers and disks": [
        Fault(FaultKind.EXPIRED_SAS, nth=(10, 60)),
        Fault(FaultKind.EXPIRED_SAS, nth=(30,), files=Transfer.OUTPUTS),
        Fault(FaultKind.STORAGE_ERROR, nth=(40,), files=Transfer.OUTPUTS),
        Fault(FaultKind.DISK_FULL, nth=(100,)),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("faults", REQUESTS.values(), ids=REQUESTS)
def test_requests_go_wrong(runfleet: Runfleet, tmp_path: Path, faults: list[Fault]) -> None:
    """Each command is carried out exactly once, and the table is as it would be."""
    run_study(runfleet, tmp_path, faults, TWO_SLOTS)
    assert times_done(tmp_path) == dict.fromkeys(expected_results(tmp_path), 1)


@pytest.mark.slow
@pytest.mark.parametrize(("faults", "pool"), NODES.values(), ids=NODES)
def test_nodes_go_wrong(runfleet: Runfleet, tmp_path: Path, faults: list[Fault], pool: str) -> None:
    """Only what was on the node is done again, at no cost of a retry."""
    run_study(runfleet, tmp_path, faults, pool)
    again = sum(times_done(tmp_path).values()) - RUNS
    assert again <= 2 * len(faults[0].nth)


@pytest.mark.slow
def test_runs_that_were_lost_are_run_again(runfleet: Runfleet, tmp_path: Path) -> None:
    """A study has `retries: 0`, and these are none; what was done and not delivered is redone."""
    (faults,) = LOSSES.values()
    said = run_study(runfleet, tmp_path, faults, TWO_SLOTS)
    assert "running again what was lost: " in said
    again = {run: count for run, count in times_done(tmp_path).items() if count > 1}
    assert len(again) <= 4, again


@pytest.mark.slow
def test_what_is_lost_of_an_older_version_is_left_alone(
    runfleet: Runfleet, tmp_path: Path, wait_for: Callable[..., object]
) -> None:
    """Whoever watches it would take the runs away that were added since."""
    fault = Fault(FaultKind.EXPIRED_SAS, nth=(1,), files=Transfer.OUTPUTS)
    begin(runfleet, tmp_path, [fault], TWO_SLOTS)
    gate = tmp_path / "gate"
    study = SLOW_STUDY.format(done=tmp_path / "done", gate=gate, values="1, 2")
    (tmp_path / "study.yaml").write_text(study)
    with ThreadPoolExecutor() as pool:
        older = pool.submit(runfleet, "run", "study.yaml", folder=tmp_path)
        wait_for(lambda: (tmp_path / "done").exists() and len(times_done(tmp_path)) == 2)
        (tmp_path / "study.yaml").write_text(study.replace("1, 2]", "1, 2, 3]"))
        newer = runfleet("run", "study.yaml", "--detach", folder=tmp_path)
        gate.touch()
    assert newer.returncode == 0, newer.stderr
    assert "running again" not in older.result().stderr
    runfleet("run", "study.yaml", folder=tmp_path)
    assert times_done(tmp_path)["run-00003"] == 1


def test_a_start_task_that_fails_for_good_ends_the_wait(runfleet: Runfleet, tmp_path: Path) -> None:
    """At once, and with what it has written."""
    begin(runfleet, tmp_path, [Fault(FaultKind.START_TASK_FAILS)], WITH_START_TASK)
    done = runfleet("run", "study.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert "start task" in done.stderr
    assert "as a fault file asks" in done.stderr


def test_a_long_wait_is_told(runfleet: Runfleet, tmp_path: Path) -> None:
    """A command that asks a busy service says so, beside its data."""
    busy = Fault(FaultKind.BUSY, operations=("list_pools",), times=1, retry_after=5)
    begin(runfleet, tmp_path, [busy], TWO_SLOTS)
    done = runfleet("pool", "list", folder=tmp_path)
    assert done.returncode == 0
    assert "waiting: the Batch service answered 503 ServerBusy to GET /pools" in done.stderr


def test_a_clock_that_is_wrong_is_named(runfleet: Runfleet, tmp_path: Path) -> None:
    """No request is taken, and waiting would not help."""
    begin(runfleet, tmp_path, [Fault(FaultKind.CLOCK_SKEW, seconds=3600)], TWO_SLOTS)
    done = runfleet("run", "study.yaml", folder=tmp_path)
    assert done.returncode == 1
    looked = runfleet("doctor", folder=tmp_path)
    assert "the clocks differ by" in looked.stdout + looked.stderr
    assert "set this machine's clock: it is 60 minutes behind the service's" in done.stderr


@pytest.mark.slow
def faults_of(*kinds: FaultKind, **keys: st.SearchStrategy[object]) -> st.SearchStrategy[Fault]:
    """Faults that happen now and then, with keys of their kind."""
    often = st.sampled_from([0.02, 0.1])
    times = st.none() | st.integers(1, 9)
    return st.builds(Fault, st.sampled_from(kinds), probability=often, times=times, **keys)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    faults=st.lists(
        faults_of(FaultKind.BUSY, retry_after=st.just(0))
        | faults_of(FaultKind.ERROR, FaultKind.DROP, when=st.sampled_from(When))
        | faults_of(FaultKind.NODE_LOST, seconds=st.just(0.05)),
        min_size=1,
        max_size=3,
    ),
    seed=st.integers(0, 99),
)
def test_every_task_is_added_once_and_succeeds_once(
    tmp_path_factory: pytest.TempPathFactory,
    wait_for: Callable[..., object],
    faults: list[Fault],
    seed: int,
) -> None:
    """Whatever goes wrong: with the tasks' own account of themselves, and the service's counts."""
    folder = tmp_path_factory.mktemp("faults")
    names = [f"t{number}" for number in range(150)]
    with EmulatorProcess(folder, faults, seed=seed) as emulator:
        credential = AzureNamedKeyCredential(emulator.account, emulator.key)
        with AzureBatch(emulator.url, credential) as batch:
            image = batch.pick_image("ubuntu-22.04")
            batch.create_pool(PoolSettings("p", image, "standard_f2s_v2", dedicated=2, slots=2))
            batch.create_job(JobSettings("j", "p"))
            added = batch.add_tasks("j", (TaskSettings(name, "true") for name in names))
            counts = batch.wait_for_tasks("j", timeout=timedelta(seconds=60))
            listed = Counter(task.id for task in batch.list_tasks("j"))
            batch.delete_job("j")
            batch.delete_pool("p")
            wait_for(lambda: batch.get_pool("p") is None)
    assert added.added + added.existing == len(names)
    assert (counts.succeeded, counts.total) == (len(names), len(names))
    assert listed == Counter(names)
    wait_until_gone(folder)


def test_an_answer_that_was_lost_is_no_refusal(
    tmp_path: Path, wait_for: Callable[..., object]
) -> None:
    """What is asked again, and has been done, counts as done."""
    lost = Fault(FaultKind.DROP, when=When.AFTER, times=1)
    asked = ("create_pool", "resize_pool", "create_job", "update_job", "terminate_job")
    asked += ("reactivate_task", "terminate_task", "delete_pool", "delete_job")
    faults = [replace(lost, operations=(operation,)) for operation in asked]
    options = ("--node-delay", "0.3")
    with EmulatorProcess(tmp_path, faults, options=options) as emulator:
        credential = AzureNamedKeyCredential(emulator.account, emulator.key)
        with AzureBatch(emulator.url, credential) as batch:
            image = batch.pick_image("ubuntu-22.04")
            batch.create_pool(PoolSettings("p", image, "standard_f2s_v2", dedicated=1))
            batch.wait_for_nodes("p", 1, timeout=timedelta(seconds=60))
            batch.resize_pool("p", dedicated=2)
            batch.create_job(JobSettings("j", "p"))
            batch.add_tasks("j", [TaskSettings("t", "false"), TaskSettings("u", "sleep 60")])
            wait_for(lambda: batch.task_counts("j").failed == 1)
            batch.reactivate_task("j", "t")
            batch.terminate_task("j", "u")
            batch.finish_when_done("j")
            batch.terminate_job("j")
            batch.delete_pool("p")
            batch.delete_job("j")
            wait_for(lambda: batch.get_pool("p") is batch.get_job("j") is None)
        log = emulator.log.read_text()
    assert [f"hits {operation}" for operation in asked if f"hits {operation}" not in log] == []


def run_study(runfleet: Runfleet, folder: Path, faults: Sequence[Fault], pool: str) -> str:
    """Run the study, check all that holds whatever goes wrong, and give what was said."""
    begin(runfleet, folder, faults, pool)
    done = runfleet("run", "study.yaml", folder=folder)
    log = (folder / "home" / "emulator" / "log.txt").read_text()
    assert done.returncode == 0, done.stderr + log[-2000:]
    assert "fault `" in log
    assert results(folder) == expected_results(folder)
    runfleet("emulator", "stop")
    wait_until_gone(folder)
    assert "Traceback" not in log
    return done.stderr


def begin(runfleet: Runfleet, folder: Path, faults: Sequence[Fault], pool: str) -> None:
    """Write the study, and start an emulator with faults."""
    (folder / "x.txt.j2").write_text("{{ X }}\n")
    text = STUDY.format(done=folder / "done", runs=RUNS, pool=pool)
    (folder / "study.yaml").write_text(text)
    file = folder / "faults.yaml"
    file.write_text(json.dumps({"seed": 1, "faults": [*map(as_written, faults)]}))
    started = runfleet("emulator", "start", "--detach", "--faults", file)
    assert started.returncode == 0, started.stderr
    if pool is WITH_START_TASK:
        make_pool(folder / "home")


def as_written(fault: Fault) -> dict[str, object]:
    usual = asdict(Fault(fault.fault))
    return {"fault": fault.fault} | {
        key: value for key, value in asdict(fault).items() if value != usual[key]
    }


def make_pool(home: Path) -> None:
    facts = json.loads((home / "emulator" / "endpoint.json").read_text())
    key = (home / "emulator" / "key").read_text()
    with AzureBatch(facts["url"], AzureNamedKeyCredential(facts["account"], key)) as batch:
        image = batch.pick_image("ubuntu-22.04")
        batch.create_pool(
            PoolSettings(
                "prepared",
                image,
                "standard_f2s_v2",
                dedicated=1,
                slots=2,
                start_task=StartTask("true", max_retries=2),
            )
        )


def results(folder: Path) -> dict[str, str]:
    with (folder / "results" / "faulty" / "runs.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    return {row["run"]: row["y"].removesuffix(".0") for row in rows if row["state"] == "succeeded"}


def expected_results(folder: Path) -> dict[str, str]:
    """Each run writes the value of its parameter."""
    study = Study.load(folder / "study.yaml")
    return {run.name: str(run.sample["X"]) for run in study.runs()}


def times_done(folder: Path) -> dict[str, int]:
    return dict(Counter((folder / "done").read_text().split()))


def wait_until_gone(folder: Path) -> None:
    """Wait for the last process of a folder: an emulator lets go of its lock before it ends."""
    _, alive = psutil.wait_procs(processes_of(folder), timeout=60)
    assert not alive


def processes_of(folder: Path) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if str(folder) in " ".join(_told(one))]


def _told(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), *process.environ().values()]
    except psutil.Error:
        return []
