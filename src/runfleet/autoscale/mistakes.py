"""Names that mean nothing and values in the wrong place, as errors with their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from runfleet.autoscale.errors import (
    FaultError,
    FormulaEvaluationError,
    InsufficientSampleDataError,
    suggest,
)
from runfleet.autoscale.functions import FUNCTIONS
from runfleet.autoscale.methods import METHODS, TooFewSamplesError
from runfleet.autoscale.times import MEMBERS
from runfleet.autoscale.tree import (
    Call,
    Choice,
    Expression,
    Member,
    MethodCall,
    Name,
    Place,
    place_of,
)
from runfleet.autoscale.values import Kind
from runfleet.autoscale.variables import CONSTANTS, METRICS, SETTABLE


@contextmanager
def placed(place: Place, underline: Place | None = None) -> Iterator[None]:
    """Give the place to whatever goes wrong inside."""
    try:
        yield
    except TooFewSamplesError as fault:
        raise InsufficientSampleDataError(
            fault.message[:1].lower() + fault.message[1:],
            place=place,
            underline=underline,
            recorded=fault.message,
            hint="ask `GetSamplePercent` first, and go on without samples where there are few",
        ) from fault
    except FaultError as fault:
        raise FormulaEvaluationError(
            fault.message, place=place, underline=underline, hint=fault.hint
        ) from fault


def unknown_variable(node: Name, own: Iterable[str]) -> FormulaEvaluationError:
    """Tell of a name that nobody has set; `own` are the formula's variables so far."""
    known = (*own, *SETTABLE, *METRICS, *CONSTANTS)
    return FormulaEvaluationError(
        f"unknown variable `{node.name}`",
        place=node.place,
        recorded=f"Undefined symbol: {node.name}",
        hint=suggest(node.name, known),
    )


def unknown_function(node: Call) -> FormulaEvaluationError:
    """Tell of a function that does not exist."""
    return FormulaEvaluationError(
        f"unknown function `{node.function}`",
        place=node.place,
        recorded=f"Undefined symbol: {node.function}",
        hint=suggest(node.function, FUNCTIONS),
    )


def unknown_method(node: MethodCall) -> FormulaEvaluationError:
    """Tell of a method that does not exist."""
    return FormulaEvaluationError(
        f"unknown method `{node.method}`",
        place=node.parenthesis,
        underline=node.place,
        hint=suggest(node.method, METHODS),
    )


def no_metric(node: MethodCall) -> FormulaEvaluationError:
    """Tell of a method called where no metric is named."""
    return FormulaEvaluationError(
        f"`{node.method}` is a method of metrics alone",
        place=node.parenthesis,
        underline=node.place,
        hint="call it where the metric is named, as in `$PendingTasks.GetSample(1)`",
    )


def no_member(node: Member, kind: Kind) -> FormulaEvaluationError:
    """Tell of a member that a value does not have."""
    if kind is Kind.TIMESTAMP:
        what = f"a timestamp has no `{node.member}`"
        hint = f"it has {', '.join(f'`{member}`' for member in MEMBERS)}"
    else:
        what = f"a {kind} has no members"
        hint = "only timestamps have, as in `time().hour`"
    return FormulaEvaluationError(what, place=node.place, hint=hint)


def no_item(item: Expression, kind: Kind) -> FormulaEvaluationError:
    """Tell of something in a doubleVec that is no double."""
    return FormulaEvaluationError(f"a doubleVec holds doubles, not a {kind}", place=place_of(item))


def no_condition(node: Choice, kind: Kind) -> FormulaEvaluationError:
    """Tell of a question that has neither yes nor no for an answer."""
    hint = "compare it, as in `x > 0 ? 1 : 2`"
    if kind is Kind.VECTOR:
        hint = "take one number of the doubleVec and compare it, as in `max(v) > 0 ? 1 : 2`"
    return FormulaEvaluationError(
        f"`?` asks for a double, not a {kind}", place=node.place, hint=hint
    )
