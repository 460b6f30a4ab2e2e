"""What `runfleet run` says of a sensitivity study."""

from __future__ import annotations

import json
from pathlib import Path

STUDY = """\
study: linear
model: {command: "echo area=$((3 * A - 2 * B)) depth=5"}
parameters:
  A: [0, 1]
  B: [0, 10]
  C: [0, 1]
design: {morris: 4}
results:
  area: {file: stdout.txt, pattern: 'area=(\\S+)', unit: m2}
  depth: {file: stdout.txt, pattern: 'depth=(\\S+)'}
"""


def test_influences_are_told_the_greatest_first(local, folder: Path):
    (folder / "study.yaml").write_text(STUDY)
    ended = local("run", "study.yaml")
    assert ended.code == 0, ended.err
    said = [line.split() for line in ended.err.splitlines()]
    start = said.index(["area", "[m2]", "mu_star", "\u00b1", "mu", "sigma"])
    assert said[start + 1 : start + 4] == [
        ["B", "20", "0", "-20", "0"],
        ["A", "3", "0", "3", "0"],
        ["C", "0", "0", "0", "0"],
    ]
    assert (
        "warning: `depth` is the same in all runs: it depends on none of the parameters"
    ) in ended.err
    facts = json.loads(local("results", "linear", "--json").out)
    assert [row["parameter"] for row in facts["sensitivities"]] == ["A", "B", "C"]
    assert [Path(plot).name for plot in facts["plots"]][:2] == ["area-B.png", "depth-A.png"]
    plan = local("plan", "study.yaml").out
    assert "Design   Morris, 4 trajectories of 3 + 1 runs, 4 levels" in plan
