"""How the samples of a study are chosen."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runfleet.study.distributions import Distribution
from runfleet.study.parameters import Parameter
from runfleet.study.sample_table import SampleTable
from runfleet.study.values import Value

if TYPE_CHECKING:
    from runfleet.study.sampling import FloatArray


class Design(Protocol):
    """
    A way to choose the values of the parameters that vary.

    `rows` yields the same rows each time; a row has one value for each varying parameter, in the
    order of the study.  `rows_at` yields some of them, without the cost of the others.
    """

    @property
    def count(self) -> int:
        """How many rows there are."""
        ...

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows, holding but a few of them at a time."""
        ...

    def rows_at(self, indices: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """Generate the rows of these indices, which count from 0 and rise."""
        ...

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its rows have the values of these parameters, and of no others."""
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

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate all combinations."""
        if not self.levels:
            return iter([()])
        *slower, fastest = self.levels
        # A product would hold each of the values.
        heads = Grid(tuple(slower))
        return ((*head, value) for head in heads.rows_at(range(heads.count)) for value in fastest)

    def rows_at(self, indices: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """Generate the combinations of these indices."""
        return map(self._row, indices)

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its levels are those of these parameters."""
        return self.levels == _levels_of(varying)

    def _row(self, index: int) -> tuple[Value, ...]:
        values: list[Value] = []
        for levels in reversed(self.levels):
            index, place = divmod(index, len(levels))
            values.append(levels[place])
        return tuple(reversed(values))


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

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows."""
        return zip(*self.levels, strict=True)

    def rows_at(self, indices: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """Generate the rows of these indices."""
        return (tuple(levels[index] for levels in self.levels) for index in indices)

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its levels are those of these parameters."""
        return self.levels == _levels_of(varying)


@dataclass(frozen=True)
class Listed:
    """
    The rows as they stand in the study file.

    Parameters
    ----------
    columns
        The names of the parameters that vary.
    samples
        A value for each of them, in each row.
    """

    columns: tuple[str, ...]
    samples: tuple[tuple[Value, ...], ...]

    @property
    def count(self) -> int:
        """How many rows are listed."""
        return len(self.samples)

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows."""
        return iter(self.samples)

    def rows_at(self, indices: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """Generate the rows of these indices."""
        return (self.samples[index] for index in indices)

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its columns are these parameters."""
        return self.columns == tuple(parameter.name for parameter in varying)


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

    def read_from(self, copy: Path) -> FromCsv:
        """Read the rows from a copy of the file."""
        return replace(self, table=replace(self.table, file=copy))

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Read the rows one by one."""
        return (values for _, values in self.table.rows(self.columns))

    def rows_at(self, indices: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """Read the rows of these indices."""
        return (values for _, values in self.table.rows(self.columns, indices))

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its columns are these parameters."""
        return self.columns == tuple(parameter.name for parameter in varying)


class Sampled(ABC):
    """What designs have in common that turn points of the unit cube into samples."""

    distributions: tuple[Distribution, ...]

    @abstractmethod
    def points(self) -> Iterator[FloatArray]:
        """Generate the points, block by block: one for each row."""

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """Generate the rows, in the order of the points."""
        return _sample_rows(self.distributions, self.points())

    def rows_at(self, indices: Sequence[int]) -> Iterator[tuple[Value, ...]]:
        """Generate the rows of these indices."""
        return _sample_rows(self.distributions, _points_at(indices, self.points()))

    def fits(self, varying: Sequence[Parameter]) -> bool:
        """Tell whether its distributions are those of these parameters."""
        return self.distributions == tuple(parameter.distribution for parameter in varying)


@dataclass(frozen=True)
class Drawn(Sampled):
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

    def points(self) -> Iterator[FloatArray]:
        """Draw points in the unit cube, block by block."""
        # Imported late: only such designs need numpy.
        from runfleet.study.sampling import Method, unit_points

        width = len(self.distributions)
        return unit_points(Method(self.method), self.count, width, self.seed)


def powers_around(count: int) -> tuple[int, int] | None:
    """
    Find the powers of two next to a number of samples; None if it is one itself.

    So many samples of a Sobol sequence are balanced, and others are not.
    """
    lower: int = 1 << (count.bit_length() - 1)
    return None if lower == count else (lower, 2 * lower)


def _levels_of(parameters: Iterable[Parameter]) -> tuple[Sequence[Value] | None, ...]:
    distributions = (parameter.distribution for parameter in parameters)
    return tuple(None if source is None else source.levels() for source in distributions)


def _points_at(indices: Sequence[int], blocks: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Take the points of these indices, which rise, out of blocks of points."""
    start = taken = 0
    for block in blocks:
        if taken == len(indices):
            return
        last = bisect_left(indices, start + len(block), taken)
        if taken < last:
            yield block[[index - start for index in indices[taken:last]]]
        start, taken = start + len(block), last


def _sample_rows(
    distributions: Sequence[Distribution], blocks: Iterable[FloatArray]
) -> Iterator[tuple[Value, ...]]:
    """Turn blocks of points of the unit cube into samples, see `_rows_of`."""
    return chain.from_iterable(_rows_of(distributions, block) for block in blocks)


def _rows_of(
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
