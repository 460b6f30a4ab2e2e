"""Which plots a study gets."""

from __future__ import annotations

from pathlib import Path

from runfleet.launch.plots import Plot, choose_plots, figure_of, spread_evenly
from runfleet.launch.table import TableShape
from runfleet.study import Study

STUDY = """\
model: {command: ./model}
parameters:
  GRAVITY: 9.81
  SOIL: [sand, loam]
  CONDUCTIVITY: {loguniform: [1e-7, 1e-3], unit: m/s}
design: {random: 5}
results: {flow: {file: stdout.txt, pattern: '(.+)', unit: m3/s}}
"""


def test_each_result_against_each_parameter_that_varies(tmp_path: Path) -> None:
    """What is drawn from a logarithmic range has a logarithmic axis."""
    (tmp_path / "study.yaml").write_text(STUDY)
    study = Study.load(tmp_path / "study.yaml")
    soil, conductivity = choose_plots(study, TableShape.of(study))
    assert (soil.file_name, conductivity.file_name) == ("flow-SOIL.png", "flow-CONDUCTIVITY.png")
    assert (soil.is_logarithmic, conductivity.is_logarithmic) == (False, True)
    assert conductivity.parameter_label == "CONDUCTIVITY [m/s]"


def test_whole_numbers_have_whole_ticks() -> None:
    """Both parameters and results; what has other values has others."""
    plot = Plot("n", "SITE", "n", "SITE", is_number=True, is_logarithmic=False)
    (axes,) = figure_of(plot, [12, 13, 12], [4.0, 4.0, 4.0]).axes
    assert {12, 13} < {*axes.get_xticks()} <= {*range(20)}
    assert {4} <= {*axes.get_yticks()} <= {*range(20)}
    (axes,) = figure_of(plot, [12, 13], [4.5, 4.0]).axes
    assert 4.5 in axes.get_yticks().round(6)


def test_the_dots_of_a_category_lie_evenly_about_its_middle() -> None:
    """A single one in it; more of them not in the order of the runs."""
    assert spread_evenly(1) == [0]
    assert sorted(spread_evenly(4)) == [-0.375, -0.125, 0.125, 0.375]
    assert spread_evenly(4) != sorted(spread_evenly(4))
