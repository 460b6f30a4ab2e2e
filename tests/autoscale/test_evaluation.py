"""What formulas come to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.autoscale import (
    Context,
    Evaluation,
    Interval,
    Metric,
    PoolCounts,
    SampleHistory,
    parse,
    run,
    whole_nodes,
)
from runfleet.autoscale.operators import OPERATIONS, UNARY_OPERATIONS
from runfleet.autoscale.values import Kind
from runfleet.batch.states import NodeDeallocationOption

NOW = datetime(2016, 10, 13, 19, 18, 47, 805_000, tzinfo=UTC)
MINUTE = Interval.of(timedelta(minutes=1))

Evaluate = Callable[..., Evaluation]
ValueOf = Callable[[str], object]

# An expression of each type.
EXAMPLES = {
    Kind.DOUBLE: "2",
    Kind.VECTOR: "[1, 2]",
    Kind.STRING: '"a"',
    Kind.TIMESTAMP: "time()",
    Kind.INTERVAL: "TimeInterval_Minute",
}
SIGNS = ("+", "-", "*", "/", "<", "<=", "==", ">=", ">", "!=", "&&", "||")


def evaluated(expression: str) -> object:
    evaluation = run(f"x = {expression};", Context(Random(1).random), NOW)
    assert evaluation.error is None, evaluation.error.detail
    return evaluation.variables["x"]


def failure(text: str, context: Context | None = None) -> str:
    evaluation = run(text, context or Context(Random(1).random), NOW)
    assert evaluation.error is not None
    return evaluation.error.detail


# Results and targets


def test_a_target_is_set(evaluate_text: Evaluate) -> None:
    """The target is 2, and the results spell the three variables of the service (item 137)."""
    evaluation = evaluate_text("$TargetDedicatedNodes=2;")
    assert evaluation.target_dedicated == 2
    assert evaluation.results == (
        "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    )


def test_results_hold_own_variables_by_name(evaluate_text: Evaluate) -> None:
    """Variables of the formula follow those of the service, each with the `$` it was given."""
    evaluation = evaluate_text(
        "$workHours = time().hour >= 8 && time().hour < 18;"
        "$isWeekday = time().weekday <= 5; $curTime = time();"
        "$TargetDedicatedNodes = $workHours && $isWeekday ? 20 : 10;"
    )
    assert evaluation.results == (
        "$TargetDedicatedNodes=10;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;"
        "$curTime=2016-10-13T19:18:47.805Z;$isWeekday=1;$workHours=0"
    )


@pytest.mark.parametrize(
    ("expression", "spelled"),
    [
        ("3", "3"),
        ("-0.5", "-0.5"),
        ("1 / 3", "0.3333333333333333"),
        ("1e15 * 10", "1e+16"),
        ("[1, 1.5, 2]", "[1,1.5,2]"),
        ("[]", "[]"),
        ('"a b"', "a b"),
        ("taskcompletion", "taskcompletion"),
        ('time("2020-02-29")', "2020-02-29T00:00:00.000Z"),
        ("TimeInterval_Minute * 15", "00:15:00"),
        ("-90 * TimeInterval_Minute", "-01:30:00"),
        ("TimeInterval_Week + TimeInterval_100ns", "7.00:00:00.0000001"),
    ],
)
def test_values_are_spelled_in_results(
    evaluate_text: Evaluate, expression: str, spelled: str
) -> None:
    """Whole numbers without a point, vectors in brackets, times to the millisecond."""
    assert evaluate_text(f"x = {expression};").results.endswith(f";x={spelled}")


@pytest.mark.parametrize(
    ("number", "nodes"),
    [(2.9, 2), (2.0, 2), (0.7, 0), (-0.5, 0), (-3, 0), (2.0**31, 2**31 - 1), (1e300, 2**31 - 1)],
)
def test_targets_are_whole_not_negative_and_of_32_bits(
    evaluate_text: Evaluate, number: float, nodes: int
) -> None:
    """Fractions are cut off, as Azure/Batch#151 reports; less than none is none."""
    assert whole_nodes(number) == nodes
    assert evaluate_text(f"$TargetDedicatedNodes = {number}").target_dedicated == nodes


def test_what_a_formula_does_not_set_stays(evaluate_text: Evaluate, context: Context) -> None:
    """Targets stay as they are; the deallocation option begins as requeue every time."""
    within = replace(context, target_dedicated=4, target_low_priority=7)
    evaluation = evaluate_text("$TargetLowPriorityNodes = $TargetLowPriorityNodes + 1", within)
    assert (evaluation.target_dedicated, evaluation.target_low_priority) == (4, 8)
    assert evaluation.deallocation_option is NodeDeallocationOption.REQUEUE


@pytest.mark.parametrize("option", list(NodeDeallocationOption))
def test_deallocation_options_are_bare_words(
    evaluate_text: Evaluate, option: NodeDeallocationOption
) -> None:
    """All four, also behind a condition."""
    evaluation = evaluate_text(f"$NodeDeallocationOption = 1 > 0 ? {option.value} : requeue")
    assert evaluation.deallocation_option is option


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("$TargetDedicated = 3;", 3),
        ("$TargetDedicated = 3; $TargetDedicatedNodes = 5;", 5),
        ("$TargetDedicatedNodes = 5; $TargetDedicated = 3;", 5),
        ("$TargetDedicated = 3; $TargetDedicated = $TargetDedicatedNodes + 1;", 4),
        ("$TargetDedicatedNodes = $TargetDedicated + 1", 3),
        ("$targetDedicatedNodes = 9", 2),
    ],
)
def test_targets_have_a_second_name(evaluate_text: Evaluate, text: str, nodes: int) -> None:
    """The full name counts where both are set; another spelling is a variable of one's own."""
    assert evaluate_text(text).target_dedicated == nodes


def test_spot_targets_have_a_second_name_too(evaluate_text: Evaluate) -> None:
    """`$TargetLowPriority` and `$TargetLowPriorityNodes`."""
    assert evaluate_text("$TargetLowPriority = 3").target_low_priority == 3


def test_stop_leaves_what_is_set(evaluate_text: Evaluate) -> None:
    """Nothing after it happens."""
    text = "$TargetDedicatedNodes = 5; x = 1 > 0 ? stop() : 2; $TargetDedicatedNodes = 9;"
    evaluation = evaluate_text(text)
    assert evaluation.target_dedicated == 5
    assert evaluation.variables == {}


def test_an_error_leaves_the_pool_as_it_is(context: Context) -> None:
    """Results are then the pool's present values, whatever was set before."""
    evaluation = run("$TargetDedicatedNodes = 9; x = 1; $something_useless", context, NOW)
    assert evaluation.error is not None
    assert evaluation.results == (
        "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    )


def test_an_unknown_name_is_told_as_recorded(context: Context) -> None:
    """The recorded answer of the service to a formula of one unknown word."""
    evaluation = run("$something_useless", context, NOW)
    error = evaluation.error
    assert error is not None
    assert error.run_code == "AutoScalingFormulaEvaluationError"
    assert error.run_message == "The specified auto-scaling formula has evaluation error"
    assert error.detail == "Line 1, Col 1: Undefined symbol: $something_useless"


def test_a_syntax_error_fails_an_evaluation(context: Context) -> None:
    """The code is that of evaluations, with line and column (item 139)."""
    evaluation = run("$TargetDedicatedNodes = (2;", context, NOW)
    assert evaluation.error is not None
    assert evaluation.error.run_code == "AutoScalingFormulaEvaluationError"
    assert evaluation.error.detail == "Line 1, Col 27: Unexpected ;"
    assert evaluation.target_dedicated == 2


# Operators


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("avg([1,2,3],7)", 3.25),
        ("val([4,5], 0)", 4.0),
        ("!0", 1.0),
        ("5 > 3 ? 1 : 2", 1.0),
        ("TimeInterval_Minute * 5", Interval.of(timedelta(minutes=5))),
    ],
)
def test_examples_of_the_checklist(value_of: ValueOf, expression: str, value: object) -> None:
    """A list, an element, a negation, a choice, an interval (item 142)."""
    assert value_of(expression) == value


@pytest.mark.parametrize("right", list(Kind))
@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("left", list(Kind))
def test_only_the_table_s_combinations_go(left: Kind, sign: str, right: Kind) -> None:
    """Every combination of types and operator has the result of the table, or is refused."""
    text = f"{EXAMPLES[left]} {sign} {EXAMPLES[right]}"
    # Of `2 || x` only the left side is looked at.
    text = text.replace("2 ||", "0 ||")
    expected = OPERATIONS.get((left, sign, right))
    if expected is None:
        column = text.index(sign) + 5
        words = f"{sign} does not go between {left} and {right}"
        assert failure(f"x = {text}") == f"Line 1, Col {column}: {words}"
    else:
        assert type(evaluated(text)) is type(evaluated(EXAMPLES[expected.result]))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("sign", ["-", "!"])
def test_signs_go_before_some_types(sign: str, kind: Kind) -> None:
    """Minus before doubles and timeintervals, not before doubles."""
    text = f"x = {sign}{EXAMPLES[kind]}"
    if (sign, kind) in UNARY_OPERATIONS:
        assert run(text, Context(Random(1).random), NOW).error is None
    else:
        assert failure(text) == f"Line 1, Col 5: {sign} does not go before a {kind}"


def test_the_table_has_the_rows_of_the_documentation() -> None:
    """Counted: 4 for doubles, 8 for doubleVecs, 8 for times, 24 comparisons, and, or."""
    assert len(OPERATIONS) == 4 + 8 + 8 + 24 + 2
    assert len(UNARY_OPERATIONS) == 3


numbers = st.floats(min_value=-1e6, max_value=1e6)


def spelled(number: float) -> str:
    return f"({number!r})"


def vector(items: list[float]) -> str:
    return f"[{', '.join(map(spelled, items))}]"


@given(numbers, st.sampled_from("+-*"), numbers, st.sampled_from("+-*"), numbers)
def test_arithmetic_is_that_of_doubles(a: float, f: str, b: float, g: str, c: float) -> None:
    """The same numbers as Python's, operators in the same order."""
    text = f"{spelled(a)} {f} {spelled(b)} {g} {spelled(c)}"
    assert evaluated(text) == eval(text)


@given(numbers, numbers, st.sampled_from(["<", "<=", "==", ">=", ">", "!="]))
def test_comparisons_give_1_or_0(left: float, right: float, sign: str) -> None:
    """Truth is a double."""
    text = f"{spelled(left)} {sign} {spelled(right)}"
    assert evaluated(text) == float(eval(text))


@given(st.lists(st.tuples(numbers, numbers), max_size=5), st.sampled_from("+-*"))
def test_vectors_are_combined_number_by_number(pairs: list[tuple[float, float]], sign: str) -> None:
    """With a vector of the same length, or with one double."""
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    expected = tuple(eval(f"{spelled(a)} {sign} {spelled(b)}") for a, b in pairs)
    assert evaluated(f"{vector(left)} {sign} {vector(right)}") == expected
    assert evaluated(f"{vector(left)} {sign} 2") == tuple(
        eval(f"{spelled(a)} {sign} 2") for a in left
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0 && $nothing", 0.0),
        ("1 || $nothing", 1.0),
        ("1 ? 2 : $nothing", 2.0),
        ("2 && 3", 1.0),
        ("0 || 0", 0.0),
        ("0 && 1 || 1", 1.0),
        ("7 / 2", 3.5),
        ("1e3 + .5 + 1.", 1001.5),
        ("2 * TimeInterval_Hour / 4 == 30 * TimeInterval_Minute", 1.0),
        ("TimeInterval_100ns * 10 == TimeInterval_Microsecond", 1.0),
        ("TimeInterval_Year == 365 * TimeInterval_Day", 1.0),
        ("TimeInterval_Day - TimeInterval_Hour < TimeInterval_Day", 1.0),
        ("time() + TimeInterval_Zero == time()", 1.0),
        ("TimeInterval_Hour + time() > time()", 1.0),
        ('time("2016-10-13T20:18:47.805Z") - time() == TimeInterval_Hour', 1.0),
        ('"a" < "b"', 1.0),
        ("$NodeDeallocationOption == requeue", 1.0),
    ],
)
def test_expressions(value_of: ValueOf, expression: str, value: object) -> None:
    """What does not matter is not looked at; intervals count to 100 ns."""
    assert value_of(expression) == value


# Functions


@given(st.lists(numbers, min_size=2, max_size=8))
def test_functions_of_lists(items: list[float]) -> None:
    """As Python has them; lists of doubles and vectors are one list."""
    text = f"{vector(items[:-1])}, {spelled(items[-1])}"
    assert evaluated(f"len({text})") == len(items)
    assert evaluated(f"max({text})") == max(items)
    assert evaluated(f"min({text})") == min(items)
    assert evaluated(f"sum({text})") == pytest.approx(sum(items))
    assert evaluated(f"avg({text})") == pytest.approx(statistics.fmean(items))
    assert evaluated(f"norm({text})") == pytest.approx(math.hypot(*items))
    assert evaluated(f"range({text})") == max(items) - min(items)
    assert evaluated(f"std({text})") == pytest.approx(statistics.stdev(items), abs=1e-6)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("lg(8)", 3.0),
        ("lg([8])", (3.0,)),
        ("lg(8, [2, 4])", (3.0, 1.0, 2.0)),
        ("ln(1)", 0.0),
        ("log(1000)", pytest.approx(3.0)),
        ("log([10, 100])", pytest.approx((1.0, 2.0))),
        ("ceil(2.1)", 3.0),
        ("ceil([0.1, -0.1])", (1.0, 0.0)),
        ("floor(2.9)", 2.0),
        ("round(2.6)", 3.0),
        ("percentile([5, 1, 4, 2, 3], 50)", 3.0),
        ("percentile([5, 1, 4, 2, 3], 0)", 1.0),
        ("percentile([5, 1, 4, 2, 3], 100)", 5.0),
        *((f"percentile({[*range(1, 101)]}, {percent})", percent) for percent in (7, 14, 28, 55)),
        ("val([1, 2, 3], 2.9)", 3.0),
        ("sum()", 0.0),
        ("len()", 0.0),
        ("std(4)", 0.0),
        ("max(0, [])", 0.0),
    ],
)
def test_functions(value_of: ValueOf, expression: str, value: object) -> None:
    """Logarithms by base 2, e and 10; rounding; percentiles are elements."""
    assert value_of(expression) == value


def test_rand_comes_from_the_context(context: Context) -> None:
    """The same source gives the same numbers."""
    evaluation = run("x = rand();", replace(context, random=lambda: 0.25), NOW)
    assert evaluation.variables == {"x": 0.25}


@pytest.mark.parametrize(
    "text",
    [
        "2016-10-13T19:18:47Z",
        "2016-10-13T19:18:47.0000000Z",
        "2016-10-13T21:18:47+02:00",
        "2016-10-13T14:48:47-04:30",
        "Thu, 13 Oct 2016 19:18:47 GMT",
    ],
)
def test_times_are_read(value_of: ValueOf, text: str) -> None:
    """W3C-DTF with any zone, and RFC 1123."""
    assert value_of(f'time("{text}")') == datetime(2016, 10, 13, 19, 18, 47, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2016", "2016-01", "2016-01-01", "2016-01-01T00:00Z"])
def test_times_may_be_short(value_of: ValueOf, text: str) -> None:
    """What is left out is the beginning."""
    assert value_of(f'time("{text}")') == datetime(2016, 1, 1, tzinfo=UTC)


def test_no_text_is_now(value_of: ValueOf) -> None:
    """`time("")` is `time()`."""
    assert value_of('time("")') == value_of("time()") == NOW


def test_members_of_timestamps(evaluate_text: Evaluate) -> None:
    """The week begins with Monday as 1 and ends with Sunday as 7."""
    names = ("year", "month", "day", "weekday", "hour", "minute", "second")
    text = f"x = [{', '.join(f'time().{name}' for name in names)}]"
    assert evaluate_text(text).variables["x"] == (2016, 10, 13, 4, 19, 18, 47)
    sunday = datetime(2016, 10, 16, tzinfo=UTC)
    assert evaluate_text("x = time().weekday", now=sunday).variables["x"] == 7


# Errors


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("x = y;", "Line 1, Col 5: Undefined symbol: y"),
        ("x = 1;\ny = sums(1);", "Line 2, Col 5: Undefined symbol: sums"),
        ("x = $Pending.GetSample(1);", "Line 1, Col 5: Undefined symbol: $Pending"),
        ("x = $PendingTasks.GetSamples(1)", "Line 1, Col 29: Unknown method GetSamples"),
        ("x = 1; x.Count()", "Line 1, Col 15: Count is a method of metrics alone"),
        ("x = 1 / 0", "Line 1, Col 7: Division by zero"),
        ("x = TimeInterval_Day / 0", "Line 1, Col 22: Division by zero"),
        ("x = TimeInterval_Year / 1e-300", "Line 1, Col 23: The result is not a finite number"),
        ("x = TimeInterval_Year * 1e300", "Line 1, Col 23: The result is not a finite number"),
        ("x = 1e308 * 10", "Line 1, Col 11: The result is not a finite number"),
        ("x = 1e999", "Line 1, Col 5: The result is not a finite number"),
        ("x = sum([1e308], 1e308)", "Line 1, Col 5: The result is not a finite number"),
        ("x = ln(0)", "Line 1, Col 5: There is no logarithm of 0"),
        ("x = avg([])", "Line 1, Col 5: avg of no numbers"),
        ("x = val([1], 1)", "Line 1, Col 5: There is no element 1 in a doubleVec of 1"),
        ("x = percentile([1], 101)", "Line 1, Col 5: There is no percentile 101 of 1 numbers"),
        ("x = val(1, 1)", "Line 1, Col 5: val(doubleVec, double) was given double, double"),
        ('x = max("a")', "Line 1, Col 5: max(doubleVecList) was given string"),
        ("x = lg()", "Line 1, Col 5: lg(double or doubleVecList) was given nothing"),
        ("x = rand(1)", "Line 1, Col 5: rand() was given double"),
        ('x = time("noon")', "Line 1, Col 5: noon is not a time"),
        ('x = time("2023-02-30")', "Line 1, Col 5: 2023-02-30 is not a time"),
        (
            'x = time("2023-04-14T13:10:11.123456789Z")',
            "Line 1, Col 5: 2023-04-14T13:10:11.123456789Z is not a time",
        ),
        ("x = time().week", "Line 1, Col 12: A timestamp has no week"),
        ("x = (1).hour", "Line 1, Col 9: A double has no members"),
        ("x = [1, [2]]", "Line 1, Col 9: A doubleVec holds doubles, not a doubleVec"),
        ("x = [1, 2] + [1]", "Line 1, Col 12: A doubleVec of 2 goes with none of 1"),
        ("x = [1] ? 2 : 3", "Line 1, Col 9: ? asks for a double, not a doubleVec"),
        (
            "x = time() + 20000 * TimeInterval_Year",
            "Line 1, Col 12: The timestamp lies before year 1 or after year 9999",
        ),
        ("x = 1e9 * TimeInterval_Year", "Line 1, Col 9: The timeinterval is too long"),
        (
            "$TargetDedicatedNodes = [1, 2];",
            "Line 1, Col 25: $TargetDedicatedNodes is a double, not a doubleVec",
        ),
        (
            "$NodeDeallocationOption = 1;",
            "Line 1, Col 27: $NodeDeallocationOption is a string, not a double",
        ),
        (
            '$NodeDeallocationOption = "kill";',
            "Line 1, Col 27: kill is not a node deallocation option",
        ),
        (
            "$PendingTasks = 1;",
            "Line 1, Col 1: $PendingTasks is measured by the service and cannot be set",
        ),
        ("requeue = 1;", "Line 1, Col 1: requeue is a constant and cannot be set"),
        ("x = $PendingTasks.GetSample()", ("Line 1, Col 28: GetSample(count) or "
         "GetSample(start, end, percent) was given nothing")),
        ("x = $PendingTasks.Count(1)", "Line 1, Col 24: Count() was given double"),
    ],
)  # fmt: skip
def test_what_goes_wrong_has_a_place(text: str, detail: str) -> None:
    """Whole texts; where the service's words are not recorded they are our own."""
    assert failure(text) == detail


def test_no_evaluation_is_too_deep(context: Context) -> None:
    """The deepest formula that is read is evaluated too."""
    text = "x = " + "-(" * 99 + "1" + ")" * 99
    assert run(text, context, NOW).variables == {"x": -1.0}
    with pytest.raises(Exception, match="nested more than 100 deep"):
        parse("x = " + "-(" * 101 + "1" + ")" * 101)


# Metrics as plain numbers


def test_tasks_are_counted(evaluate_text: Evaluate, context: Context) -> None:
    """`$PendingTasks` are the active and the running ones (item 143)."""
    counts = PoolCounts(ready_tasks=3, running_tasks=2, succeeded_tasks=7)
    within = replace(context, current=counts.metrics())
    evaluation = evaluate_text("x = [$ActiveTasks, $PendingTasks, $SucceededTasks]", within)
    assert evaluation.variables == {"x": (3, 5, 7)}


def test_a_metric_is_its_latest_value(evaluate_text: Evaluate, context: Context) -> None:
    """What it is now, and where that is not known, what it was last seen to be."""
    history = SampleHistory()
    history.add(NOW - timedelta(minutes=2), {Metric.CPU_PERCENT: 40, Metric.ACTIVE_TASKS: 9})
    current = PoolCounts(dedicated_nodes=3, task_slots_per_node=4, ready_tasks=1).metrics()
    within = replace(context, current=current, history=history)
    text = "x = [$CurrentDedicatedNodes * 1.1, 27/$TaskSlotsPerNode, $ActiveTasks, $CPUPercent]"
    assert evaluate_text(text, within).variables["x"] == pytest.approx((3.3, 6.75, 1, 40))
    assert evaluate_text("x = $CurrentDedicated", within).variables["x"] == 3


def test_a_metric_never_measured_has_no_value(context: Context) -> None:
    """That is a lack of samples."""
    evaluation = run("x = $CPUPercent * 2", context, NOW)
    assert evaluation.error is not None
    assert evaluation.error.run_code == "InsufficientSampleData"
    assert evaluation.error.detail == (
        "Line 1, Col 5: Insufficient data from data set: $CPUPercent has no samples"
    )
