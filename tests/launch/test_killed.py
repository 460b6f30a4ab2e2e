"""Whatever is killed, and whenever: the same call again completes the study."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runfleet.launch import Account, Submission
from runfleet.study import Study

WaitFor = Callable[..., None]
WriteStudy = Callable[..., Study]

RUNS = 300

CLIENT = """
import sys
from pathlib import Path
from runfleet import Study, connect

study = Study.load(sys.argv[1])
submission = connect(home=Path(sys.argv[2])).submit(study)
for progress in submission.watch():
    pass
submission.collect(sys.argv[3])
print(progress.counts.succeeded)
"""


@pytest.fixture
def study(write_study: WriteStudy, tmp_path: Path) -> Study:
    """Runs that note outside of their folders that they have succeeded."""
    return write_study(
        f"""
        model:
          command: |
            cat net.inp > out.txt; echo $X >> out.txt; cat x.txt >> out.txt
            echo $X >> "{tmp_path}/done"
          inputs: [net.inp]
          overlays: {{x.txt: x.txt.j2}}
          outputs: [out.txt]
        parameters: {{X: {{integers: [0, 1000000]}}}}
        design: {{random: {RUNS}, seed: 1}}
        results: {{x: {{file: out.txt, pattern: 'x=(.+)'}}}}
        """,
        net_inp="[PIPES]\n",
        x_txt_j2="x={{ X }}\n",
    )


@contextmanager
def client(study: Study, home: Path, results: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs the study to its end."""
    file = next(study.folder.glob("*.yaml"))
    command = [sys.executable, "-c", CLIENT, str(file), str(home), str(results)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def kill_emulator(home: Path) -> None:
    """Kill it without a word, and the clients that it leaves alone."""
    try:
        pid = json.loads((home / "emulator/endpoint.json").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
    except (OSError, ValueError):
        return


def completed(study: Study, home: Path, results: Path) -> int:
    """Run the study to its end; returns how many runs have succeeded."""
    with client(study, home, results) as process:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err + (home / "emulator/log.txt").read_text()[-3000:]
        return int(out)


def assert_complete(study: Study, results: Path, done: Path, killed_emulators: int) -> None:
    """Every run has its results, and no run was done again after it had succeeded."""
    lines = (results / "runs.csv").read_text().splitlines()
    assert len(lines) == RUNS + 1
    assert all(",succeeded,0," in line for line in lines[1:])
    for run in study.runs():
        value = run.sample["X"]
        text = (results / "runs" / run.name / "out.txt").read_text()
        assert text == f"[PIPES]\n{value}\nx={value}\n"
    times = Counter(done.read_text().split())
    expected = Counter(str(run.sample["X"]) for run in study.runs())
    again = times - expected
    # A run may have ended in the moment in which the emulator was killed, and not been noted.
    slots = os.cpu_count() or 1
    assert sum(again.values()) <= slots * killed_emulators
    assert not expected - times


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize("victims", ["client", "emulator", "both"])
def test_killed_at_random_moments(
    study: Study, home: Path, tmp_path: Path, victims: str, seed: int
) -> None:
    """SIGKILL, four times, then the same call."""
    random_ = random.Random(f"{victims} {seed}")
    results = tmp_path / "results"
    for _ in range(4):
        with client(study, home, results) as process:
            time.sleep(random_.uniform(0.3, 1.6))
            if victims != "emulator":
                process.kill()
            if victims != "client":
                kill_emulator(home)
    assert completed(study, home, results) == RUNS
    assert_complete(study, results, tmp_path / "done", 0 if victims == "client" else 4)


def test_two_clients_at_once_submit_one_study(study: Study, home: Path, tmp_path: Path) -> None:
    """The second one waits, and then has nothing to do."""
    first, second = tmp_path / "first", tmp_path / "second"
    with client(study, home, first) as one, client(study, home, second) as other:
        for process in (one, other):
            out, err = process.communicate(timeout=100)
            assert (process.returncode, out) == (0, f"{RUNS}\n"), err
    assert_complete(study, first, tmp_path / "done", 0)
    assert_complete(study, second, tmp_path / "done", 0)


def test_a_study_whose_emulator_was_reset_is_done_again(
    account: Account, write_study: WriteStudy
) -> None:
    """What Batch does not know any more cannot be counted on."""
    study = write_study("model: {command: 'echo $X'}\nparameters: {X: {values: [1, 2]}}")

    def finish(submission: Submission) -> int:
        return list(submission.watch())[-1].counts.succeeded

    assert finish(account.submit(study)) == 2
    account.batch.delete_job(study.name)
    again = account.submit(study)
    assert again.differences == ("2 runs added (run-00001, run-00002)",)
    assert finish(again) == 2
