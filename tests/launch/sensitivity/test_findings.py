"""A sensitivity study from the program to its tables, with a program compiled for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from runfleet.launch import Account, Collected
from runfleet.study import Study

pytestmark = pytest.mark.needs("gcc")

PROGRAM = """\
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    double x = atof(getenv("X1")), y = atof(getenv("X2")), z = atof(getenv("X3"));
    if (getenv("LIMIT") && x > atof(getenv("LIMIT"))) return 3;
    printf("y = %.15g\\n", sin(x) + 7 * sin(y) * sin(y) + 0.1 * z * z * z * z * sin(x));
    return 0;
}
"""
STUDY = """
model: {{command: ./ishigami.exe, inputs: [ishigami.exe], environment: {environment}}}
parameters:
  X1: {{uniform: [-3.14159265358979, 3.14159265358979]}}
  X2: {{uniform: [-3.14159265358979, 3.14159265358979]}}
  X3: {{uniform: [-3.14159265358979, 3.14159265358979]}}
  FIXED: 1
design: {design}
results: {{y: {{file: stdout.txt, pattern: 'y = (\\S+)', unit: m}}}}
pool: {pool}
"""

Collect = Callable[..., Collected]


@pytest.fixture
def collect(account: Account, write_study: Callable[..., Study], tmp_path: Path) -> Collect:
    """Run the study of a design, and collect its results."""

    def run(
        design: str, environment: str = "{}", compiler: str = "gcc", pool: str = "{}"
    ) -> Collected:
        (tmp_path / "ishigami.c").write_text(PROGRAM)
        folder = tmp_path / "a user's folder"
        folder.mkdir(exist_ok=True)
        # Of 64-bit numbers both compilers then make the same.
        command = [compiler, "-O0", tmp_path / "ishigami.c", "-o", folder / "ishigami.exe", "-lm"]
        subprocess.run(command, check=True)
        text = STUDY.format(design=design, environment=environment, pool=pool)
        study = write_study(text, name=compiler)
        submission = account.submit(study)
        for _ in submission.watch():
            pass
        return submission.collect(folder / "results" / compiler)

    return run


def test_sobol_indices_stand_beside_the_runs(collect: Collect) -> None:
    """The indices of Ishigami's function, as tables and as a plot."""
    found = collect("{saltelli: 64, second_order: true}")
    assert found.sensitivities is not None
    assert found.sensitivities.notes == ()
    table = pandas.read_csv(found.folder / "sensitivities.csv").set_index("parameter")
    assert list(table.columns) == ["result", "S1", "S1_conf", "ST", "ST_conf", "used"]
    assert table["ST"].to_dict() == pytest.approx({"X1": 0.56, "X2": 0.44, "X3": 0.24}, abs=0.2)
    assert (table["used"] == 64).all()
    pairs = pandas.read_parquet(found.folder / "interactions.parquet")
    assert pairs[["parameter", "other"]].to_numpy().tolist() == [
        ["X1", "X2"],
        ["X1", "X3"],
        ["X2", "X3"],
    ]
    (plot,) = found.sensitivities.plots
    assert plot == found.folder / "plots" / "sensitivities" / "y.png"
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_what_failed_is_left_out_and_told(collect: Collect) -> None:
    found = collect("{morris: 12}", '{LIMIT: "3"}')
    assert found.sensitivities is not None
    table = pandas.read_csv(found.folder / "sensitivities.csv").set_index("parameter")
    assert list(table.columns) == ["result", "mu", "mu_star", "sigma", "mu_star_conf", "used"]
    runs = pandas.read_csv(found.folder / "runs.csv")
    whole = (runs["state"] == "succeeded").to_numpy().reshape(12, 4).all(axis=1).sum()
    assert 2 <= whole < 12
    assert (table["used"] == whole).all()
    (note,) = found.sensitivities.notes
    assert note.startswith(f"the indices of `y` are worked out from {whole} of 12 trajectories")
    assert not (found.folder / "interactions.csv").exists()


@pytest.mark.parametrize(
    ("design", "index", "groups"),
    [
        ("{saltelli: 4, seed: 1}", "ST", "base samples"),
        ("{morris: 3, seed: 2}", "mu_star", "trajectories"),
    ],
)
def test_indices_that_are_not_sure_say_so(
    collect: Collect, design: str, index: str, groups: str
) -> None:
    """Where not even the largest is well above its confidence interval."""
    found = collect(design)
    assert found.sensitivities is not None
    (note,) = found.sensitivities.notes
    assert note.startswith(f"the indices of `y` are not sure: `{index}` of `X")
    assert note.endswith(f"take twice as many {groups}: the runs that are there count")


def test_too_few_runs_make_no_indices(collect: Collect) -> None:
    found = collect("{morris: 2}", '{LIMIT: "-9"}')
    assert found.sensitivities is not None
    assert found.sensitivities.tables == found.sensitivities.plots == ()
    (note,) = found.sensitivities.notes
    assert note == (
        "`y` has no indices of sensitivity: they take two complete trajectories, and 0 of 2 are "
        "complete"
    )
