"""Finding what is wrong without a pool."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.autoscale import Context, check, parse, run


def found(text: str) -> list[str]:
    return [error.detail for error in check(parse(text))]


def test_all_statements_and_branches_are_looked_at() -> None:
    """One error a statement; what follows from an error is not told again."""
    text = (
        "x = 1 > 0 ? 2 : $Pending;\n"
        "y = x + time() * 2;\n"
        "z = 0 && sums(1);\n"
        "$TargetDedicatedNodes = z + y;\n"
        "$TargetDedicated = $ActiveTasks.GetSample(1) > 2;"
    )
    assert found(text) == [
        "Line 1, Col 17: Undefined symbol: $Pending",
        "Line 2, Col 16: * does not go between timestamp and double",
        "Line 3, Col 10: Undefined symbol: sums",
        "Line 5, Col 46: > does not go between doubleVec and double",
    ]


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("x = 1 ? 2 : [3]; y = x + 1; z = val(x, 0);", []),
        ("x = 1 ? time() : [3]; y = -x;", ["Line 1, Col 27: - does not go before a doubleVec"]),
        ("x = 1 ? 2 : stop(); y = [x, 1];", []),
        ("x = [1, time()];", ["Line 1, Col 9: A doubleVec holds doubles, not a timestamp"]),
        ("x = time() ? 1 : 2;", ["Line 1, Col 12: ? asks for a double, not a timestamp"]),
        ("x = time().week;", ["Line 1, Col 12: A timestamp has no week"]),
        ("x = (1).week;", ["Line 1, Col 9: A double has no members"]),
        ("x = rand(1);", ["Line 1, Col 5: rand() was given double"]),
        ("x = 1; x.Count();", ["Line 1, Col 15: Count is a method of metrics alone"]),
        ("x = $CPU.Count();", ["Line 1, Col 5: Undefined symbol: $CPU"]),
        ("x = $CPUPercent.Counts();", ["Line 1, Col 23: Unknown method Counts"]),
        ("x = $CPUPercent.Count(1);", ["Line 1, Col 22: Count() was given double"]),
        (
            "$CPUPercent = 1;",
            ["Line 1, Col 1: $CPUPercent is measured by the service and cannot be set"],
        ),
        (
            "$TargetDedicatedNodes = [1];",
            ["Line 1, Col 25: $TargetDedicatedNodes is a double, not a doubleVec"],
        ),
        ('$NodeDeallocationOption = "requeue";', []),
        (f"x = 1 ? 2 : [3]; y = max({', '.join(['x'] * 40)});", []),
    ],
)
def test_types_are_followed(text: str, details: list[str]) -> None:
    """Through variables and choices; only what can never go is an error."""
    assert found(text) == details


LEAVES = [
    "0",
    "2",
    "1e200",
    "[]",
    "[1,2]",
    '"a"',
    'time("2016")',
    "time()",
    "TimeInterval_Week",
    "$PendingTasks",
    "requeue",
    "$no",
    "y",
    "$CPUPercent.Count()",
    "$CPUPercent.GetSample(2)",
]
CALLS = ["-{}", "!{}", "max({})", "lg({})", "val({}, 0)", "time({})", "({}).hour", "[{}]"]
PAIRS = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} < {}", "{} == {}", "avg({}, {})"]


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(str.format, st.sampled_from(CALLS), inner),
        st.builds(
            lambda pair, a, b: f"({pair.format(a, b)})", st.sampled_from(PAIRS), inner, inner
        ),
    )


@given(st.recursive(st.sampled_from(LEAVES), larger, max_leaves=8))
def test_checking_and_evaluating_agree(expression: str) -> None:
    """Where all is evaluated, what is found fails, for the same reason."""
    text = f"x = {expression};"
    error = run(text, Context(Random(1).random), datetime(2026, 1, 1, tzinfo=UTC)).error
    details = found(text)
    assert error is not None or not details
    if error is not None and "does not go" in error.detail:
        assert details == [error.detail]


@pytest.mark.parametrize(
    "text",
    ["x = 1 / 0", "x = val([], 0)", 'x = time("noon")', "x = $CPUPercent.GetSample(1, 2, 3)"],
)
def test_what_is_found_fails_an_evaluation_too(text: str) -> None:
    """And what depends on values shows only there."""
    evaluation = run(text, Context(Random(1).random), datetime(2026, 1, 1, tzinfo=UTC))
    assert evaluation.error is not None
    assert set(found(text)) <= {evaluation.error.detail}
