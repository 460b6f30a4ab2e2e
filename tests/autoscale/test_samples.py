"""Looking back at samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.autoscale import SAMPLE_PERIOD, Context, Evaluation, Metric, SampleHistory, run

NOW = datetime(2016, 10, 13, 19, 18, 47, 805_000, tzinfo=UTC)
PENDING = Metric.PENDING_TASKS

Evaluate = Callable[..., Evaluation]
Fill = Callable[..., SampleHistory]
# Two hours of samples, the values their ages in half minutes.
AGES: list[float | None] = [float(age) for age in reversed(range(240))]


def sampled(history: SampleHistory, call: str) -> object:
    evaluation = run(f"x = $PendingTasks.{call};", Context(Random(1).random, history=history), NOW)
    assert evaluation.error is None, evaluation.error.detail
    return evaluation.variables["x"]


@pytest.mark.parametrize(
    ("call", "ages"),
    [
        ("GetSample(1)", (2,)),
        ("GetSample(3)", (4, 3, 2)),
        ("GetSample(0)", ()),
        ("GetSample(TimeInterval_Minute * 3)", (5, 4, 3, 2)),
        ("GetSample(1 * TimeInterval_Minute, 3 * TimeInterval_Minute)", (5, 4, 3, 2)),
        ("GetSample(3 * TimeInterval_Minute, 1 * TimeInterval_Minute)", (5, 4, 3, 2)),
        ("GetSample(time() + (-3 * TimeInterval_Minute))", (5, 4, 3, 2)),
        ('GetSample(time("2016-10-13T19:15:48Z"), 1 * TimeInterval_Minute)', (5, 4, 3, 2)),
        ("GetSample(TimeInterval_Zero, TimeInterval_Minute)", ()),
    ],
)
def test_samples_of_a_time(filled: Fill, call: str, ages: tuple[float, ...]) -> None:
    """A count, or a start, or a range in either order; a sample is seen after a minute."""
    assert sampled(filled(PENDING, AGES), call) == ages


def test_ten_minutes_hold_20_samples(filled: Fill) -> None:
    """Of which the last minute's are not seen yet: 18 of 20 are 90 percent."""
    history = filled(PENDING, AGES)
    assert len(sampled(history, "GetSample(TimeInterval_Minute * 10)")) == 18  # type: ignore[arg-type]
    assert sampled(history, "GetSamplePercent(TimeInterval_Minute * 10)") == 90
    assert sampled(history, "GetSample(TimeInterval_Minute * 10, 90)") != ()


def test_15_of_20_samples_are_75_percent(filled: Fill) -> None:
    """After ten minutes of which five samples were lost (item 141)."""
    kept: list[float | None] = [1.0, 1.0, 1.0, None] * 5
    history = filled(PENDING, [*kept, None, None])
    call = "GetSamplePercent(1 * TimeInterval_Minute, 11 * TimeInterval_Minute)"
    assert sampled(history, call) == 75


def test_the_other_methods(filled: Fill) -> None:
    """Period, number of samples, time of the oldest."""
    history = filled(PENDING, AGES)
    assert str(sampled(history, "GetSamplePeriod()")) == "Interval(ticks=300000000)"
    assert sampled(history, "Count()") == 238
    assert sampled(history, "HistoryBeginTime()") == NOW - SAMPLE_PERIOD * 239


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "$RunningTasks.GetSample(10 * TimeInterval_Second, 0 * TimeInterval_Second, 100);",
            (
                "Line 1, Col 24: Insufficient data from data set: "
                "$RunningTasks wanted 100%, received 0%"
            ),
        ),
        (
            "x = 1;\nsamplevecavg = avg($PendingTasks.GetSample(10 * TimeInterval_Minute, 95))",
            (
                "Line 2, Col 43: Insufficient data from data set: "
                "$PendingTasks wanted 95%, received 90%"
            ),
        ),
        (
            "totalNodes=min($CPUPercent.GetSample(TimeInterval_Minute*10, 10));",
            "Line 1, Col 37: Insufficient data from data set: $CPUPercent wanted 10%, received 0%",
        ),
    ],
)
def test_too_few_samples_stop_a_formula(
    filled: Fill, context: Context, text: str, detail: str
) -> None:
    """In the service's words and at its column, that of the parenthesis."""
    evaluation = run(text, replace(context, history=filled(PENDING, AGES)), NOW)
    error = evaluation.error
    assert error is not None
    assert error.run_code == "InsufficientSampleData"
    assert error.run_message == "Autoscale evaluation failed due to insufficient sample data"
    assert error.detail == detail


def test_without_samples_a_formula_can_go_on(evaluate_text: Evaluate) -> None:
    """The last sample of none is an empty list, as public formulas rely on in a new pool."""
    text = (
        "count = $PendingTasks.Count();"
        "calculated = min(10, $PendingTasks.GetSample(1));"
        "$TargetDedicatedNodes = (count > 0) ? calculated : 3;"
    )
    assert evaluate_text(text).target_dedicated == 3


def test_a_history_is_bounded() -> None:
    """Eight hours are kept, however long a pool lives."""
    history = SampleHistory()
    for number in range(3000):
        history.add(NOW + SAMPLE_PERIOD * number, {PENDING: float(number)})
    later = NOW + timedelta(days=9)
    assert len(history) == 960
    assert history.newest(PENDING, 9999, later)[0] == 3000 - 960


def test_a_clock_set_back_adds_nothing() -> None:
    """Samples stay in the order of their times."""
    history = SampleHistory()
    history.add(NOW, {PENDING: 1})
    history.add(NOW - SAMPLE_PERIOD, {PENDING: 2})
    assert history.newest(PENDING, 9, NOW + timedelta(hours=1)) == (1,)


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 9)), max_size=40),
    st.integers(0, 1500),
    st.integers(0, 1500),
)
def test_percent_and_samples_agree(values: list[float | None], first: int, second: int) -> None:
    """`GetSample` insists on a percentage exactly where `GetSamplePercent` falls below it."""
    history = SampleHistory()
    for number, value in enumerate(values):
        time = NOW + SAMPLE_PERIOD * (number - len(values))
        history.add(time, {} if value is None else {PENDING: value})
    spans = f"{first} * TimeInterval_Second, {second} * TimeInterval_Second"
    context = Context(Random(1).random, history=history)
    percent = run(f"x = $PendingTasks.GetSamplePercent({spans})", context, NOW).variables["x"]
    assert isinstance(percent, float)
    assert 0 <= percent <= 100
    assert run(f"$PendingTasks.GetSample({spans}, {percent!r})", context, NOW).error is None
    assert run(f"$PendingTasks.GetSample({spans}, {percent + 0.1!r})", context, NOW).error
