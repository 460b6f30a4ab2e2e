"""
Points in the unit cube, from which distributions make samples.

Everything here is seeded, and gives the same points on every machine.  Points come in blocks, so
that a million of them need no more memory than a thousand; a Latin hypercube alone is held whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.stats.qmc import QMCEngine

FloatArray: TypeAlias = NDArray[np.float64]
"""Points: one row per point, one column per parameter, from 0 up to but not including 1."""

BLOCK = 4096
"""How many points are made at a time; a power of two, as Sobol sequences want it."""


class Method(StrEnum):
    """How points are chosen, by the key of the study file."""

    RANDOM = "random"
    LATIN_HYPERCUBE = "latin_hypercube"
    HALTON = "halton"
    SOBOL = "sobol"


def unit_points(method: Method, count: int, dimensions: int, seed: int) -> Iterator[FloatArray]:
    """
    Choose points in the unit cube.

    Parameters
    ----------
    method
        How to choose.
    count
        How many points, at least 1.
    dimensions
        How many coordinates each has, at least 1.
    seed
        The same seed gives the same points on every machine.

    Yields
    ------
    FloatArray
        Blocks of points, shape (up to `BLOCK`, dimensions), `count` points in all.
    """
    match method:
        case Method.RANDOM:
            return _random(count, dimensions, seed)
        case Method.LATIN_HYPERCUBE:
            return _blocks_of(latin_hypercube(count, dimensions, seed))
        case Method.HALTON | Method.SOBOL:
            return _low_discrepancy(method, count, dimensions, seed)


def latin_hypercube(count: int, dimensions: int, seed: int) -> FloatArray:
    """
    Choose points that cover each coordinate's range evenly.

    Of `count` equal parts of a range each holds one point.  Drawn here rather than by scipy, whose
    import takes longer than most designs.

    Parameters
    ----------
    count
        How many points, n; at least 1.
    dimensions
        How many coordinates, p; at least 1.
    seed
        The same seed gives the same points on every machine.

    Returns
    -------
    points : float64, shape (n, p)

    References
    ----------
    McKay, Beckman and Conover (1979), Technometrics 21(2), 239-245.
    """
    generator = _generator(seed)
    points = generator.random((count, dimensions))
    for column in range(dimensions):
        # Sorting random numbers depends on nothing but the stream of doubles, which numpy keeps
        # for good; how `permutation` uses the stream may change.
        strata = np.argsort(generator.random(count), kind="stable")
        points[:, column] = (strata + points[:, column]) / count
    np.minimum(points, np.nextafter(1.0, 0.0), out=points)
    return points


def _random(count: int, dimensions: int, seed: int) -> Iterator[FloatArray]:
    generator = _generator(seed)
    for size in _block_sizes(count):
        yield generator.random((size, dimensions))


def _low_discrepancy(
    method: Method, count: int, dimensions: int, seed: int
) -> Iterator[FloatArray]:
    engine = _engine(method, dimensions, seed)
    for size in _block_sizes(count):
        yield engine.random(BLOCK)[:size]


def _engine(method: Method, dimensions: int, seed: int) -> QMCEngine:
    # Imported late: it takes half a second, which most studies need not wait for.
    from scipy.stats import qmc

    kind = qmc.Sobol if method is Method.SOBOL else qmc.Halton
    return kind(dimensions, scramble=True, rng=_generator(seed))


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _block_sizes(count: int) -> Iterator[int]:
    for start in range(0, count, BLOCK):
        yield min(BLOCK, count - start)


def _blocks_of(points: FloatArray) -> Iterator[FloatArray]:
    for start in range(0, len(points), BLOCK):
        yield points[start : start + BLOCK]
