"""How the samples of a study are chosen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
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

    def rows(self, start: int = 0) -> Iterator[tuple[Value, ...]]:
        """Generate the rows behind the first `start`, holding but a few of them at a time."""
        ...


@dataclass(frozen=True)
class Grid:
    """
    Each level of each parameter with each level of the others; the last one changes fastest.

    Parameters
    ----------
    levels
        The values of each parameter that varies.
    """

    levels: tuple[Sequence[Value], ...]

    @property
    def count(self) -> int:
        """The product of the numbers of levels; 1 if nothing varies."""
        return math.prod(len(levels) for levels in self.levels)

    def rows(self, start: int = 0) -> Iterator[tuple[Value, ...]]:
        """Generate all combinations."""
        if not self.levels:
            return islice(iter([()]), start, None)
        *slower, fastest = self.levels
        skipped, start = divmod(start, len(fastest))
        heads = islice(product(*slower), skipped, None)
        return islice(((*head, value) for head in heads for value in fastest), start, None)


@dataclass(frozen=True)
class Zip:
    """
    The first level of each parameter together, then the second of each, and so on.

    Parameters
    ----------
    levels
        The values of each parameter that varies, of each as many.
    """

    levels: tuple[Sequence[Value], ...]

    @property
    def count(self) -> int:
        """How many levels each parameter has."""
        return len(self.levels[0])

    def rows(self, start: int = 0) -> Iterator[tuple[Value, ...]]:
        """Generate the rows."""
        return islice(zip(*self.levels, strict=True), start, None)


@dataclass(frozen=True)
class Listed:
    """
    The rows as they stand in the study file.

    Parameters
    ----------
    samples
        A value for each parameter that varies, in each row.
    """

    samples: tuple[tuple[Value, ...], ...]

    @property
    def count(self) -> int:
        """How many rows are listed."""
        return len(self.samples)

    def rows(self, start: int = 0) -> Iterator[tuple[Value, ...]]:
        """Generate the rows."""
        return islice(self.samples, start, None)


@dataclass(frozen=True)
class FromCsv:
    """
    The rows of a CSV file, read anew each time.

    Parameters
    ----------
    table
        The file.
    columns
        The names of the parameters that vary, which are columns there.
    count
        How many rows it has.
    """

    table: SampleTable
    columns: tuple[str, ...]
    count: int

    def rows(self, start: int = 0) -> Iterator[tuple[Value, ...]]:
        """Read the rows one by one."""
        return (values for _, values in islice(self.table.rows(self.columns), start, None))


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

    def rows(self, start: int = 0) -> Iterator[tuple[Value, ...]]:
        """Draw the rows."""
        # Imported late: only such designs need numpy.
        from runfleet.study.sampling import Method, unit_points

        width = len(self.distributions)
        blocks = unit_points(Method(self.method), self.count, width, self.seed)
        return rows_behind(start, self.distributions, blocks)


def rows_behind(
    start: int, distributions: Sequence[Distribution], blocks: Iterable[FloatArray]
) -> Iterator[tuple[Value, ...]]:
    """Turn blocks of points into samples, all behind the first `start`, which cost little."""
    for block in blocks:
        if start < len(block):
            yield from _sample_rows(distributions, block[start:])
        start = max(0, start - len(block))


def _sample_rows(
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
