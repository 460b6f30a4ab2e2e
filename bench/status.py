"""
How long the status of a large study takes, as a whole command.

The study is submitted and left running; its runs are short sleeps that hardly any of end meanwhile.

    python bench/status.py [--runs 100000] [--rounds 7]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNFLEET = Path(sys.executable).with_name("runfleet")
STUDY = """\
study: large
model:
  command: sleep 1000
parameters:
  N: {{integers: [1, 1000000]}}
design: {{random: {runs}}}
"""


def main() -> None:
    """Measure in a folder that is deleted afterwards."""
    parser = argparse.ArgumentParser(description="Measure the status of a large study.")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY.format(runs=options.runs))
        environment = {**os.environ, "RUNFLEET_HOME": str(folder / "home")}

        def timed(*arguments: str) -> float:
            began = time.perf_counter()
            command = [str(RUNFLEET), *arguments]
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
            return time.perf_counter() - began

        submitted = timed("run", "study.yaml", "--detach")
        print(f"{options.runs:,} runs submitted in {submitted:.1f} s")
        statuses = [timed("status", "large") for _ in range(options.rounds)]
        bare = statistics.median(timed("--version") for _ in range(options.rounds))
        median = statistics.median(statuses)
        print(f"status: median {median:.2f} s, {median / bare:.1f} times `runfleet --version`")
        timed("emulator", "stop")


if __name__ == "__main__":
    main()
