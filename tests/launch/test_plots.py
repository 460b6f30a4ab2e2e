"""Which plots a study gets."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from runfleet.launch.figures import lay_out
from runfleet.launch.plots import MOST_POINTS, Plot, choose_plots, figure_of, rows_to_draw
from runfleet.launch.strips import spread_evenly
from runfleet.launch.table import TableShape
from runfleet.study import Study

STUDY = """\
model: {command: ./model}
parameters:
  GRAVITY: 9.81
  SOIL: [sand, loam, true]
  CONDUCTIVITY: {loguniform: [1e-7, 1e-3], unit: m/s}
design: {random: 5}
results: {flow: {file: stdout.txt, pattern: '(.+)', unit: m3/s}}
"""


def test_each_result_against_each_parameter_that_varies(tmp_path: Path) -> None:
    """What is drawn from a logarithmic range has a logarithmic axis."""
    (tmp_path / "study.yaml").write_text(STUDY)
    study = Study.load(tmp_path / "study.yaml")
    shape = TableShape.of(study)
    shape.observe({"SOIL": "loam", "CONDUCTIVITY": 1e-5})
    soil, conductivity = choose_plots(study, shape)
    assert (soil.file_name, conductivity.file_name) == ("flow-SOIL.png", "flow-CONDUCTIVITY.png")
    assert (soil.is_logarithmic, conductivity.is_logarithmic) == (False, True)
    assert conductivity.parameter_label == "CONDUCTIVITY [m/s]"
    assert (soil.categories, conductivity.categories) == (("sand", "loam", "true"), ())


@pytest.mark.parametrize("values", [2, 3, 5, 7])
@pytest.mark.parametrize("count", [MOST_POINTS + 1, 2 * MOST_POINTS, 40_500])
def test_the_rows_that_are_drawn_hold_each_value_of_a_grid(count: int, values: int) -> None:
    """As often as the others, about, however its rows are ordered; where possible all are drawn."""
    drawn = rows_to_draw(count).tolist()
    assert len(drawn) == MOST_POINTS
    shares = [sum(row % values == value for row in drawn) for value in range(values)]
    assert min(shares) > 0.9 * MOST_POINTS / values
    assert rows_to_draw(MOST_POINTS).tolist() == [*range(MOST_POINTS)]


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


def soil_plot(*categories: str) -> Plot:
    return Plot(
        "flow", "SOIL", "flow", "SOIL", is_number=False, is_logarithmic=False, categories=categories
    )


def labels_of(figure: Figure) -> list[str]:
    (axes,) = figure.axes
    return [label.get_text() for label in axes.get_xticklabels()]


def test_long_categories_can_be_told_apart() -> None:
    """Also where all of them begin and end alike."""
    sites = [f"Gauging station number {number} at the river Thur below Wil" for number in range(30)]
    assert len({*labels_of(figure_of(soil_plot(), sites, [1.0] * 30))}) == 30


def test_categories_stand_in_the_order_of_the_study() -> None:
    """Those that it has no more come last, those without a result not at all."""
    drawn = ["LOAM", "PEAT", "CLAY", "SAND", "LOAM", "ROCK"]
    figure = figure_of(soil_plot("SAND", "GRAVEL", "LOAM", "CLAY"), drawn, [1.0] * 6)
    assert labels_of(figure) == ["SAND", "LOAM", "CLAY", "PEAT", "ROCK"]
    dots = figure.axes[0].collections[0].get_offsets()
    assert [round(float(across)) for across, _ in dots] == [1, 3, 2, 0, 1, 4]
    assert labels_of(figure_of(soil_plot("true", "false"), [False, True], [1.0, 2.0])) == [
        "true",
        "false",
    ]


LAND_USES = [
    "Coniferous forest",
    "Deciduous forest",
    "Mixed forest",
    "Arable land",
    "Permanent pasture",
    "Urban sealed",
    "Urban green",
    "Bare rock and soil",
]


@pytest.mark.parametrize(
    "categories",
    [
        ["SAND", "LOAM", "CLAY"],
        ["PERMANENT PASTURE OF WWWWWWWWWW", "Coniferous forest and heath"],
        LAND_USES,
        [f"GAUGE WMO {number}" for number in range(22)],
        [f"scenarios/2050/rainfall-of-station-{number}-hourly.csv" for number in range(12)],
        [f"{number:04}" for number in range(60)],
        [f"site {number:05}" for number in range(450)],
        ["a $ or $ b", "two\nlines", "x" * 500],
    ],
)
def test_names_of_categories_can_be_read(categories: list[str]) -> None:
    """None hides another or reaches out of the picture, which leaves room for the dots."""
    figure = figure_of(soil_plot(), categories, [float(len(name)) for name in categories])
    lay_out(figure)
    (axes,) = figure.axes
    labels = axes.get_xticklabels()
    extents = [label.get_window_extent() for label in labels]
    if labels[0].get_rotation() == 45:
        ends = [extent.x1 for extent in extents]
        line_height = labels[0].get_fontsize() * figure.dpi / 72
        apart = min(right - left for left, right in itertools.pairwise(ends))
        assert apart > 1.2 * 2**0.5 * line_height
    else:
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(extents))
    assert min(extent.x0 for extent in extents) >= 0
    assert min(extent.y0 for extent in extents) >= 0
    drawn = axes.get_window_extent()
    assert drawn.height > 2.2 * figure.dpi
    assert drawn.width > 4 * figure.dpi
