"""The methods by which formulas look at the samples of a metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from runfleet.autoscale.errors import FaultError
from runfleet.autoscale.metrics import Metric
from runfleet.autoscale.samples import SAMPLE_PERIOD, SampleHistory
from runfleet.autoscale.values import Interval, Kind, Value, kind_of

Kinds = tuple[Kind, ...]

_TIMES = (Kind.TIMESTAMP, Kind.INTERVAL)
_RANGES = {(start,) for start in _TIMES} | {(start, end) for start in _TIMES for end in _TIMES}
_RANGES_WITH_PERCENT = {(*kinds, Kind.DOUBLE) for kinds in _RANGES}


class TooFewSamplesError(FaultError):
    """
    Samples are missing; the message is in the service's own words where they are known.

    Parameters
    ----------
    metric
        What the formula calls the metric.
    what
        What is wrong with its samples.
    """

    def __init__(self, metric: str, what: str) -> None:
        super().__init__(f"Insufficient data from data set: {metric} {what}")


@dataclass(frozen=True, slots=True)
class Samples:
    """
    The samples of one metric, as seen at one moment.

    Parameters
    ----------
    name
        What the formula calls the metric.
    metric, history
        Which of the samples are meant, and all of them.
    now
        The moment that they are seen at.
    """

    name: str
    metric: Metric
    history: SampleHistory
    now: datetime


@dataclass(frozen=True, slots=True)
class Method:
    """
    A method of a metric.

    Parameters
    ----------
    signature
        How it is called, as messages show it.
    forms
        The types of arguments that it takes.
    result
        The type of its value.
    apply
        Works that out.
    """

    signature: str
    forms: frozenset[Kinds]
    result: Kind
    apply: Callable[[Samples, tuple[Value, ...]], Value]

    def result_kind(self, kinds: Kinds) -> Kind:
        """The type of the result; `FaultError` if it does not take such arguments."""
        if kinds not in self.forms:
            given = ", ".join(kinds) or "nothing"
            raise FaultError(f"`{self.signature}` was given {given}")
        return self.result

    def __call__(self, samples: Samples, arguments: tuple[Value, ...]) -> Value:
        """Look at the samples with arguments of types that it takes."""
        return self.apply(samples, arguments)


def _moment(samples: Samples, value: Value) -> datetime:
    """A timestamp, or how long ago."""
    if isinstance(value, datetime):
        return value
    assert isinstance(value, Interval)
    try:
        return samples.now - value.as_timedelta()
    except OverflowError as overflow:
        raise FaultError("the timestamp lies before year 1 or after year 9999") from overflow


def _range(samples: Samples, arguments: tuple[Value, ...]) -> tuple[datetime, datetime]:
    """Start and end, which come in either order; without an end, until now."""
    moments = [_moment(samples, value) for value in arguments]
    first, last = moments[0], moments[-1] if len(moments) > 1 else samples.now
    return min(first, last), max(first, last)


def _get_sample(samples: Samples, arguments: tuple[Value, ...]) -> Value:
    if isinstance(arguments[0], float):
        return samples.history.newest(samples.metric, int(arguments[0]), samples.now)
    wanted = 0.0
    if isinstance(arguments[-1], float):
        *times, wanted = arguments  # type: ignore[assignment]
        arguments = tuple(times)
    start, end = _range(samples, arguments)
    received = samples.history.percent(samples.metric, start, end, samples.now)
    if received < wanted:
        raise TooFewSamplesError(samples.name, f"wanted {wanted:g}%, received {int(received)}%")
    return samples.history.between(samples.metric, start, end, samples.now)


def _get_sample_percent(samples: Samples, arguments: tuple[Value, ...]) -> Value:
    return samples.history.percent(samples.metric, *_range(samples, arguments), samples.now)


def _history_begin_time(samples: Samples, _: tuple[Value, ...]) -> Value:
    seen = samples.history.seen(samples.metric, samples.now)
    if not seen:
        raise TooFewSamplesError(samples.name, "has no samples")
    return seen[0][0]


METHODS: dict[str, Method] = {
    "GetSample": Method(
        "GetSample(count) or GetSample(start, end, percent)",
        frozenset({(Kind.DOUBLE,)} | _RANGES | _RANGES_WITH_PERCENT),
        Kind.VECTOR,
        _get_sample,
    ),
    "GetSamplePercent": Method(
        "GetSamplePercent(start, end)", frozenset(_RANGES), Kind.DOUBLE, _get_sample_percent
    ),
    "GetSamplePeriod": Method(
        "GetSamplePeriod()",
        frozenset({()}),
        Kind.INTERVAL,
        lambda _samples, _arguments: Interval.of(SAMPLE_PERIOD),
    ),
    "Count": Method(
        "Count()",
        frozenset({()}),
        Kind.DOUBLE,
        lambda samples, _: float(len(samples.history.seen(samples.metric, samples.now))),
    ),
    "HistoryBeginTime": Method(
        "HistoryBeginTime()", frozenset({()}), Kind.TIMESTAMP, _history_begin_time
    ),
}


def call_method(name: str, samples: Samples, arguments: tuple[Value, ...]) -> Value:
    """Call a method that exists."""
    method = METHODS[name]
    method.result_kind(tuple(map(kind_of, arguments)))
    return method(samples, arguments)
