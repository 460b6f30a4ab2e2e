"""
How long many short runs take, from the command to the last result, on two slots.

The same work for every tool: `sh -c 'echo $P > out.txt'`, each run in a folder of its own, with
stdout and stderr kept. The whole command is measured, start-up included. Rounds are interleaved,
so that a slow minute of the machine hits all tools alike.

    python bench/run_to_completion.py [--runs 2000] [--rounds 5] [--folder .build]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BENCH = Path(__file__).parent
BUILD = BENCH.parent / ".build"
RUNFLEET = str(Path(sys.executable).with_name("runfleet"))

STUDY = """\
study: bench
model:
  command: echo $P > out.txt
  outputs: [out.txt]
parameters:
  P: {{values: [{numbers}]}}
design: grid
pool: {{nodes: {{max: 1}}, tasks_per_node: 2}}
"""

# `{}` is the number of the run; its folder has been made.
RUN = 'cd {} && P={} exec sh -c "echo \\$P > out.txt" > stdout.txt 2> stderr.txt'
MAKE_FOLDERS = "mkdir runs && cd runs && seq $COUNT | xargs mkdir"


@dataclass(frozen=True)
class Tool:
    """A way to carry out many runs: a command that returns once they are done."""

    name: str
    command: tuple[str, ...]
    program: str
    install: str
    runs: str = "runs"
    clean_up: tuple[str, ...] = ("true",)

    @property
    def is_installed(self) -> bool:
        """Whether its program is there."""
        return shutil.which(self.program) is not None


TOOLS = (
    Tool(
        "runfleet",
        command=(RUNFLEET, "run", "study.yaml"),
        program=RUNFLEET,
        install="pip install --editable .",
        runs="results/bench/runs",
        clean_up=(RUNFLEET, "emulator", "stop"),
    ),
    Tool(
        "HyperQueue",
        command=(
            str(BUILD / "hyperqueue" / "bin" / "python"),
            str(BENCH / "tools" / "hyperqueue_runs.py"),
        ),
        program=str(BUILD / "hyperqueue" / "bin" / "python"),
        install="make .build/hyperqueue/installed",
    ),
    Tool(
        "GNU parallel",
        command=("sh", "-c", f"{MAKE_FOLDERS} && seq $COUNT | parallel -j2 '{RUN}'"),
        program="parallel",
        install="apt-get install parallel",
    ),
    Tool(
        "xargs -P2",
        command=("sh", "-c", f"{MAKE_FOLDERS} && seq $COUNT | xargs -P2 -I{{}} sh -c '{RUN}'"),
        program="xargs",
        install="apt-get install findutils",
    ),
)


def measure(tool: Tool, folder: Path, count: int) -> float:
    """Seconds that the tool took for all runs, each of which is then checked."""
    folder.mkdir()
    numbers = ", ".join(str(number) for number in range(1, count + 1))
    (folder / "study.yaml").write_text(STUDY.format(numbers=numbers))
    begin = time.perf_counter()
    try:
        execute(tool.command, folder, count)
        seconds = time.perf_counter() - begin
    finally:
        execute(tool.clean_up, folder, count)
    check_runs(folder / tool.runs, count)
    return seconds


def execute(command: Sequence[str], folder: Path, count: int) -> None:
    """Carry out a command in a folder; what it says matters only if it fails."""
    environment = {
        **os.environ,
        "COUNT": str(count),
        "PARALLEL_SHELL": "/bin/sh",
        "RUNFLEET_HOME": str(folder / "home"),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"error: {command} in {folder}: {done.stderr or done.stdout}")


def check_runs(runs: Path, count: int) -> None:
    """Make sure that every run wrote its number, and that stdout and stderr were kept."""
    whole = [run for run in runs.iterdir() if (run / "stdout.txt").exists()]
    numbers = {int((run / "out.txt").read_text()) for run in whole if (run / "stderr.txt").exists()}
    if numbers != set(range(1, count + 1)):
        raise SystemExit(f"error: {runs} holds {len(numbers)} whole runs instead of {count}")


def measure_all(tools: Sequence[Tool], scratch: Path, count: int, rounds: int) -> list[list[float]]:
    """
    Seconds of each tool, a list a tool, in interleaved rounds.

    Nothing is deleted in between: creating files on ext4 right after deleting many is
    twenty times slower, and would be charged to whoever comes next.
    """
    seconds: list[list[float]] = [[] for _ in tools]
    for number in range(1, rounds + 1):
        for tool, taken in zip(tools, seconds, strict=True):
            folder = scratch / f"{tool.name} {number}"
            taken.append(measure(tool, folder, count))
            print(f"round {number}: {tool.name} {taken[-1]:.2f} s", file=sys.stderr)
    return seconds


def report(tools: Sequence[Tool], seconds: list[list[float]], count: int) -> None:
    """Print medians, and the first tool's time as a share of each other's."""
    ours = statistics.median(seconds[0])
    print(f"{'':14}{'median s':>10}{'ms a run':>10}{'fastest':>9}{'slowest':>9}{'ratio':>8}")
    for tool, taken in zip(tools, seconds, strict=True):
        median = statistics.median(taken)
        print(
            f"{tool.name:14}{median:10.2f}{1000 * median / count:10.2f}"
            f"{min(taken):9.2f}{max(taken):9.2f}{ours / median:8.2f}"
        )
    print(f"ratio: median of {tools[0].name} over median of the tool; below 1 it is faster")


def main() -> None:
    """Measure the tools that are installed, and say how to get the others."""
    parser = argparse.ArgumentParser(description="Measure runs to completion on two slots.")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=BUILD, help="where the runs' files go")
    options = parser.parse_args()
    for tool in TOOLS:
        if not tool.is_installed:
            print(f"missing: {tool.name} ({tool.install})")
    tools = [tool for tool in TOOLS if tool.is_installed]
    options.folder.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
    print(f"{options.runs} runs on two slots, {options.rounds} rounds; files stay in {scratch}")
    report(tools, measure_all(tools, scratch, options.runs, options.rounds), options.runs)


if __name__ == "__main__":
    main()
