"""A sensitivity study of more results than are drawn."""

from __future__ import annotations

from pathlib import Path

import pyarrow
from pyarrow.parquet import write_table

from runfleet.launch.plots import MOST_PLOTS
from runfleet.launch.sensitivity.findings import find_sensitivities
from runfleet.launch.table import TableShape
from runfleet.study import Study
from runfleet.study.sensitivity import SensitivityDesign

STUDY = """\
model: {command: echo}
parameters: {a: {uniform: [0, 1]}, b: {uniform: [0, 1]}}
design: {morris: 4}
results:
"""
RESULTS = [f"r{number}" for number in range(MOST_PLOTS + 2)]


def test_plots_that_are_left_out_are_told(tmp_path: Path) -> None:
    lines = (f"  {name}: {{file: stdout.txt, pattern: 'x(.)'}}\n" for name in RESULTS)
    (tmp_path / "study.yaml").write_text(STUDY + "".join(lines))
    study = Study.load(tmp_path / "study.yaml")
    assert isinstance(study.design, SensitivityDesign)
    numbers = [float(sample["a"]) + float(sample["b"]) ** 2 for sample in study.samples()]
    columns = {"state": ["succeeded"] * len(numbers)} | dict.fromkeys(RESULTS, numbers)
    parquet = tmp_path / "runs.parquet"
    write_table(pyarrow.table(columns), parquet)
    found = find_sensitivities(study, study.design, parquet, TableShape.of(study))
    assert (len(found.indices), len(found.plots)) == (len(RESULTS), MOST_PLOTS)
    assert found.notes[-1] == "2 plots of sensitivity were left out; the tables have them"
