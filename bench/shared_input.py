"""
What a large shared input costs when runs link it, against copying it to each run.

The study's runs look at the size of the input. Disk space is counted after the runs, so that a
copy for each run would show.

    python bench/shared_input.py [--megabytes 1024] [--runs 1000] [--folder .]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNFLEET = Path(sys.executable).with_name("runfleet")
STUDY = """\
study: shared
model:
  command: stat -c %s big.bin > size.txt
  inputs: [{{path: big.bin, link: true}}]
  outputs: [size.txt]
parameters:
  N: {{integers: [1, {runs}]}}
design: {{random: {runs}}}
"""


def used_megabytes(folder: Path) -> float:
    """Disk space of all files below a folder, each counted once however often it is linked."""
    blocks: dict[int, int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(os.path.join(parent, name))
            blocks[facts.st_ino] = facts.st_blocks
    return sum(blocks.values()) * 512 / 1e6


def main() -> None:
    """Measure in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description="Measure a large shared input.")
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path(), help="where it all goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name).absolute()
        (folder / "study.yaml").write_text(STUDY.format(runs=options.runs))
        with (folder / "big.bin").open("wb") as file:
            for _ in range(options.megabytes):
                file.write(os.urandom(1 << 20))
        environment = {**os.environ, "RUNFLEET_HOME": str(folder / "home")}
        began = time.perf_counter()
        command = [str(RUNFLEET), "run", "study.yaml"]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        size = (folder / "big.bin").stat().st_size / 1e6
        home = used_megabytes(folder / "home")
        print(f"{options.runs:,} runs that link {size:,.0f} MB: {seconds:.1f} s")
        print(f"disk space in storage and on the node: {home / size:.2f} times the input")
        stop = [str(RUNFLEET), "emulator", "stop"]
        subprocess.run(stop, env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    main()
