"""`runfleet plan`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

STUDY = """\
study: sweep
model:
  command: sh model.sh
  packages: [epanet==2.3.5]
  inputs: [model.sh]
  overlays: {input.txt: input.txt.j2}
  outputs: [out.txt, {pattern: "*.log", required: false}]
  environment: {OMP_NUM_THREADS: "1"}
  retries: 2
  time_limit: 90s
parameters:
  ROUGHNESS: {values: [80, 100.5, 140], unit: "-"}
  DEMAND: {values: [0.8, 1.0, 1.2], unit: l/s}
design: grid
results:
  pressure: {file: out.txt, pattern: '(\\S+) m'}
pool: {nodes: {max: 5}, tasks_per_node: 4}
"""

PLAN = """\
Study        sweep, 9 runs
Command      sh model.sh
Packages     epanet==2.3.5
Environment  OMP_NUM_THREADS=1
Retries      2 for each run
Time limit   1 min 30 s for each run
Inputs       1 file, 18 B, staged once on each node
Overlays     input.txt; 7 B for each run
Outputs      out.txt, *.log (if there)
Results      pressure from out.txt
"""

RUNS = """\
run        ROUGHNESS [-]  DEMAND [l/s]
run-00001  80             0.8
run-00002  80             1
run-00003  80             1.2
run-00004  100.5          0.8
run-00005  100.5          1
...
run-00008  140            1
run-00009  140            1.2
"""


@pytest.fixture(autouse=True)
def study(folder: Path) -> Path:
    study = folder / "study.yaml"
    study.write_text(STUDY)
    (folder / "model.sh").write_text("cat in > out.txt\n\n")
    (folder / "input.txt.j2").write_text("{{ ROUGHNESS }} {{ DEMAND }}\n")
    return study


def test_the_plan_shows_files_pool_runs_and_commands(runfleet):
    """Data goes to stdout, what to do next to stderr."""
    ended = runfleet("plan", "study.yaml")
    assert ended.code == 0
    assert ended.err == "\nNothing was started; `runfleet run study.yaml` runs it.\n"
    facts, runs, *start = ended.out.split("\n\n")
    assert facts.startswith(PLAN)
    assert runs + "\n" == RUNS
    assert "OMP_NUM_THREADS=1\n    ROUGHNESS=80\n    DEMAND=0.8\n" in start[1]
    assert start[1].rstrip().endswith("sh model.sh")


def test_nothing_is_started(runfleet):
    """No emulator either: there is no home for one afterwards."""
    runfleet("plan", "study.yaml")
    assert not runfleet.home.exists()


def test_json_has_all_runs(runfleet):
    """For programs, with every value as it is."""
    plan = json.loads(runfleet("plan", "study.yaml", "--json").out)
    assert plan["run_count"] == len(plan["runs"]) == 9
    assert plan["runs"][3] == {"run": "run-00004", "sample": {"ROUGHNESS": 100.5, "DEMAND": 0.8}}
    assert plan["inputs_size_bytes"] == 18


def test_bad_study_files_are_named_with_line_and_hint(runfleet, study: Path):
    study.write_text(STUDY.replace("retries:", "retires:"))
    ended = runfleet("plan", "study.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: study.yaml:9: ")
    assert "did you mean `retries`?" in ended.err.splitlines()[-1]


def test_a_folder_is_not_its_study_file(runfleet):
    ended = runfleet("plan", ".")
    assert (ended.code, ended.err) == (
        1,
        "error: `.` is a folder\nhint: name the study file in it: `study.yaml`\n",
    )


def test_a_missing_study_file(runfleet):
    ended = runfleet("plan", "sturdy.yaml")
    assert (ended.code, ended.out, ended.err) == (
        1,
        "",
        (
            "error: there is no study file `sturdy.yaml`\n"
            "hint: `runfleet init EXECUTABLE` writes one, to be edited\n"
        ),
    )
