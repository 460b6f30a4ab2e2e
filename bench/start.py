"""
How long it takes from the command to the first task running, and what an idle emulator uses.

Each round has a home of its own, so that the emulator is started, too. The first task writes the
time at which it began.

    python bench/start.py [--rounds 5] [--idle 10]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNFLEET = Path(sys.executable).with_name("runfleet")
STUDY = """\
study: start
model:
  command: date +%s.%N > began.txt
  outputs: [began.txt]
"""


def first_task(folder: Path) -> float:
    """Seconds from the command to the first task, with an emulator that is not there yet."""
    (folder / "study.yaml").write_text(STUDY)
    began = time.time()
    subprocess.run(
        [str(RUNFLEET), "run", "study.yaml"],
        cwd=folder,
        env=environment(folder),
        check=True,
        capture_output=True,
    )
    (noted,) = folder.glob("results/start/runs/*/began.txt")
    return float(noted.read_text()) - began


def idle_seconds(folder: Path, seconds: float) -> float:
    """Processor seconds that the emulator and its agent use while nobody asks for anything."""
    endpoint = json.loads((folder / "home" / "emulator" / "endpoint.json").read_text())
    emulator = int(endpoint["pid"])
    agents = Path(f"/proc/{emulator}/task/{emulator}/children").read_text().split()
    processes = [emulator, *map(int, agents)]
    before = sum(map(processor_seconds, processes))
    time.sleep(seconds)
    return sum(map(processor_seconds, processes)) - before


def processor_seconds(process_id: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def environment(folder: Path) -> dict[str, str]:
    """The environment of a command with its home in a folder."""
    return {**os.environ, "RUNFLEET_HOME": str(folder / "home")}


def main() -> None:
    """Measure in folders that are deleted afterwards."""
    parser = argparse.ArgumentParser(description="Measure the start, and rest.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=10.0, help="seconds of rest")
    options = parser.parse_args()
    starts = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            starts.append(first_task(folder))
            if number == 0:
                used = idle_seconds(folder, options.idle)
                print(f"idle for {options.idle:.0f} s: {used:.2f} s of processor time")
            stop = [str(RUNFLEET), "emulator", "stop"]
            subprocess.run(stop, env=environment(folder), check=True, capture_output=True)
    print(f"command to first task: median {statistics.median(starts):.2f} s of {options.rounds}")


if __name__ == "__main__":
    main()
