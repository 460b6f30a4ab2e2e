"""The types of the formula language, and how their values are spelled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from runfleet.autoscale.errors import FaultError

_MICROSECOND = 10
_SECOND = 10_000_000
_DAY = 24 * 3600 * _SECOND
# A timeinterval is a signed number of 64 bits, as .NET's TimeSpan is.
_MAX_TICKS = 2**63 - 1


class Kind(StrEnum):
    """The type of a value, as the language calls it."""

    DOUBLE = "double"
    VECTOR = "doubleVec"
    STRING = "string"
    TIMESTAMP = "timestamp"
    INTERVAL = "timeinterval"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A timeinterval, in ticks of 100 ns; may be negative."""

    ticks: int

    def __post_init__(self) -> None:
        if abs(self.ticks) > _MAX_TICKS:
            raise FaultError("the timeinterval is too long")

    def as_timedelta(self) -> timedelta:
        """The same to the microsecond."""
        return timedelta(microseconds=self.ticks // _MICROSECOND)

    @classmethod
    def of(cls, duration: timedelta) -> Interval:
        """Make one of a duration."""
        return cls(duration // timedelta(microseconds=1) * _MICROSECOND)


INTERVAL_CONSTANTS = {
    "TimeInterval_Zero": Interval(0),
    "TimeInterval_100ns": Interval(1),
    "TimeInterval_Microsecond": Interval(_MICROSECOND),
    "TimeInterval_Millisecond": Interval(1000 * _MICROSECOND),
    "TimeInterval_Second": Interval(_SECOND),
    "TimeInterval_Minute": Interval(60 * _SECOND),
    "TimeInterval_Hour": Interval(3600 * _SECOND),
    "TimeInterval_Day": Interval(_DAY),
    "TimeInterval_Week": Interval(7 * _DAY),
    "TimeInterval_Year": Interval(365 * _DAY),
}

Value = float | tuple[float, ...] | str | datetime | Interval

_KINDS: dict[type, Kind] = {
    float: Kind.DOUBLE,
    tuple: Kind.VECTOR,
    str: Kind.STRING,
    datetime: Kind.TIMESTAMP,
    Interval: Kind.INTERVAL,
}


def kind_of(value: Value) -> Kind:
    """The type of a value."""
    return _KINDS[type(value)]


def as_text(value: Value) -> str:
    """
    Spell a value as results do.

    Numbers and timestamps are spelled as recorded, doubleVecs as documented.  How the service
    spells the others is not known; timeintervals are spelled as .NET does.
    """
    match value:
        case float():
            return _number_text(value)
        case tuple():
            return f"[{','.join(map(_number_text, value))}]"
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        case Interval():
            return _interval_text(value)
        case _:
            return value


def _number_text(number: float) -> str:
    whole = number.is_integer() and abs(number) < 1e15
    return str(int(number)) if whole else repr(number)


def _interval_text(interval: Interval) -> str:
    days, ticks = divmod(abs(interval.ticks), _DAY)
    seconds, fraction = divmod(ticks, _SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    sign = "-" if interval.ticks < 0 else ""
    return f"{sign}{f'{days}.' if days else ''}{clock}{f'.{fraction:07d}' if fraction else ''}"


def check_finite(value: Value) -> None:
    """Refuse numbers that are none: what a formula works with is always finite."""
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(math.isfinite(number) for number in numbers if isinstance(number, float)):
        raise FaultError("the result is not a finite number")
