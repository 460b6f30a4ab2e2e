"""
Where the values of a parameter come from.

A distribution turns a number between 0 and 1 into a value: it is the inverse of a cumulative
distribution function.  That is all a design needs, be it random or of low discrepancy.

Drawn numbers are rounded to 12 significant digits.  They stay readable that way, and the same on
machines whose `log` and `exp` differ in the last bit.  Where a range is narrow for numbers of its
size, as of times in milliseconds, they have more, so that they differ as those of other ranges do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Protocol, TypeGuard

from runfleet.documents.errors import InvalidValueError
from runfleet.study.values import Value, as_text

_STANDARD = NormalDist()
_SMALLEST = math.ulp(0.5)
_LARGEST_WHOLE = 2**53
_DIGITS = 12
_ALL_DIGITS = 17
_NARROW = 1e-6


class Distribution(Protocol):
    """The values that a parameter can take, and how likely they are."""

    def quantile(self, probability: float) -> Value:
        """Return the value that is not exceeded with this probability, from 0 to 1."""
        ...

    def levels(self) -> Sequence[Value] | None:
        """Return the values one by one, or None where there is a continuum of them."""
        ...

    def holds(self, value: Value) -> bool:
        """Tell whether the parameter can take this value."""
        ...


@dataclass(frozen=True)
class Fixed:
    """
    The same value in every run.

    Parameters
    ----------
    value
        The value.
    """

    value: Value

    def quantile(self, probability: float) -> Value:  # noqa: ARG002
        """Return the value."""
        return self.value

    def levels(self) -> Sequence[Value]:
        """Return the value as the only level."""
        return (self.value,)

    def holds(self, value: Value) -> bool:
        """Tell whether it is the value."""
        return _of_its_kind(value) == _of_its_kind(self.value)


@dataclass(frozen=True)
class Choice:
    """
    One of several values, each as likely as the others.

    Parameters
    ----------
    values
        At least one, in the order in which designs take them one by one.
    """

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        """Refuse a choice of nothing."""
        if not self.values:
            raise InvalidValueError(
                "there is no value to choose from", hint="give at least one value"
            )

    def quantile(self, probability: float) -> Value:
        """Return a value: equal parts of the range from 0 to 1 belong to each."""
        return self.values[min(int(probability * len(self.values)), len(self.values) - 1)]

    def levels(self) -> Sequence[Value]:
        """Return the values in the order given."""
        return self.values

    def holds(self, value: Value) -> bool:
        """Tell whether it is one of the values."""
        return _of_its_kind(value) in self._own

    @cached_property
    def _own(self) -> frozenset[tuple[bool, Value]]:
        return frozenset(map(_of_its_kind, self.values))


@dataclass(frozen=True)
class Integers:
    """
    A whole number from `low` to `high`, both included, each as likely as the others.

    Parameters
    ----------
    low, high
        The bounds, up to 2**53 in size.
    """

    low: int
    high: int

    def __post_init__(self) -> None:
        """Refuse bounds in the wrong order, and those that a double cannot tell apart."""
        _demand_order(self.low, self.high)
        if max(-self.low, self.high) > _LARGEST_WHOLE:
            raise InvalidValueError(
                f"whole numbers go up to {_LARGEST_WHOLE:,}", hint="use `uniform` for larger ones"
            )

    def quantile(self, probability: float) -> int:
        """Return a whole number: equal parts of the range from 0 to 1 belong to each."""
        return min(self.low + int(probability * (self.high - self.low + 1)), self.high)

    def levels(self) -> Sequence[int]:
        """Return all of the numbers, rising."""
        return range(self.low, self.high + 1)

    def holds(self, value: Value) -> bool:
        """Tell whether it is one of the numbers."""
        return _is_number(value) and isinstance(value, int) and self.low <= value <= self.high


class _Continuous:
    """What distributions of any number between two bounds have in common."""

    low: float
    high: float

    def levels(self) -> None:
        """Return None: the values are a continuum."""
        return

    def holds(self, value: Value) -> bool:
        """Tell whether it is a number within the bounds."""
        return _is_number(value) and self.low <= value <= self.high

    @property
    def _scale(self) -> tuple[float, float]:
        """Tell how far the numbers lie from each other, and how large they are."""
        return self.high - self.low, max(-self.low, self.high)

    @cached_property
    def _format(self) -> str:
        width, size = self._scale
        return f".{_DIGITS if size * _NARROW < width else _ALL_DIGITS}g"

    def _rounded(self, number: float) -> float:
        rounded = float(format(number, self._format))
        if self.low <= rounded <= self.high:
            return rounded
        return min(max(rounded, self.low), self.high)


@dataclass(frozen=True)
class Uniform(_Continuous):
    """
    Any number between `low` and `high`, each as likely as the others.

    Parameters
    ----------
    low, high
        The bounds, in the parameter's unit.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse bounds in the wrong order."""
        _demand_order(self.low, self.high)

    def quantile(self, probability: float) -> float:
        """Return the number at this part of the way from the lower to the upper bound."""
        return self._rounded(self.low * (1 - probability) + self.high * probability)


@dataclass(frozen=True)
class LogUniform(_Continuous):
    """
    Any number between `low` and `high`, whose logarithm is uniform.

    Parameters
    ----------
    low, high
        The bounds, both above 0, in the parameter's unit.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse bounds that have no logarithm or are in the wrong order."""
        _demand_order(self.low, self.high)
        if self.low <= 0:
            raise InvalidValueError(
                f"the lower bound {as_text(self.low)} has no logarithm",
                hint="give a lower bound above 0, or use `uniform`",
            )

    def quantile(self, probability: float) -> float:
        """Return the number at this part of the way from bound to bound, by logarithms."""
        low, high = self._logarithms
        return self._rounded(math.exp(low * (1 - probability) + high * probability))

    @cached_property
    def _logarithms(self) -> tuple[float, float]:
        return math.log(self.low), math.log(self.high)


@dataclass(frozen=True)
class Triangular(_Continuous):
    """
    A number between `low` and `high`, most likely near `mode`.

    Parameters
    ----------
    low, high
        The bounds, in the parameter's unit.
    mode
        The most likely number, from bound to bound.
    """

    low: float
    high: float
    mode: float

    def __post_init__(self) -> None:
        """Refuse bounds in the wrong order, a mode beyond them, and a width without a square."""
        _demand_order(self.low, self.high)
        if not self.low <= self.mode <= self.high:
            raise InvalidValueError(
                f"the mode {as_text(self.mode)} is not between the bounds "
                f"{as_text(self.low)} and {as_text(self.high)}",
                hint="write [lowest, mode, highest]",
            )
        if math.isinf((self.high - self.low) * (self.high - self.low)):
            raise _too_large()

    def quantile(self, probability: float) -> float:
        """Return the number below which this part of the triangle's area lies."""
        unit, width, rise, fall = self._sides
        if probability * width < rise:
            return self._rounded(self.low + unit * math.sqrt(probability * width * rise))
        return self._rounded(self.high - unit * math.sqrt((1 - probability) * width * fall))

    @cached_property
    def _sides(self) -> tuple[float, float, float, float]:
        """
        Measure the sides in a unit in which the squares of small ones are not 0.

        Returns
        -------
        unit, width, rise, fall
            The unit is a power of two, so that nothing is rounded.
        """
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        unit = min(1.0, math.ldexp(1.0, math.frexp(width)[1] - 1))
        return unit, width / unit, rise / unit, fall / unit


@dataclass(frozen=True)
class Normal(_Continuous):
    """
    A normally distributed number, cut off at `low` and `high` where they are given.

    Parameters
    ----------
    mean, standard_deviation
        Of the distribution before it is cut off.
    low, high
        Bounds; infinite where there is none.
    """

    mean: float
    standard_deviation: float
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what leaves no number to draw."""
        _demand_order(self.low, self.high)
        if self.standard_deviation <= 0:
            raise InvalidValueError(
                f"the standard deviation {as_text(self.standard_deviation)} is not positive",
                hint="write [mean, standard deviation], or give a fixed value",
            )
        lower, upper, _ = self._tail
        if upper - lower <= 0:
            raise InvalidValueError(
                "the bounds are so far from the mean that no number is left between them",
                hint="move the bounds nearer to the mean, or use `uniform`",
            )
        if not all(math.isfinite(self.quantile(probability)) for probability in (0.0, 1.0)):
            raise _too_large()

    def quantile(self, probability: float) -> float:
        """Return the number that is not exceeded with this probability, given the bounds."""
        # Rounding would only come near to a bound.
        if probability == 0 and math.isfinite(self.low):
            return self.low
        if probability == 1 and math.isfinite(self.high):
            return self.high
        lower, upper, side = self._tail
        part = probability if side > 0 else 1 - probability
        area = min(max(lower + part * (upper - lower), math.ulp(0.0)), 1 - _SMALLEST)
        number = self.mean + side * self.standard_deviation * _STANDARD.inv_cdf(area)
        return self._rounded(number)

    @property
    def _scale(self) -> tuple[float, float]:
        """Tell how far most of the numbers lie from each other, and how large they are."""
        return min(self.standard_deviation, self.high - self.low), abs(self.mean)

    @cached_property
    def _tail(self) -> tuple[float, float, int]:
        """Return the probabilities of the bounds, mirrored to where doubles are precise."""
        low = (self.low - self.mean) / self.standard_deviation
        high = (self.high - self.mean) / self.standard_deviation
        if low > 0:
            return _probability_below(-high), _probability_below(-low), -1
        return _probability_below(low), _probability_below(high), 1


def _probability_below(score: float) -> float:
    return math.erfc(-score / math.sqrt(2)) / 2


def _too_large() -> InvalidValueError:
    what = "these numbers are too large to be drawn"
    return InvalidValueError(what, hint="give the parameter in a larger unit")


def _of_its_kind(value: Value) -> tuple[bool, Value]:
    """Have what tells values apart: `true` is not 1, although Python says so."""
    return isinstance(value, bool), value


def _is_number(value: Value) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _demand_order(low: float, high: float) -> None:
    if low == high:
        raise InvalidValueError(
            f"both bounds are {as_text(low)}", hint=f"write `{{value: {as_text(low)}}}`"
        )
    if low > high:
        raise InvalidValueError(
            f"the upper bound {as_text(high)} does not exceed the lower bound {as_text(low)}",
            hint="write the lower bound first",
        )
