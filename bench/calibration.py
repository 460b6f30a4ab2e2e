"""
What runfleet costs a calibration: against the same manager and workers started by hand.

BeoPEST, under Wine, calibrates the network of `examples/epanet-calibration`. By hand each process
is started in a folder of its own, on a pseudo-terminal and in a Wine prefix that is there already.
The time of the manager is compared; how much longer the whole command takes is a matter of seconds,
however long the calibration.  Rounds are interleaved.

Needs `make .build/pest/installed .build/epanet`, Wine and `script`.

    python bench/calibration.py [--rounds 3] [--workers 4]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".build"
EXAMPLE = ROOT / "examples" / "epanet-calibration"
RUNFLEET = Path(sys.executable).with_name("runfleet")
FILES = ("net1.pst", "net1.tpl", "net1.ins")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def by_hand(folder: Path, workers: int) -> float:
    """Seconds from the start of a manager to its end, with workers in folders of their own."""
    port, began = free_port(), time.monotonic()
    manager = start(folder / "manager", f"/H :{port}")
    others = [
        start(folder / f"worker-{number}", f"/H 127.0.0.1:{port}") for number in range(workers)
    ]
    manager.wait()
    took = time.monotonic() - began
    for worker in others:
        worker.wait(timeout=60)
    return took


def start(folder: Path, switches: str) -> subprocess.Popen[bytes]:
    """Start BeoPEST, which demands a console, in a folder with all files."""
    folder.mkdir(parents=True)
    programs = [*(BUILD / "epanet-windows" / "bin").iterdir()]
    for file in [*(EXAMPLE / name for name in FILES), *programs]:
        shutil.copy(file, folder)
    line = f"wine {BUILD}/pest/bin/beopest64.exe net1 {switches}"
    command = ["script", "-qfec", line, os.devnull]
    return subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL)


def by_runfleet(folder: Path, workers: int) -> tuple[float, float]:
    """Seconds of the manager, and of all `runfleet run`: the pool, the test, tables and plots."""
    folder.mkdir(parents=True)
    for name in (*FILES, "study.yaml"):
        shutil.copy(EXAMPLE / name, folder)
    text = (folder / "study.yaml").read_text().replace("workers: 4", f"workers: {workers}")
    text = text.replace("pool:", f"  port: {free_port()}\npool:")
    study = f"net1-{folder.name}"
    text = text.replace("net1-calibration", study)
    (folder / "study.yaml").write_text(text)
    began = time.monotonic()
    runfleet("run", folder / "study.yaml")
    took = time.monotonic() - began
    status = json.loads(runfleet("status", study, "--json"))
    return float(status["elapsed_seconds"]), took


def runfleet(*arguments: str | Path) -> str:
    """Carry out `runfleet ARGUMENT...`."""
    command = [RUNFLEET, *arguments]
    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    return done.stdout


def environment() -> dict[str, str]:
    """The environment of all commands: one home, and one prefix for what is started by hand."""
    home = Path(os.environ["BENCH_HOME"])
    return {
        **os.environ,
        "RUNFLEET_HOME": str(home / "home"),
        "WINEPREFIX": str(home / "wine"),
        "WINEDEBUG": "-all",
    }


def main() -> None:
    """Measure in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description="Measure what runfleet costs a calibration.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["BENCH_HOME"] = name
        runfleet("package", "add", "pest", "16.1", BUILD / "pest")
        runfleet("package", "add", "epanet-windows", "2.3.5", BUILD / "epanet-windows")
        try:
            measure(Path(name), options.rounds, options.workers)
        finally:
            runfleet("emulator", "stop")


def measure(folder: Path, rounds: int, workers: int) -> None:
    """Take turns; the first turn of each, which makes its Wine prefix, does not count."""
    hand, ours = [], []
    for number in range(rounds + 1):
        hand.append(by_hand(folder / f"hand-{number}", workers))
        ours.append(by_runfleet(folder / f"round-{number}", workers))
        print(f"by hand {hand[-1]:.1f} s; by runfleet {ours[-1][0]:.1f} s of {ours[-1][1]:.1f} s")
    by_hands = statistics.median(hand[1:])
    manager, whole = (statistics.median(times) for times in zip(*ours[1:], strict=True))
    print(f"medians: {by_hands:.1f} s by hand, {manager:.1f} s by runfleet (manager to manager)")
    print(f"ratio {manager / by_hands:.2f}; the whole command takes {whole - manager:.1f} s more")


if __name__ == "__main__":
    main()
