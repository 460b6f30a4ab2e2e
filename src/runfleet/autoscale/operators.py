"""The operators of the formula language: which types go together, and what comes of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runfleet.autoscale.errors import FaultError
from runfleet.autoscale.values import Interval, Kind, Value, check_finite, kind_of

Apply = Callable[[Any, Any], Value]

D, V, S, T, I = (  # noqa: E741
    Kind.DOUBLE,
    Kind.VECTOR,
    Kind.STRING,
    Kind.TIMESTAMP,
    Kind.INTERVAL,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """
    What an operator does with two types.

    Parameters
    ----------
    result
        The type that comes out.
    apply
        Works the value out.
    """

    result: Kind
    apply: Apply


def _divide(left: float, right: float) -> float:
    if right == 0:
        raise FaultError("division by zero", hint="ask first, as in `x > 0 ? y / x : 0`")
    return left / right


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "!=": operator.ne,
}


def _with_number(apply: Callable[[float, float], float]) -> Apply:
    return lambda vector, number: tuple(apply(item, number) for item in vector)


def _with_vector(apply: Callable[[float, float], float]) -> Apply:
    def pairwise(left: tuple[float, ...], right: tuple[float, ...]) -> Value:
        if len(left) != len(right):
            raise FaultError(f"a doubleVec of {len(left)} goes with none of {len(right)}")
        return tuple(map(apply, left, right))

    return pairwise


def _compared(apply: Callable[[Any, Any], bool]) -> Apply:
    return lambda left, right: float(apply(left, right))


def _stretched(interval: Interval, factor: float) -> Interval:
    return Interval(round(interval.ticks * factor))


def _shortened(interval: Interval, divisor: float) -> Interval:
    return Interval(round(_divide(interval.ticks, divisor)))


def _later(time: datetime, interval: Interval) -> datetime:
    try:
        return time + interval.as_timedelta()
    except OverflowError as overflow:
        raise FaultError("the timestamp lies before year 1 or after year 9999") from overflow


def _number_operations() -> Iterator[tuple[tuple[Kind, str, Kind], Operation]]:
    for sign, apply in _ARITHMETIC.items():
        yield (D, sign, D), Operation(D, apply)
        yield (V, sign, D), Operation(V, _with_number(apply))
        yield (V, sign, V), Operation(V, _with_vector(apply))
    # The right side of these two is worked out only where it matters, by the evaluator.
    yield (D, "&&", D), Operation(D, lambda left, right: float(left != 0 and right != 0))
    yield (D, "||", D), Operation(D, lambda left, right: float(left != 0 or right != 0))


def _comparisons() -> Iterator[tuple[tuple[Kind, str, Kind], Operation]]:
    for sign, apply in _COMPARISONS.items():
        for kind in (D, S, T, I):
            yield (kind, sign, kind), Operation(D, _compared(apply))


# The table of operations in the service's documentation, row by row.
OPERATIONS: dict[tuple[Kind, str, Kind], Operation] = {
    **dict(_number_operations()),
    **dict(_comparisons()),
    (D, "*", I): Operation(I, lambda factor, interval: _stretched(interval, factor)),
    (I, "*", D): Operation(I, _stretched),
    (I, "/", D): Operation(I, _shortened),
    (I, "+", I): Operation(I, lambda left, right: Interval(left.ticks + right.ticks)),
    (I, "-", I): Operation(I, lambda left, right: Interval(left.ticks - right.ticks)),
    (I, "+", T): Operation(T, lambda interval, time: _later(time, interval)),
    (T, "+", I): Operation(T, _later),
    (T, "-", T): Operation(I, lambda left, right: Interval.of(left - right)),
}

UNARY_OPERATIONS: dict[tuple[str, Kind], Operation] = {
    ("-", D): Operation(D, lambda number, _: -number),
    ("-", I): Operation(I, lambda interval, _: Interval(-interval.ticks)),
    ("!", D): Operation(D, lambda number, _: float(number == 0)),
}

_VECTOR_HINT = "take one number of the doubleVec, as in `avg(v)` or `val(v, 0)`"
_HINTS = {
    (T, "-", I): "add a negative timeinterval, as in `time() + (-1 * TimeInterval_Hour)`",
    **{(D, sign, V): "write the doubleVec to the left" for sign in "+*"},
    **{(D, sign, V): _VECTOR_HINT for sign in "-/"},
    **{(kind, sign, V): _VECTOR_HINT for kind in (D, V) for sign in (*_COMPARISONS, "&&", "||")},
    **{(V, sign, D): _VECTOR_HINT for sign in (*_COMPARISONS, "&&", "||")},
}


def operation(left: Kind, sign: str, right: Kind) -> Operation:
    """What an operator does between two types; `FaultError` where it does nothing."""
    found = OPERATIONS.get((left, sign, right))
    if found is None:
        raise FaultError(
            f"`{sign}` does not go between {left} and {right}", hint=_HINTS.get((left, sign, right))
        )
    return found


def unary_operation(sign: str, kind: Kind) -> Operation:
    """What an operator does before a type; `FaultError` where it does nothing."""
    found = UNARY_OPERATIONS.get((sign, kind))
    if found is None:
        hint = _VECTOR_HINT if kind is V else None
        raise FaultError(f"`{sign}` does not go before a {kind}", hint=hint)
    return found


def combine(left: Value, sign: str, right: Value) -> Value:
    """Work out an operator between two values."""
    apply = operation(kind_of(left), sign, kind_of(right)).apply
    try:
        result = apply(left, right)
    except OverflowError as overflow:
        raise FaultError("the result is not a finite number") from overflow
    check_finite(result)
    return result


def change(sign: str, operand: Value) -> Value:
    """Work out an operator before a value."""
    return unary_operation(sign, kind_of(operand)).apply(operand, None)
