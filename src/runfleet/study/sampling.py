"""
Points in the unit cube, from which distributions make samples.

Everything here is seeded, and gives the same points on every machine.  Points come in blocks, so
that a million of them need no more memory than a thousand; a Latin hypercube alone is held whole.

The points of sensitivity studies are made here rather than by SALib, which holds all of them at
once, takes a second to load, and draws by methods whose use of the random stream may change.
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

_BLOCK_NUMBERS = 1 << 17


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
            return _hypercube_blocks(count, dimensions, seed)
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


def morris_trajectories(
    count: int, dimensions: int, levels: int, seed: int
) -> Iterator[FloatArray]:
    """
    Choose paths through a grid in the unit cube that move along each coordinate once.

    More trajectories of the same seed begin with those that fewer have.

    Parameters
    ----------
    count
        How many trajectories, at least 1.
    dimensions
        How many coordinates, p; at least 1.
    levels
        How many lines the grid has along each coordinate, l, both ends included; an even number.
        A step goes past half of them: its length is l / (2 (l - 1)).
    seed
        The same seed gives the same trajectories on every machine.

    Yields
    ------
    FloatArray
        A trajectory, shape (p + 1, p); from one row to the next one coordinate changes.

    References
    ----------
    Morris (1991), Technometrics 33(2), 161-174.
    """
    generator = _generator(seed)
    turns = np.arange(dimensions + 1)[:, np.newaxis]
    for _ in range(count):
        start, direction, order = generator.random((3, dimensions))
        lower = np.floor(start * (levels // 2))
        rank = np.argsort(np.argsort(order, kind="stable"), kind="stable")
        is_upper = (rank < turns) == (direction < 0.5)
        yield (lower + is_upper * (levels // 2)) / (levels - 1)


def saltelli_points(
    count: int, dimensions: int, seed: int, *, second_order: bool
) -> Iterator[FloatArray]:
    """
    Choose pairs of points in the unit cube, and points that mix the two of a pair.

    More pairs of the same seed begin with those that fewer have.

    Parameters
    ----------
    count
        How many pairs; a power of two.
    dimensions
        How many coordinates, p; at least 1.
    seed
        The same seed gives the same points on every machine.
    second_order
        Whether effects of two coordinates together are to be told apart.

    Yields
    ------
    FloatArray
        Blocks of points, shape (n, p), where n is a multiple of p + 2, or of 2 p + 2 with
        `second_order`.  For each pair, in the order in which SALib expects the results: its first
        point; the first one with a coordinate of the second, for each coordinate; with
        `second_order` the second one with a coordinate of the first; its second point.

    References
    ----------
    Saltelli, Annoni, Azzini, Campolongo, Ratto and Tarantola (2010), Computer Physics
    Communications 181(2), 259-270.
    """
    size = (2 if second_order else 1) * dimensions + 2
    pairs_at_once = max(1, _BLOCK_NUMBERS // (size * dimensions))
    for base in _low_discrepancy(Method.SOBOL, count, 2 * dimensions, seed):
        for start in range(0, len(base), pairs_at_once):
            pairs = base[start : start + pairs_at_once]
            first, second = pairs[:, :dimensions], pairs[:, dimensions:]
            mixed = _mixed(first, second, size)
            yield mixed.reshape(-1, dimensions)


def _mixed(first: FloatArray, second: FloatArray, size: int) -> FloatArray:
    """Mix two points each, shape (n, p), to groups of `size` points, shape (n, size, p)."""
    count, dimensions = first.shape
    each = np.arange(dimensions)
    points = np.empty((count, size, dimensions))
    points[:, : dimensions + 1] = first[:, np.newaxis]
    points[:, dimensions + 1 :] = second[:, np.newaxis]
    points[:, 1 + each, each] = second
    if size > dimensions + 2:
        points[:, 1 + dimensions + each, each] = first
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


def _hypercube_blocks(count: int, dimensions: int, seed: int) -> Iterator[FloatArray]:
    points = latin_hypercube(count, dimensions, seed)
    for start in range(0, len(points), BLOCK):
        yield points[start : start + BLOCK]
