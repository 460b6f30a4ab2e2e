"""Indices of functions whose indices are known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from runfleet.launch.figures import save_figure
from runfleet.launch.sensitivity.indices import Indices, NoIndices, work_out
from runfleet.launch.sensitivity.plots import figure_of
from runfleet.study import Result
from runfleet.study.distributions import Choice, Integers, Uniform
from runfleet.study.results import ColumnSource, Take
from runfleet.study.sensitivity import Morris, Saltelli

Y = Result("y", "out.csv", ColumnSource("y"), Take.LAST, "m")
ANGLES = (Uniform(-math.pi, math.pi),) * 3
NAMES = ("X1", "X2", "X3")

# Ishigami and Homma (1990), with a = 7 and b = 0.1, worked out by hand.
FIRST = [0.3139, 0.4424, 0.0]
TOTAL = [0.5576, 0.4424, 0.2437]


def ishigami(design):
    x, y, z = np.array(list(design.rows())).T
    return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_ishigami(second_order):
    design = Saltelli(2048, second_order, 1, ANGLES)
    found = work_out(design, NAMES, Y, ishigami(design))
    assert isinstance(found, Indices)
    assert found.columns["S1"] == pytest.approx(FIRST, abs=0.03)
    assert found.columns["ST"] == pytest.approx(TOTAL, abs=0.03)
    for name, known in (("S1", FIRST), ("ST", TOTAL)):
        assert (np.abs(found.columns[name] - known) < found.columns[f"{name}_conf"]).all()
    assert found.ranked() == [0, 1, 2]
    pairs = {pair: found.interactions["S2"][pair] for pair in found.pairs()}
    expected = {(0, 1): 0, (0, 2): 0.2437, (1, 2): 0} if second_order else {}
    assert pairs == pytest.approx(expected, abs=0.05)


def test_screening_of_morris_own_function():
    """Ten of its twenty parameters count: seven by their curves and interactions, three alone."""
    design = Morris(20, 4, 1, (Uniform(0, 1),) * 20)
    names = tuple(f"X{number}" for number in range(1, 21))
    found = work_out(design, names, Y, np.array([morris_1991(row) for row in design.rows()]))
    assert isinstance(found, Indices)
    assert {names[number] for number in found.ranked()[:10]} == set(names[:10])
    mu_star, sigma = found.columns["mu_star"], found.columns["sigma"]
    assert mu_star[7:10] == pytest.approx([40] * 3, abs=6)
    assert (sigma[7:10] < 10).all()
    assert (sigma[:6] > 40).all()
    assert (mu_star[10:] < 10).all()


def test_effects_are_those_of_a_whole_range():
    """Of a linear function each effect is exact, with its sign, and no matter by which steps."""
    design = Morris(5, 6, 1, (Uniform(0, 10), Uniform(-1, 1)))
    numbers = np.array([3 * a - 2 * b for a, b in design.rows()])
    found = work_out(design, ("A", "B"), Y, numbers)
    assert isinstance(found, Indices)
    assert found.columns["mu"] == pytest.approx([30, -4])
    assert found.columns["mu_star"] == pytest.approx([30, 4])
    assert found.columns["sigma"] == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("design", [Morris(5, 6, 1, ANGLES), Saltelli(8, False, 1, ANGLES)])
def test_numbers_that_mark_missing_data_have_no_indices(design):
    numbers = ishigami(design)
    numbers[:2] = 1.797e308, -1.797e308
    found = work_out(design, NAMES, Y, numbers)
    assert isinstance(found, NoIndices)
    assert "too large" in found.reason


@pytest.mark.parametrize("levels", [2, 4, 6, 10])
def test_effects_of_whole_numbers_and_lists_are_those_of_the_range_too(levels):
    """However few values there are, and however far apart."""
    few = (Integers(1, 3), Choice((False, True)), Choice((10, 20, 30, 40, 50)), Uniform(0, 2))
    design = Morris(10, levels, 1, few)
    numbers = np.array([2 * a + 7 * b + c / 10 + d for a, b, c, d in design.rows()])
    found = work_out(design, ("A", "B", "C", "D"), Y, numbers)
    assert isinstance(found, Indices)
    assert found.columns["mu"] == pytest.approx([4, 7, 4, 2])
    assert found.columns["sigma"] == pytest.approx([0] * 4, abs=1e-9)


@pytest.mark.parametrize(
    "make", [lambda n: Morris(n, 4, 1, ANGLES), lambda n: Saltelli(n, False, 1, ANGLES)]
)
def test_groups_with_a_failed_run_do_not_count(make):
    """The others give what they would give alone."""
    design = make(64)
    numbers = ishigami(design)
    numbers[design.group_size * 32 :: design.group_size] = np.nan
    found, alone = (
        work_out(each, NAMES, Y, values)
        for each, values in ((design, numbers), (make(32), ishigami(make(32))))
    )
    assert isinstance(found, Indices)
    assert isinstance(alone, Indices)
    assert (found.used, found.groups) == (32, 64)
    for name, values in alone.columns.items():
        assert found.columns[name] == pytest.approx(values)


def test_indices_are_the_same_every_time():
    design = Saltelli(32, True, 0, ANGLES)
    first, again = (work_out(design, NAMES, Y, ishigami(design)) for _ in range(2))
    assert isinstance(first, Indices)
    assert isinstance(again, Indices)
    assert all((first.columns[name] == again.columns[name]).all() for name in first.columns)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([math.nan] * 8, "0 of 2 are complete"),
        ([1, 2, 3, 4, 5, math.inf, 6, 7], "1 of 2 are complete"),
        ([5] * 8, "the same in all runs"),
    ],
)
def test_no_indices_without_two_whole_groups_that_differ(numbers, reason):
    found = work_out(Morris(2, 4, 1, ANGLES), NAMES, Y, np.array(numbers, dtype=float))
    assert isinstance(found, NoIndices)
    assert reason in found.reason


def test_no_parts_of_a_variance_that_is_not_there():
    """One run differs that is in neither of the two samples."""
    design = Saltelli(2, False, 0, ANGLES)
    numbers = np.zeros(2 * design.group_size)
    numbers[1] = 1
    found = work_out(design, NAMES, Y, numbers)
    assert isinstance(found, NoIndices)
    assert "the same in the two samples" in found.reason
    numbers[0] = 1
    assert isinstance(work_out(design, NAMES, Y, numbers), Indices)


def morris_1991(row):
    """Morris (1991), section 4; its small random coefficients are 1 and -1 in turn here."""
    w = [2 * (x - 0.5) for x in row]
    for bent in (2, 4, 6):
        w[bent] = 2 * (1.1 * row[bent] / (row[bent] + 0.1) - 0.5)
    y = sum((20 if i < 10 else (-1) ** i) * w[i] for i in range(20))
    for i in range(20):
        for j in range(i + 1, 20):
            y += (-15 if j < 6 else (-1) ** (i + j)) * w[i] * w[j]
    for i in range(5):
        for j in range(i + 1, 5):
            y += sum(-10 * w[i] * w[j] * w[k] for k in range(j + 1, 5))
    return y + 5 * w[0] * w[1] * w[2] * w[3]


@pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning")
@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("kind", ["morris", "saltelli", "second order"])
def test_plots_of_few_and_of_many_parameters(tmp_path, kind: str, count: int):
    """Also where one parameter has all the influence, and the others none."""
    parameters = (Uniform(0, 1),) * count
    design = Morris(3, 4, 1, parameters)
    if kind != "morris":
        design = Saltelli(4, kind == "second order", 1, parameters)
    numbers = np.array([row[0] for row in design.rows()])
    found = work_out(design, tuple(f"P{number}" for number in range(count)), Y, numbers)
    assert isinstance(found, Indices)
    save_figure(figure_of(found), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["morris", "second order"])
@pytest.mark.parametrize("count", [4, 22])
def test_long_names_can_be_read_in_plots(kind: str, count: int):
    """None hides another or reaches out of the picture, and the bars keep their room."""
    names = tuple(f"PARAMETER_WITH_A_LONG_NAME_{number}" for number in range(count))
    doubt = np.full(count, 0.1)
    main = {"mu_star": doubt * 5, "mu_star_conf": doubt, "sigma": np.linspace(0, 1, count)}
    pairs = {}
    if kind == "second order":
        main = {"S1": doubt * 4, "S1_conf": doubt, "ST": doubt * 5, "ST_conf": doubt}
        pairs = {"S2": np.full((count, count), 0.2), "S2_conf": np.full((count, count), 0.1)}
    figure = figure_of(Indices("y", "m", names, main, pairs, 9, 9, "trajectories"))
    FigureCanvasAgg(figure).draw()
    bars, other = figure.axes[:2]
    picture = figure.bbox
    below = other.get_xticklabels() if pairs else []
    for labels in (bars.get_yticklabels(), below, other.texts):
        boxes = [label.get_window_extent() for label in labels if label.get_text()]
        assert not any(one.overlaps(next_one) for one, next_one in itertools.pairwise(boxes))
        assert all(picture.x0 <= box.x0 and box.x1 <= picture.x1 for box in boxes)
    assert bars.get_window_extent().width > 3 * figure.dpi
    if legend := bars.get_legend():
        assert not legend.get_window_extent().overlaps(bars.patch.get_window_extent())
