"""Designs that tell which parameters a result depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from runfleet.documents.errors import InvalidValueError
from runfleet.study.designs import Sampled
from runfleet.study.distributions import Choice, Distribution, Normal
from runfleet.study.parameters import Parameter

if TYPE_CHECKING:
    from runfleet.study.sampling import FloatArray

_TAIL = 0.005


@dataclass(frozen=True)
class Morris(Sampled):
    """
    Trajectories that change one parameter a run, each of them once.

    Parameters
    ----------
    trajectories
        How many.
    levels
        How many values of each parameter are tried, evenly spread over its distribution.
    seed
        The same seed gives the same rows on every machine.
    distributions
        One for each parameter that varies.
    """

    trajectories: int
    levels: int
    seed: int
    distributions: tuple[Distribution, ...]

    @property
    def groups_name(self) -> str:
        """What groups of runs that belong together are called."""
        return "trajectories"

    @property
    def group_size(self) -> int:
        """How many runs belong together: those of a trajectory."""
        return len(self.distributions) + 1

    @property
    def count(self) -> int:
        """How many runs there are."""
        return self.trajectories * self.group_size

    @property
    def summary(self) -> str:
        """What it is, for people."""
        groups = f"{self.trajectories:,} trajectories of {len(self.distributions)} + 1 runs"
        return f"Morris, {groups}, {self.levels} levels"

    def points(self) -> Iterator[FloatArray]:
        """Generate each trajectory in the unit cube, shape (p + 1, p)."""
        # Imported late: only drawn designs need numpy.
        from runfleet.study.sampling import morris_trajectories

        width = len(self.distributions)
        return morris_trajectories(self.trajectories, width, self.levels, self.seed)

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its distributions are those of these parameters, as it steps along them."""
        declared = [item.distribution for item in varying if item.distribution is not None]
        return len(declared) == len(varying) and self.distributions == tuple(
            map(stepping, declared)
        )

    def value_counts(self) -> list[int | None]:
        """Tell how many values each parameter has; None where they are a continuum."""
        levels = (distribution.levels() for distribution in self.distributions)
        return [None if values is None else len(values) for values in levels]


@dataclass(frozen=True)
class Saltelli(Sampled):
    """
    Pairs of samples of a Sobol sequence, and samples that mix the two of a pair.

    Parameters
    ----------
    base_samples
        How many pairs.
    second_order
        Whether interactions of two parameters are to be told apart.
    seed
        The same seed gives the same rows on every machine.
    distributions
        One for each parameter that varies.
    """

    base_samples: int
    second_order: bool
    seed: int
    distributions: tuple[Distribution, ...]

    @property
    def groups_name(self) -> str:
        """What groups of runs that belong together are called."""
        return "base samples"

    @property
    def group_size(self) -> int:
        """How many runs belong together: those that mix the same two samples."""
        return (2 if self.second_order else 1) * len(self.distributions) + 2

    @property
    def count(self) -> int:
        """How many runs there are."""
        return self.base_samples * self.group_size

    @property
    def summary(self) -> str:
        """What it is, for people."""
        mixed = f"{'2 * ' if self.second_order else ''}{len(self.distributions)} + 2 runs"
        return f"Saltelli, {self.base_samples:,} base samples of {mixed}"

    def points(self) -> Iterator[FloatArray]:
        """Generate points in the unit cube, some groups at a time."""
        # Imported late: only drawn designs need numpy.
        from runfleet.study.sampling import saltelli_points

        width = len(self.distributions)
        return saltelli_points(self.base_samples, width, self.seed, second_order=self.second_order)


SensitivityDesign: TypeAlias = Morris | Saltelli
"""What the indices of sensitivity can be worked out for."""


def stepping(distribution: Distribution) -> Distribution:
    """
    Make a distribution that trajectories can step along, from its one end to the other.

    A normal distribution without a bound ends at its 0.5 % or 99.5 % quantile.

    Raises
    ------
    InvalidValueError
        If its values have no order.
    """
    if isinstance(distribution, Normal):
        return _between_tails(distribution)
    if isinstance(distribution, Choice) and not _has_order(distribution):
        raise InvalidValueError(
            "`morris` steps up and down, and texts have no order",
            hint="leave at most two of them, number them, as in `{values: [1, 2, 3]}`, or use "
            "`saltelli`, which needs no order",
        )
    return distribution


def _has_order(choice: Choice) -> bool:
    return len(choice.values) <= 2 or not any(isinstance(value, str) for value in choice.values)


def _between_tails(normal: Normal) -> Normal:
    low = normal.low if math.isfinite(normal.low) else normal.quantile(_TAIL)
    high = normal.high if math.isfinite(normal.high) else normal.quantile(1 - _TAIL)
    return replace(normal, low=low, high=high)
