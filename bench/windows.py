"""
What a Windows run costs beside its EXE, and how soon a second Windows node is ready.

The EXE does nothing. It is started by hand under a Wine that is warm, as a task of its own, and as
the run of a study that has an input and an output; in turns, on a node with one task slot. The
second node is made when a first one has run something, and is ready when a task has ended on it.

    python bench/windows.py [--rounds 15] [--nodes 5]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runfleet.azure import JobSettings, PoolSettings, TaskInfo, TaskSettings
from runfleet.launch import Account, connect
from runfleet.study import Study

RUNFLEET = Path(sys.executable).with_name("runfleet")
COMPILER = "x86_64-w64-mingw32-gcc"
LOADERS = ("/usr/lib/wine/wine64", "/usr/bin/wine")
STUDY = """\
study: bench-{number}
model: {{command: '{program} > out.txt', inputs: [in.txt], outputs: [out.txt]}}
pool: {{image: windows-2022, tasks_per_node: 1, vm_size: standard_f2s_v2}}
"""


@contextmanager
def warm_wine(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment of a Wine whose server and services stay."""
    environment = {**os.environ, "WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all"}
    for command in ("wine wineboot --init", "wineserver -w", "wineserver -p", "wine cmd /c exit"):
        subprocess.run(command.split(), env=environment, check=True, stderr=subprocess.DEVNULL)
    yield environment
    subprocess.run(["wineserver", "-k"], env=environment, check=True)


def by_hand(program: Path, environment: dict[str, str]) -> float:
    """Seconds that the EXE takes under `wine`, its output in a file."""
    loader = next(filter(os.path.exists, LOADERS))
    with open(os.devnull, "w") as nowhere:
        began = time.perf_counter()
        subprocess.run(
            [loader, program], env={**environment, "WINELOADER": loader}, stdout=nowhere, check=True
        )
        return time.perf_counter() - began


def as_task(account: Account, job: str, line: str, number: int) -> float:
    """Seconds that Batch tells of a task."""
    account.batch.add_tasks(job, [TaskSettings(f"task-{number}", line)])
    return seconds_of(ended(account, job, f"task-{number}"))


def as_run(account: Account, folder: Path, line: str, number: int) -> float:
    """Seconds that Batch tells of the run of a study."""
    (folder / "in.txt").write_text("input\n")
    path = folder / f"study-{number}.yaml"
    path.write_text(STUDY.format(number=number, program=line))
    study = Study.load(path)
    for _ in account.submit(study).watch():
        pass
    return seconds_of(ended(account, study.name, "run-00001"))


def ended(account: Account, job: str, task: str) -> TaskInfo:
    """Wait until a task has ended well."""
    while True:
        found = account.batch.get_task(job, task)
        if found is not None and found.state == "completed":
            assert found.exit_code == 0, found
            return found
        time.sleep(0.01)


def seconds_of(task: TaskInfo) -> float:
    """How long a task took."""
    assert task.started is not None
    assert task.ended is not None
    return (task.ended - task.started).total_seconds()


def new_node(account: Account, number: int) -> float:
    """Seconds from asking for a pool of one node to the end of the first task on it."""
    image = account.batch.pick_image("windows-2022")
    pool, job = f"node-{number}", f"on-node-{number}"
    began = time.perf_counter()
    account.batch.create_pool(PoolSettings(pool, image, "standard_f2s_v2", dedicated=1))
    account.batch.create_job(JobSettings(job, pool))
    account.batch.add_tasks(job, [TaskSettings("first", "cmd /c exit 0")])
    ended(account, job, "first")
    return time.perf_counter() - began


def compile_program(folder: Path) -> Path:
    """Make an EXE that does nothing."""
    (folder / "nothing.c").write_text("int main(void) { return 0; }\n")
    program = folder / "nothing.exe"
    subprocess.run([COMPILER, "-Os", folder / "nothing.c", "-o", program], check=True)
    return program


def report(name: str, measured: list[float], base: float = 0.0) -> float:
    """Print a median, and by how much it is above another one."""
    median = statistics.median(measured)
    above = f", {1000 * (median - base):.0f} ms more than by hand" if base else ""
    print(f"{name:28} median {1000 * median:5.0f} ms of {len(measured)}{above}")
    return median


def measure(folder: Path, account: Account, options: argparse.Namespace) -> None:
    """Measure in turns, the first of each left out."""
    program = compile_program(folder)
    line = "Z:" + str(program).replace("/", "\\")
    new_node(account, 0)
    nodes = [new_node(account, number) for number in range(1, options.nodes + 1)]
    with warm_wine(folder) as environment:
        ways: dict[str, Callable[[int], float]] = {
            "the EXE by hand": lambda _: by_hand(program, environment),
            "a task of it": lambda number: as_task(account, "on-node-0", line, number),
            "a run of a study": lambda number: as_run(account, folder, line, number),
        }
        rounds = [[way(number) for way in ways.values()] for number in range(options.rounds + 1)]
    columns = list(zip(*rounds[1:], strict=True))
    base = report("the EXE by hand", [*columns[0]])
    for name, column in zip([*ways][1:], columns[1:], strict=True):
        report(name, [*column], base)
    report("another node, to its first task", nodes)


def main() -> None:
    """Measure in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description="Measure runs on Windows nodes.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--nodes", type=int, default=5, help="how many further nodes are made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        account = connect(home=Path(name) / "home")
        try:
            measure(Path(name), account, options)
        finally:
            environment = {**os.environ, "RUNFLEET_HOME": str(Path(name) / "home")}
            stop = [str(RUNFLEET), "emulator", "stop"]
            subprocess.run(stop, env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    main()
