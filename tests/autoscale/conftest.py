"""A pool with a history, for formulas to look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest

from runfleet.autoscale import SAMPLE_PERIOD, Context, Evaluation, Metric, SampleHistory, run

NOW = datetime(2016, 10, 13, 19, 18, 47, 805_000, tzinfo=UTC)

Evaluate = Callable[..., Evaluation]
Fill = Callable[..., SampleHistory]


@pytest.fixture
def now() -> datetime:
    """A Thursday evening."""
    return NOW


@pytest.fixture
def context() -> Context:
    """A pool of two dedicated nodes, just made."""
    return Context(Random(1).random, target_dedicated=2)


@pytest.fixture
def evaluate_text(context: Context) -> Evaluate:
    """Evaluate a text; no error is expected."""

    def evaluated(text: str, within: Context = context, now: datetime = NOW) -> Evaluation:
        evaluation = run(text, within, now)
        assert evaluation.error is None, evaluation.error.detail
        return evaluation

    return evaluated


@pytest.fixture
def value_of(evaluate_text: Evaluate) -> Callable[[str], object]:
    """What an expression comes to."""
    return lambda expression: evaluate_text(f"x = {expression};").variables["x"]


@pytest.fixture
def filled() -> Fill:
    """Make a history of one metric: its last samples, the newest taken now."""

    def fill(metric: Metric, values: list[float | None]) -> SampleHistory:
        history = SampleHistory()
        for index, value in enumerate(values):
            time = NOW - SAMPLE_PERIOD * (len(values) - 1 - index)
            history.add(time, {} if value is None else {metric: value})
        return history

    return fill
