"""
Whether a study survives what can go wrong: the same runs under one fault after the other.

A run that was lost has no success in the table of results; one that was doubled has succeeded
twice. Each run appends its name to a file when its command is done, which shows how many were
carried out again because their node, or what they had written, was lost. The emulator with its
fault and `runfleet run` are processes of their own, the study is new each time.

    python bench/faults.py [--runs 1000] [--only drop-after,node-lost] [--folder .build]
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from azure.core.credentials import AzureNamedKeyCredential

from runfleet.azure import AzureBatch, PoolSettings, StartTask
from runfleet.emulator import EmulatorProcess, Fault, FaultKind, When
from runfleet.faults.fault import Transfer

RUNFLEET = str(Path(sys.executable).with_name("runfleet"))

STUDY = """\
study: faulty
model:
  command: |
    cat x.txt > out.txt
    echo $RUNFLEET_RUN >> {done}
  overlays: {{x.txt: x.txt.j2}}
  outputs: [out.txt]
parameters:
  X: {{integers: [0, 1000000]}}
design: {{random: {runs}, seed: 1}}
results:
  y: {{file: out.txt, pattern: '(.+)'}}
pool: {pool}
"""
ONE_NODE = "{nodes: {max: 1}, tasks_per_node: 2}"
SPOT = "{nodes: {max: 2, spot: true}, tasks_per_node: 1}"
TWO_NODES = "{nodes: {max: 2}, tasks_per_node: 1}"
OF_ONES_OWN = "{id: prepared, nodes: {max: 1}, tasks_per_node: 2}"


@dataclass(frozen=True)
class Trial:
    """A study under some faults."""

    name: str
    faults: tuple[Fault, ...] = ()
    pool: str = ONE_NODE


REQUESTS = {
    "busy-503": Fault(FaultKind.BUSY, probability=0.1),
    "busy-429": Fault(FaultKind.BUSY, probability=0.1, status=429),
    "error-500": Fault(FaultKind.ERROR, probability=0.2),
    "error-503-after": Fault(FaultKind.ERROR, probability=0.2, status=503, when=When.AFTER),
    "drop-before": Fault(FaultKind.DROP, probability=0.2),
    "drop-after": Fault(FaultKind.DROP, probability=0.2, when=When.AFTER),
    "slow": Fault(FaultKind.SLOW, probability=0.2, seconds=0.5),
    "clock-skew": Fault(FaultKind.CLOCK_SKEW, seconds=-840),
}
OUTPUTS = Transfer.OUTPUTS
TRIALS = (
    Trial("none"),
    *(Trial(name, (fault,)) for name, fault in REQUESTS.items()),
    Trial("sas-inputs", (Fault(FaultKind.EXPIRED_SAS, probability=0.005),)),
    Trial("sas-outputs", (Fault(FaultKind.EXPIRED_SAS, probability=0.005, files=OUTPUTS),)),
    Trial("storage-inputs", (Fault(FaultKind.STORAGE_ERROR, probability=0.002),)),
    Trial("storage-outputs", (Fault(FaultKind.STORAGE_ERROR, probability=0.002, files=OUTPUTS),)),
    Trial("node-lost", (Fault(FaultKind.NODE_LOST, probability=0.002, seconds=0.1),), TWO_NODES),
    Trial("preempted", (Fault(FaultKind.NODE_PREEMPTED, probability=0.002, seconds=0.1),), SPOT),
    Trial("disk-full", (Fault(FaultKind.DISK_FULL, probability=0.002),), TWO_NODES),
    Trial("start-task", (Fault(FaultKind.START_TASK_FAILS, times=3),), OF_ONES_OWN),
)


@dataclass(frozen=True)
class Survival:
    """What became of the runs of a study."""

    seconds: float
    exit_code: int
    lost: int
    doubled: int
    again: int
    faults: int
    same_table: bool
    left_behind: int


def try_out(trial: Trial, folder: Path, runs: int, expected: Counter[str]) -> Survival:
    """Run the study once under a trial's faults."""
    folder.mkdir()
    write_study(folder, runs, trial.pool)
    home = folder / "home"
    environment = {**os.environ, "RUNFLEET_HOME": str(home), "NO_COLOR": "1"}
    begin = time.perf_counter()
    with EmulatorProcess(home, trial.faults, seed=1) as emulator:
        if trial.pool is OF_ONES_OWN:
            make_pool(emulator)
        done = subprocess.run(
            [RUNFLEET, "run", "study.yaml"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - begin
        successes = count_successes(emulator)
    if done.returncode:
        print(done.stderr[-1500:], file=sys.stderr)
    table = read_table(folder / "results" / "faulty" / "runs.csv")
    if not expected:
        expected.update(table)
    finished = Counter((folder / "done").read_text().split())
    return Survival(
        seconds,
        done.returncode,
        lost=runs - sum(table.values()),
        doubled=sum(count - 1 for count in successes.values()),
        again=sum(count - 1 for count in finished.values()),
        faults=len(re.findall("fault `", emulator.log.read_text())),
        same_table=table == expected,
        left_behind=len(processes_of(home)),
    )


def write_study(folder: Path, runs: int, pool: str) -> None:
    """Write the study and its template."""
    (folder / "x.txt.j2").write_text("{{ X }}\n")
    text = STUDY.format(done=folder / "done", runs=runs, pool=pool)
    (folder / "study.yaml").write_text(text)


def make_pool(emulator: EmulatorProcess) -> None:
    """Make a pool whose nodes have a start task."""
    with client_of(emulator) as batch:
        image = batch.pick_image("ubuntu-22.04")
        start = StartTask("true", max_retries=3)
        batch.create_pool(
            PoolSettings(
                "prepared", image, "standard_f2s_v2", dedicated=1, slots=2, start_task=start
            )
        )


def client_of(emulator: EmulatorProcess) -> AzureBatch:
    """Open the emulator's account."""
    return AzureBatch(emulator.url, AzureNamedKeyCredential(emulator.account, emulator.key))


def count_successes(emulator: EmulatorProcess) -> Counter[str]:
    """Count how often each run has succeeded, over all jobs of the study."""
    successes: Counter[str] = Counter()
    with client_of(emulator) as batch:
        for job in batch.list_jobs():
            tasks = batch.list_tasks(
                job.id, filter="executionInfo/result eq 'success'", select=["id"]
            )
            successes.update(task.id for task in tasks)
    return successes


def read_table(file: Path) -> Counter[str]:
    """Count the runs that have succeeded, by their name and result."""
    if not file.exists():
        return Counter()
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    return Counter(f"{row['run']} {row['y']}" for row in rows if row["state"] == "succeeded")


def processes_of(home: Path) -> list[str]:
    """Find what still runs for a home folder."""
    marker = str(home).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if marker in told:
            found.append(process.name)
    return found


def main() -> None:
    """Try each fault, and print a row for it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--only", default="", help="trials by name, with commas")
    parser.add_argument("--folder", type=Path, default=Path(".build"))
    options = parser.parse_args()
    wanted = set(filter(None, options.only.split(",")))
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-faults-", dir=options.folder.absolute()))
    expected: Counter[str] = Counter()
    print(f"{options.runs:,} runs under each fault")
    heads = f"{'fault':16} {'seconds':>8} {'faults':>7} {'lost':>5} {'doubled':>7} {'again':>5}"
    print(f"{heads} {'left':>4}  table")
    for trial in TRIALS:
        if wanted and trial.name not in wanted | {"none"}:
            continue
        found = try_out(trial, folder / trial.name, options.runs, expected)
        table = "same" if found.same_table else "differs"
        print(
            f"{trial.name:16} {found.seconds:8.1f} {found.faults:7,} {found.lost:5,} "
            f"{found.doubled:7,} {found.again:5,} {found.left_behind:4}  {table}",
            flush=True,
        )
        shutil.rmtree(folder / trial.name)
    folder.rmdir()


if __name__ == "__main__":
    main()
