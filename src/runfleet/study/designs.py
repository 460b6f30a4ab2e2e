"""How the samples of a study are chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Protocol

from runfleet.study.distributions import Distribution
from runfleet.study.sample_table import SampleTable
from runfleet.study.values import Value

if TYPE_CHECKING:
    from runfleet.study.sampling import FloatArray


class Design(Protocol):
    """
    A way to choose the values of the parameters that vary.

    `rows` yields the same rows each time; a row has one value for each varying parameter, in the
    order of the study.
    """

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows, holding but a few of them at a time."""
        ...


@dataclass(frozen=True)
class Grid:
    """Each level of each parameter with each level of the others; the last one changes fastest."""

    levels: tuple[Sequence[Value], ...]

    @property
    def count(self) -> int:
        """The product of the numbers of levels; 1 if nothing varies."""
        return math.prod(len(levels) for levels in self.levels)

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate all combinations."""
        if not self.levels:
            yield ()
            return
        *slower, fastest = self.levels
        for head in product(*slower):
            for value in fastest:
                yield (*head, value)


@dataclass(frozen=True)
class Zip:
    """The first level of each parameter together, then the second of each, and so on."""

    levels: tuple[Sequence[Value], ...]

    @property
    def count(self) -> int:
        """How many levels each parameter has."""
        return len(self.levels[0])

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows."""
        return zip(*self.levels, strict=True)


@dataclass(frozen=True)
class Listed:
    """The rows as they stand in the study file."""

    samples: tuple[tuple[Value, ...], ...]

    @property
    def count(self) -> int:
        """How many rows are listed."""
        return len(self.samples)

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows."""
        return iter(self.samples)


@dataclass(frozen=True)
class FromCsv:
    """The rows of a CSV file, read anew each time."""

    table: SampleTable
    columns: tuple[str, ...]
    count: int

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Read the rows one by one."""
        return (values for _, values in self.table.rows(self.columns))


@dataclass(frozen=True)
class Drawn:
    """
    Values drawn from the parameters' distributions.

    Parameters
    ----------
    method
        Key of the way to choose points, see `runfleet.study.sampling.Method`.
    count
        How many rows to draw.
    seed
        The same seed gives the same rows on every machine.
    distributions
        One for each parameter that varies.
    """

    method: str
    count: int
    seed: int
    distributions: tuple[Distribution, ...]

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Draw the rows."""
        # Imported late: only such designs need numpy.
        from runfleet.study.sampling import Method, unit_points

        width = len(self.distributions)
        for block in unit_points(Method(self.method), self.count, width, self.seed):
            yield from sample_rows(self.distributions, block)


def sample_rows(
    distributions: Sequence[Distribution], points: FloatArray
) -> Iterator[tuple[Value, ...]]:
    """
    Turn points of the unit cube into samples.

    Parameters
    ----------
    distributions
        One for each parameter, p.
    points
        Shape (n, p).
    """
    columns = zip(distributions, points.T.tolist(), strict=True)
    return zip(
        *[map(distribution.quantile, column) for distribution, column in columns], strict=True
    )
