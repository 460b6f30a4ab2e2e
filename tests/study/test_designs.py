"""Designs choose samples: as listed, or drawn so that they cover the ranges."""

from __future__ import annotations

import math
import tracemalloc
from itertools import islice, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runfleet.study.designs import Grid, powers_around
from runfleet.study.sampling import BLOCK, Method, latin_hypercube, unit_points

MODEL = "model: {command: x}\n"


def rows(study):
    return [tuple(sample.values()) for sample in study.samples()]


def test_a_grid_has_all_combinations_the_last_parameter_changing_fastest(load):
    study = load(MODEL + "parameters: {A: [1, 2], F: x, B: {integers: [5, 7]}}\ndesign: grid\n")
    assert rows(study) == [
        (1, "x", 5), (1, "x", 6), (1, "x", 7), (2, "x", 5), (2, "x", 6), (2, "x", 7),
    ]  # fmt: skip


def test_zip_takes_values_together(load):
    study = load(MODEL + "parameters: {A: [1, 2], B: {values: [x, y]}, C: 3}\ndesign: zip\n")
    assert rows(study) == [(1, "x", 3), (2, "y", 3)]


def test_a_list_brings_its_own_parameters(load):
    study = load(MODEL + "design:\n  list:\n  - {A: 1, B: x}\n  - {B: y, A: 2.5}\n")
    assert [dict(sample) for sample in study.samples()] == [
        {"A": 1, "B": "x"},
        {"A": 2.5, "B": "y"},
    ]


def test_a_csv_file_brings_its_own_parameters(load):
    csv = '\ufeffA, B,C\r\n1,"x, y",1e3\r\n\r\n-2,007,.5\r\n'
    study = load(MODEL + "design: {csv: samples.csv}\n", samples_dot_csv=csv)
    assert study.run_count() == 2
    assert [dict(sample) for sample in study.samples()] == [
        {"A": 1, "B": "x, y", "C": 1000.0},
        {"A": -2, "B": "007", "C": 0.5},
    ]


def test_cells_of_a_csv_file_can_be_true_and_false(load):
    """Each for itself, as in a list of the study file; in another spelling they are texts."""
    csv = "A,B\ntrue, false\nTrue,auto\nFALSE,0\n"
    study = load(MODEL + "design: {csv: samples.csv}\n", samples_dot_csv=csv)
    assert rows(study) == [(True, False), ("True", "auto"), ("FALSE", 0)]
    assert [run.environment["A"] for run in study.runs()] == ["true", "True", "FALSE"]


def test_numbers_with_a_sign_are_those_of_the_study_file(load):
    """Digits after a zero are a text; behind a sign they are a number."""
    cells = ["0012", "-0012", "+007", "-08", "+0", "-000.5", "0012.5", "-01e3"]
    csv = "\n".join(["A", *cells, ""])
    listed = load(MODEL + f"parameters: {{A: [{', '.join(cells)}]}}\n")
    study = load(MODEL + "design: {csv: samples.csv}\n", samples_dot_csv=csv)
    texts = ["0012", "-12", "7", "-8", "0", "-0.5", "12.5", "-1000.0"]
    for each in (listed, study):
        assert [run.environment["A"] for run in each.runs()] == texts


def test_declared_parameters_are_the_only_columns_taken(load):
    text = MODEL + "parameters: {B: {unit: m}, K: 7}\ndesign: {csv: samples.csv}\n"
    study = load(text, samples_dot_csv="id,B\nfirst,1\nsecond,2\n")
    assert [dict(sample) for sample in study.samples()] == [{"B": 1, "K": 7}, {"B": 2, "K": 7}]


TWO = "parameters: {A: {uniform: [0, 1]}, B: {uniform: [2, 3]}}\n"
DESIGNS = {
    "none": "",
    "grid": "parameters: {A: [1, 2], B: {integers: [5, 7]}}\n",
    "zip": "parameters: {A: [1, 2], B: [x, y]}\ndesign: zip\n",
    "list": "design: {list: [{A: 1}, {A: 2}, {A: 3}]}\n",
    "csv": "design: {csv: samples.csv}\n",
    "blocks": TWO + f"design: {{random: {BLOCK + 2}}}\n",
    "hypercube": TWO + "design: {latin_hypercube: 5}\n",
    "morris": TWO + "design: {morris: 3}\n",
    "saltelli": TWO + "design: {saltelli: 4}\n",
}


@pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS.keys())
def test_some_runs_can_be_had_alone(load, design):
    """They are the same with and without the others."""
    study = load(MODEL + design, samples_dot_csv="A,B\n1,2\n3,4\n5,6\n")
    runs = list(study.runs())
    last = len(runs) - 1
    for indices in ([], [0], [last], sorted({0, last // 2, last}), range(len(runs))):
        assert list(study.runs_at(indices)) == [runs[index] for index in indices]


@pytest.mark.parametrize("method", list(Method))
def test_draws_repeat_and_depend_on_the_seed(load, method):
    text = MODEL + "parameters: {A: {uniform: [0, 1]}, B: [x, y]}\n"
    first, again, other = (
        rows(load(f"{text}design: {{{method}: 64{seed}}}\n"))
        for seed in ("", ", seed: 1", ", seed: 2")
    )
    assert len(first) == 64
    assert first == again != other


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("random", [51.18216247, 95.0463696326, 14.415961272]),
        ("latin_hypercube", [50.3940541567, 98.3487898775, 4.80532042399]),
        ("halton", [82.6699807926, 32.6699807926, 57.6699807926]),
        ("sobol", [28.616916202, 90.4612615705, 52.5932742283]),
    ],
)
def test_draws_are_the_same_on_every_machine(load, method, expected):
    text = MODEL + f"parameters: {{A: {{uniform: [0, 100]}}}}\ndesign: {{{method}: 3, seed: 1}}\n"
    assert [row[0] for row in rows(load(text))] == expected


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("count", [1, 7, BLOCK, BLOCK + 1, 3 * BLOCK - 1])
def test_points_come_in_blocks_within_the_unit_cube(method, count):
    blocks = list(unit_points(method, count, 2, seed=5))
    points = np.concatenate(blocks)
    assert points.shape == (count, 2)
    assert all(len(block) <= BLOCK for block in blocks)
    assert points.min() >= 0
    assert points.max() < 1


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 5), st.integers(0, 2**32))
def test_each_part_of_each_range_holds_one_point_of_a_latin_hypercube(count, dimensions, seed):
    points = latin_hypercube(count, dimensions, seed)
    for column in points.T:
        assert sorted(np.floor(column * count).astype(int)) == list(range(count))


def test_a_latin_hypercube_shares_listed_values_out_evenly(load):
    text = (
        MODEL + "parameters: {A: [x, y, z], B: {normal: [0, 1]}}\ndesign: {latin_hypercube: 30}\n"
    )
    drawn = [row[0] for row in rows(load(text))]
    assert [drawn.count(value) for value in "xyz"] == [10, 10, 10]


@pytest.mark.parametrize("method", [Method.HALTON, Method.SOBOL])
def test_low_discrepancy_points_cover_evenly(method):
    points = np.concatenate(list(unit_points(method, 1024, 2, seed=1)))
    cells, _, _ = np.histogram2d(*points.T, bins=8, range=[[0, 1], [0, 1]])
    assert cells.min() >= 12
    assert cells.max() <= 20
    assert math.isclose(points.mean(), 0.5, abs_tol=0.01)


@pytest.mark.parametrize(
    "table",
    [
        "A\nbase\n1\n2\n",
        "A,B\nsand,m\nloam,s\n",
        "A,B\nsand,1\n3,2\n",
        "A,B\ndry,none\n3,low\n",
        "A\n#red\n",
    ],
)
def test_texts_of_a_table_are_samples_where_they_may_be(load, table: str):
    study = load("model: {command: x}\ndesign: {csv: s.csv}\n", s_dot_csv=table)
    assert study.run_count() == table.count("\n") - 1


def test_texts_that_are_declared_may_stand_above_numbers(load):
    text = "model: {command: x}\nparameters: {A: [m, 1], B: [s, 2]}\ndesign: {csv: s.csv}\n"
    assert load(text, s_dot_csv="A,B\nm,s\n1,2\n").run_count() == 2


@pytest.mark.parametrize("levels", [(range(3_000_000), "ab"), ("ab", range(3_000_000))])
def test_a_grid_does_not_hold_its_levels(levels):
    tracemalloc.start()
    try:
        assert len(list(islice(Grid(levels).rows(), 5))) == 5
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


@given(st.lists(st.lists(st.integers(), min_size=1, max_size=4).map(tuple), max_size=5).map(tuple))
def test_a_grid_is_a_product(levels):
    grid = Grid(levels)
    assert list(grid.rows()) == list(product(*levels)) == list(grid.rows_at(range(grid.count)))


@pytest.mark.parametrize(
    ("count", "powers"),
    [(1, None), (2, None), (3, (2, 4)), (200, (128, 256)), (256, None), (257, (256, 512))],
)
def test_powers_of_two_are_told(count, powers):
    assert powers_around(count) == powers
