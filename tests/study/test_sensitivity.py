"""Designs for sensitivity studies: what Morris and Saltelli ask of their samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SALib.sample import sobol

from runfleet.study.sampling import morris_trajectories, saltelli_points

MODEL = "model: {command: x}\n"
THREE = MODEL + "parameters: {A: {uniform: [0, 1]}, F: 7, B: {uniform: [10, 20]}, C: [x, y]}\n"


def rows(study):
    return [tuple(sample.values()) for sample in study.samples()]


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 20), st.integers(1, 12), st.integers(1, 10).map(lambda n: 2 * n), st.integers(0)
)
def test_a_trajectory_moves_along_each_coordinate_once(count, dimensions, levels, seed):
    trajectories = list(morris_trajectories(count, dimensions, levels, seed))
    assert len(trajectories) == count
    for points in trajectories:
        assert points.shape == (dimensions + 1, dimensions)
        assert np.allclose(points * (levels - 1), np.round(points * (levels - 1)))
        steps = np.abs(np.diff(points, axis=0))
        step = levels / (2 * (levels - 1))
        assert np.allclose(steps.sum(axis=0), step)
        assert np.allclose(steps.sum(axis=1), step)
        assert points.min() >= 0
        assert points.max() <= 1


def test_trajectories_go_everywhere_alike():
    """All levels, both directions and all orders are as likely."""
    steps = np.concatenate(
        [np.diff(points, axis=0) for points in morris_trajectories(2000, 3, 4, 1)]
    )
    points = np.concatenate(list(morris_trajectories(2000, 3, 4, 1)))
    assert np.abs(np.sign(steps).sum(axis=0) / 2000).max() < 0.1
    assert np.abs(points.mean(axis=0) - 0.5).max() < 0.02
    _, counts = np.unique(points.round(3), return_counts=True)
    assert counts.min() / counts.max() > 0.9


@pytest.mark.parametrize("second_order", [False, True])
@pytest.mark.parametrize("dimensions", [1, 2, 5, 60])
def test_saltelli_mixes_points_as_salib_does(dimensions, second_order):
    """SALib's own sampler, from the same scrambled sequence, block by block."""
    problem = {
        "num_vars": dimensions,
        "names": list(range(dimensions)),
        "bounds": [[0, 1]] * dimensions,
    }
    generator = np.random.Generator(np.random.PCG64(7))
    expected = sobol.sample(problem, 64, calc_second_order=second_order, seed=generator)
    blocks = list(saltelli_points(64, dimensions, 7, second_order=second_order))
    assert np.array_equal(np.concatenate(blocks), expected)
    size = dimensions * (1 + second_order) + 2
    assert all(len(block) % size == 0 for block in blocks)


@pytest.mark.parametrize(
    ("design", "count", "summary"),
    [
        ("{morris: 10}", 40, "Morris, 10 trajectories of 3 + 1 runs, 4 levels"),
        ("{morris: 5, levels: 8}", 20, "Morris, 5 trajectories of 3 + 1 runs, 8 levels"),
        ("{saltelli: 16}", 80, "Saltelli, 16 base samples of 3 + 2 runs"),
        (
            "{saltelli: 16, second_order: true}",
            128,
            "Saltelli, 16 base samples of 2 * 3 + 2 runs",
        ),
    ],
)
def test_the_number_of_runs_follows_from_the_parameters_that_vary(load, design, count, summary):
    study = load(f"{THREE}design: {design}\n")
    assert len(rows(study)) == study.run_count() == count
    assert study.design.summary == summary


@pytest.mark.parametrize("kind", ["morris", "saltelli"])
def test_a_larger_design_begins_with_the_smaller_one(load, kind):
    """Runs that are there are kept when a user wants to be surer."""
    few, many, other = (
        rows(load(f"{THREE}design: {{{kind}: {more}}}\n")) for more in ("8", "16", "8, seed: 2")
    )
    assert many[: len(few)] == few
    assert other != few


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ("{morris: 2, seed: 1}", [1.0, 1.0, 1.0, 0.333333333333]),
        ("{saltelli: 2, seed: 1}", [0.28616916202, 0.286844178103, 0.28616916202, 0.28616916202]),
    ],
)
def test_samples_are_the_same_on_every_machine(load, design, expected):
    text = f"{THREE}design: {design}\n".replace("C: [x, y]", "C: {uniform: [0, 1]}")
    assert [row[0] for row in rows(load(text))][:4] == pytest.approx(expected, rel=1e-11)


def test_morris_goes_from_end_to_end_of_every_distribution(load):
    text = MODEL + (
        "parameters:\n"
        "  LINEAR: {uniform: [2, 5]}\n"
        "  LOG: {loguniform: [1e-6, 1e-3]}\n"
        "  BOUNDED: {normal: [0, 1], min: -1, max: 1}\n"
        "  FREE: {normal: [10, 2], min: 9}\n"
        "  PEAK: {triangular: [0, 1, 4]}\n"
        "  WHOLE: {integers: [1, 5]}\n"
        "  LISTED: [10, 20, 30]\n"
        "  SWITCH: ['off', 'on']\n"
        "design: {morris: 40}\n"
    )
    study = load(text)
    tried = {
        parameter.name: sorted({sample[parameter.name] for sample in study.samples()})
        for parameter in study.parameters
    }
    assert tried["LINEAR"] == [2, 3, 4, 5]
    assert tried["LOG"] == pytest.approx([1e-6, 1e-5, 1e-4, 1e-3])
    assert (tried["BOUNDED"][0], tried["BOUNDED"][-1]) == (-1, 1)
    assert (tried["FREE"][0], tried["FREE"][-1]) == (9, pytest.approx(15.4018565726))
    assert (tried["PEAK"][0], tried["PEAK"][-1]) == (0, 4)
    assert tried["WHOLE"] == [1, 2, 4, 5]
    assert tried["LISTED"] == [10, 20, 30]
    assert tried["SWITCH"] == ["off", "on"]
    (warning,) = study.warnings
    assert warning.startswith("`FREE` lacks a bound, and `morris` goes from end to end: from 9 to ")


def test_saltelli_draws_from_texts_too(load):
    study = load(MODEL + "parameters: {SOIL: [sand, loam, clay]}\ndesign: {saltelli: 16}\n")
    assert {sample["SOIL"] for sample in study.samples()} == {"sand", "loam", "clay"}


@pytest.mark.parametrize(
    ("design", "runs"), [("{morris: 20}", 20), ("{saltelli: 256, second_order: true}", 512)]
)
def test_a_list_of_one_value_is_doubtful(load, design: str, runs: int):
    """No result can depend on it."""
    text = MODEL + f"parameters: {{A: {{uniform: [0, 1]}}, B: [3]}}\ndesign: {design}\n"
    study = load(text)
    (warning,) = study.warnings
    assert warning == (
        f"`B` has one value only, and takes {runs} of the runs all the same; fixed, as `B: 3`, it "
        "takes none"
    )
    fixed = load(text.replace("[3]", "3"))
    assert fixed.warnings == ()
    assert study.run_count() - fixed.run_count() == runs


@pytest.mark.parametrize(
    ("design", "warning"),
    [
        ("{morris: 9}", "`morris: 9` is few: 10 to 50 trajectories are usual, and"),
        ("{saltelli: 128}", "`saltelli: 128` is few: 256 base samples and more are usual, and"),
    ],
)
def test_few_runs_are_doubtful(load, design, warning):
    text = MODEL + f"parameters: {{A: {{uniform: [0, 1]}}}}\ndesign: {design}\n"
    assert load(text).warnings[0].startswith(warning)
    enough = text.replace("9", "10").replace("128", "256")
    assert load(enough).warnings == ()
