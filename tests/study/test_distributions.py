"""Distributions turn probabilities into values."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runfleet.documents.errors import InvalidValueError
from runfleet.study.distributions import (
    Choice,
    Integers,
    LogUniform,
    Normal,
    Triangular,
    Uniform,
)

probabilities = st.floats(0, 1)
numbers = st.floats(-1e3, 1e3)
positive = st.floats(1e-3, 1e3)


@st.composite
def distributions(draw):
    low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    mode = draw(st.floats(low, high))
    smaller, larger = sorted(draw(st.lists(positive, min_size=2, max_size=2, unique=True)))
    whole = draw(st.integers(-1000, 1000))
    kinds = [
        Uniform(low, high),
        Triangular(low, high, mode),
        LogUniform(smaller, larger),
        Normal(low, smaller, low, low + 2 * larger),
        Normal(low, smaller, low - 3 * smaller, low + larger),
        Integers(whole, whole + draw(st.integers(1, 100))),
        Choice(("a", 1, 2.5)),
    ]
    return draw(st.sampled_from(kinds))


@given(distributions(), probabilities)
def test_values_stay_within_their_bounds(distribution, probability):
    assert distribution.holds(distribution.quantile(probability))


@given(distributions(), st.lists(probabilities, min_size=2, max_size=2))
def test_values_rise_with_their_probability(distribution, pair):
    if isinstance(distribution, Choice):
        return
    lower, upper = sorted(pair)
    span = abs(distribution.quantile(1)) + abs(distribution.quantile(0))
    assert distribution.quantile(lower) <= distribution.quantile(upper) + 1e-11 * span


@pytest.mark.parametrize("probability", [1e-9, 0.01, 0.3, 0.5, 0.77, 0.999])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Uniform(80, 140), stats.uniform(80, 60)),
        (LogUniform(1e-6, 1e3), stats.loguniform(1e-6, 1e3)),
        (Normal(5, 2), stats.norm(5, 2)),
        (Normal(5, 2, 4, 8), stats.truncnorm(-0.5, 1.5, 5, 2)),
        (Normal(0, 1, 6, 9), stats.truncnorm(6, 9)),
        (Normal(0, 1, -9, -6), stats.truncnorm(-9, -6)),
        (Normal(0, 1, low=30), stats.truncnorm(30, math.inf)),
        (Triangular(1, 6, 2), stats.triang(0.2, 1, 5)),
        (Triangular(1, 6, 6), stats.triang(1.0, 1, 5)),
    ],
)
def test_values_are_those_of_scipy(ours, theirs, probability):
    assert ours.quantile(probability) == pytest.approx(theirs.ppf(probability), rel=1e-8)


def test_equal_parts_belong_to_each_choice_and_integer():
    parts = [(index + 0.5) / 12 for index in range(12)]
    assert [Choice(("a", "b", "c")).quantile(part) for part in parts] == list("aaaabbbbcccc")
    assert [Integers(1, 4).quantile(part) for part in parts] == [1] * 3 + [2] * 3 + [3] * 3 + [
        4
    ] * 3


@pytest.mark.parametrize(
    "ours", [Uniform(0, 0.7), LogUniform(0.1, 7), Triangular(0, 7, 0.1), Normal(0.5, 0.2, 0, 1.1)]
)
def test_the_ends_are_the_bounds(ours):
    """A design of Morris has them, and a bound of 0 should not become 5.55e-17."""
    assert (ours.quantile(0.0), ours.quantile(1.0)) == (ours.low, ours.high)


def test_drawn_numbers_have_twelve_digits():
    assert Uniform(0, 1).quantile(1 / 3) == 0.333333333333
    assert statistics.mean([LogUniform(1, 100).quantile(0.5)] * 2) == 10.0


@pytest.mark.parametrize(
    "ours",
    [
        Uniform(1_700_000_000_000, 1_700_000_000_005),
        Uniform(-1_700_000_000_005, -1_700_000_000_000),
        LogUniform(1_700_000_000_000, 1_700_000_000_005),
        Triangular(1_700_000_000_000, 1_700_000_000_005, 1_700_000_000_002),
        Normal(1_700_000_000_000, 1),
        Normal(1_700_000_000_000, 1e9, 1_700_000_000_000, 1_700_000_000_005),
    ],
)
def test_numbers_of_a_narrow_range_differ(ours):
    drawn = [ours.quantile((part + 0.5) / 100) for part in range(100)]
    assert len(set(drawn)) == 100
    assert all(map(ours.holds, drawn))


@pytest.mark.parametrize("size", [1e-200, 1e-300, 1e153])
def test_triangles_of_any_size_are_alike(size):
    """The square of a small number may be 0, and that of a large one infinite."""
    parts = [(part + 0.5) / 20 for part in range(20)]
    ours, usual = Triangular(size, 3 * size, 2 * size), Triangular(1, 3, 2)
    assert [ours.quantile(part) / size for part in parts] == pytest.approx(
        [usual.quantile(part) for part in parts]
    )


def test_the_narrowest_of_ranges_is_drawn_from():
    assert Normal(5, 1e-320).quantile(0.7) == 5


def test_numbers_of_other_ranges_are_not_changed_by_that():
    assert Uniform(1_700_000, 1_700_005).quantile(1 / 3) == 1700001.66667
    assert Normal(1_700_000, 5).quantile(0.6) == 1700001.26674


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(2, 1), "the upper bound 1 does not exceed the lower bound 2"),
        (lambda: Integers(1, 1), "both bounds are 1"),
        (lambda: LogUniform(0, 1), "the lower bound 0 has no logarithm"),
        (lambda: Normal(0, 0), "the standard deviation 0 is not positive"),
        (
            lambda: Normal(0, 1, 50, 60),
            "the bounds are so far from the mean that no number is left between them",
        ),
        (lambda: Normal(1e308, 1e308), "these numbers are too large to be drawn"),
        (
            lambda: Normal(1e308, 1e308, low=0),
            "these numbers are too large to be drawn",
        ),
        (lambda: Triangular(0, 1e200, 0), "these numbers are too large to be drawn"),
        (lambda: Triangular(0, 1, 2), "the mode 2 is not between the bounds 0 and 1"),
        (lambda: Choice(()), "there is no value to choose from"),
    ],
)
def test_impossible_distributions_are_refused(make, message):
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert (caught.value.message, bool(caught.value.hint)) == (message, True)
