"""The functions of the formula language."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runfleet.autoscale.errors import FaultError
from runfleet.autoscale.times import parse_time
from runfleet.autoscale.values import Kind, Value, check_finite

Numbers = tuple[float, ...]
Kinds = tuple[Kind, ...]


class StoppedError(Exception):
    """The formula called `stop()`: what it has set so far stands."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What functions know of the world.

    Parameters
    ----------
    now
        The moment of the evaluation.
    random
        Gives a number from 0 to 1.
    """

    now: datetime
    random: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Function:
    """
    A function.

    Parameters
    ----------
    signature
        How it is called, for messages.
    result
        The type of its result for the types of its arguments; None if it does not take those.
    apply
        Works it out.
    """

    signature: str
    result: Callable[[Kinds], Kind | None]
    apply: Callable[[Surroundings, tuple[Any, ...]], Value]

    def result_kind(self, kinds: Kinds) -> Kind:
        """The type of the result; `FaultError` if it does not take such arguments."""
        found = self.result(kinds)
        if found is None:
            given = ", ".join(kinds) or "nothing"
            raise FaultError(f"`{self.signature}` was given {given}")
        return found

    def __call__(self, surroundings: Surroundings, arguments: tuple[Value, ...]) -> Value:
        """Work it out for arguments of types that it takes."""
        try:
            result = self.apply(surroundings, arguments)
        except OverflowError as overflow:
            raise FaultError("the result is not a finite number") from overflow
        check_finite(result)
        return result


def _is_list(kinds: Kinds) -> bool:
    return set(kinds) <= {Kind.DOUBLE, Kind.VECTOR}


def _flat(arguments: tuple[float | Numbers, ...]) -> Numbers:
    """A doubleVecList as one doubleVec: `avg(v, 7)` is `avg(1, 2, 3, 7)`."""
    numbers: list[float] = []
    for argument in arguments:
        numbers.extend(argument if isinstance(argument, tuple) else (argument,))
    return tuple(numbers)


def _of_list(name: str, apply: Callable[[Numbers], float], *, least: int = 0) -> Function:
    def applied(_: Surroundings, arguments: tuple[float | Numbers, ...]) -> Value:
        numbers = _flat(arguments)
        if len(numbers) < least:
            hint = (
                "samples may be missing; ask `GetSamplePercent` first, or add a number to the list"
            )
            raise FaultError(f"`{name}` of no numbers", hint=hint)
        return float(apply(numbers))

    return Function(
        f"{name}(doubleVecList)", lambda kinds: Kind.DOUBLE if _is_list(kinds) else None, applied
    )


def _of_each(name: str, apply: Callable[[float], float]) -> Function:
    """A function of a double, or of each number of a doubleVecList."""

    def result(kinds: Kinds) -> Kind | None:
        if kinds == (Kind.DOUBLE,):
            return Kind.DOUBLE
        return Kind.VECTOR if kinds and _is_list(kinds) else None

    def applied(_: Surroundings, arguments: tuple[float | Numbers, ...]) -> Value:
        results = tuple(float(apply(number)) for number in _flat(arguments))
        return results if result(_kinds(arguments)) is Kind.VECTOR else results[0]

    return Function(f"{name}(double or doubleVecList)", result, applied)


def _kinds(arguments: tuple[float | Numbers, ...]) -> Kinds:
    return tuple(Kind.VECTOR if isinstance(item, tuple) else Kind.DOUBLE for item in arguments)


def _fixed(signature: str, kinds: Kinds, kind: Kind, apply: Callable[..., Value]) -> Function:
    return Function(
        signature,
        lambda given: kind if given == kinds else None,
        lambda _, arguments: apply(*arguments),
    )


def _logarithm(apply: Callable[[float], float]) -> Callable[[float], float]:
    def checked(number: float) -> float:
        if number <= 0:
            raise FaultError(f"there is no logarithm of {number:g}")
        return apply(number)

    return checked


def _deviation(numbers: Numbers) -> float:
    # Of a single number the sample deviation is not defined; it does not deviate from itself.
    return statistics.stdev(numbers) if len(numbers) > 1 else 0.0


def _percentile(vector: Numbers, percent: float) -> float:
    """Give an element of the vector: the smallest that `percent` of them do not exceed."""
    if not vector or not 0 <= percent <= 100:
        raise FaultError(f"there is no percentile {percent:g} of {len(vector)} numbers")
    rank = max(1, math.ceil(percent * len(vector) / 100))
    return sorted(vector)[rank - 1]


def _element(vector: Numbers, index: float) -> float:
    if not 0 <= int(index) < len(vector):
        count = len(vector)
        hint = "the first element is 0; samples may be missing, which `len(v)` tells"
        raise FaultError(f"there is no element {int(index)} in a doubleVec of {count}", hint=hint)
    return vector[int(index)]


def _time_result(kinds: Kinds) -> Kind | None:
    return Kind.TIMESTAMP if kinds in ((), (Kind.STRING,)) else None


def _time(surroundings: Surroundings, arguments: tuple[str, ...]) -> Value:
    text = "".join(arguments)
    return parse_time(text) if text else surroundings.now


def _stop(_surroundings: Surroundings, _arguments: tuple[Value, ...]) -> Value:
    raise StoppedError


FUNCTIONS: dict[str, Function] = {
    "avg": _of_list("avg", statistics.fmean, least=1),
    "len": _of_list("len", len),
    "max": _of_list("max", max, least=1),
    "min": _of_list("min", min, least=1),
    "norm": _of_list("norm", lambda numbers: math.hypot(*numbers)),
    "range": _of_list("range", lambda numbers: max(numbers) - min(numbers), least=1),
    "std": _of_list("std", _deviation, least=1),
    "sum": _of_list("sum", sum),
    "lg": _of_each("lg", _logarithm(math.log2)),
    "ln": _of_each("ln", _logarithm(math.log)),
    "log": _of_each("log", _logarithm(math.log10)),
    "ceil": _of_each("ceil", math.ceil),
    "floor": _of_each("floor", math.floor),
    "round": _of_each("round", round),
    "percentile": _fixed(
        "percentile(doubleVec, double)", (Kind.VECTOR, Kind.DOUBLE), Kind.DOUBLE, _percentile
    ),
    "val": _fixed("val(doubleVec, double)", (Kind.VECTOR, Kind.DOUBLE), Kind.DOUBLE, _element),
    "rand": Function(
        "rand()",
        lambda kinds: None if kinds else Kind.DOUBLE,
        lambda surroundings, _: surroundings.random(),
    ),
    "time": Function("time(string)", _time_result, _time),
    "stop": Function("stop()", lambda kinds: None if kinds else Kind.DOUBLE, _stop),
}
