"""
Indices of sensitivity, from the results of a design that was made for them.

SALib works them out.  It needs all runs of a group, which is a trajectory of Morris or what mixes
two samples of Saltelli; groups that lack a result are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from runfleet.study import Result
from runfleet.study.sampling import FloatArray
from runfleet.study.sensitivity import Morris, Saltelli, SensitivityDesign

CONFIDENCE = 0.95
"""How sure one can be that an index is no further off than `..._conf` says."""

_MORRIS_RESAMPLES = 1000
_SALTELLI_RESAMPLES = (20, 100)
# SALib holds all resampled results of a parameter at once.
_RESAMPLED_NUMBERS = 1 << 22
_SEED = 1
_LARGEST = 1e100  # squares of numbers that are larger are soon infinite

MORRIS_COLUMNS = ("mu", "mu_star", "sigma", "mu_star_conf")
SALTELLI_COLUMNS = ("S1", "S1_conf", "ST", "ST_conf")
INTERACTION_COLUMNS = ("S2", "S2_conf")

Columns: TypeAlias = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Indices:
    """
    How one result depends on each parameter.

    Parameters
    ----------
    result, unit
        The name of the result, and its unit for people.
    parameters
        The parameters that vary, p of them.
    columns
        The indices by name, shape (p,): `mu`, `mu_star`, `sigma` and `mu_star_conf` in the result's
        unit, for a step over the whole range of a parameter; or `S1`, `S1_conf`, `ST` and
        `ST_conf`, parts of the result's variance.
    interactions
        `S2` and `S2_conf`, shape (p, p), of which the part above the diagonal counts; nothing where
        the design does not tell them apart.
    used, groups
        How many groups of runs they are worked out from, and how many the design has.
    groups_name
        What the design calls its groups.
    """

    result: str
    unit: str
    parameters: tuple[str, ...]
    columns: Columns
    interactions: Columns
    used: int
    groups: int
    groups_name: str

    @property
    def main(self) -> str:
        """The column that ranks parameters best."""
        return "mu_star" if "mu_star" in self.columns else "ST"

    def ranked(self) -> list[int]:
        """List the parameters, by their number, the most influential first."""
        main = np.nan_to_num(self.columns[self.main])
        return [int(number) for number in np.argsort(-main, kind="stable")]

    def pairs(self) -> Iterator[tuple[int, int]]:
        """List the pairs of parameters that have an interaction."""
        count = len(self.parameters) if self.interactions else 0
        return ((one, other) for one in range(count) for other in range(one + 1, count))


@dataclass(frozen=True)
class NoIndices:
    """Why a result has none, for people."""

    reason: str


def work_out(
    design: SensitivityDesign, parameters: tuple[str, ...], result: Result, numbers: FloatArray
) -> Indices | NoIndices:
    """
    Work out the indices of one result, or find out why it has none.

    Parameters
    ----------
    design
        The design of the study.
    parameters
        The names of the parameters that vary.
    result
        The result.
    numbers
        Its number in each run, shape (n,); not a number where a run has none.

    References
    ----------
    Morris (1991), Technometrics 33(2), 161-174; Campolongo, Cariboni and Saltelli (2007),
    Environmental Modelling & Software 22(10), 1509-1518; Saltelli, Annoni, Azzini, Campolongo,
    Ratto and Tarantola (2010), Computer Physics Communications 181(2), 259-270.
    """
    grouped = numbers.reshape(-1, design.group_size)
    complete = np.asarray(np.isfinite(grouped).all(axis=1))
    kept = grouped[complete]
    if reason := _why_none(design, result.name, kept, groups=len(grouped)):
        return NoIndices(reason)
    if isinstance(design, Morris):
        columns, interactions = _morris(design, parameters, complete, kept.ravel())
    else:
        columns, interactions = _saltelli(design, parameters, kept.ravel())
    return Indices(
        result.name,
        result.unit,
        parameters,
        columns,
        interactions,
        used=len(kept),
        groups=len(grouped),
        groups_name=design.groups_name,
    )


def _why_none(design: SensitivityDesign, result: str, kept: FloatArray, groups: int) -> str | None:
    """Tell why the results of the complete groups, shape (groups, group size), allow none."""
    name = design.groups_name
    if len(kept) < 2:
        return (
            f"`{result}` has no indices of sensitivity: they take two complete {name}, and "
            f"{len(kept):,} of {groups:,} are complete"
        )
    if np.abs(kept).max() > _LARGEST:  # as marks of missing data may be
        return f"`{result}` has no indices of sensitivity: runs have numbers that are too large"
    if np.ptp(kept) == 0:
        return f"`{result}` is the same in all runs: it depends on none of the parameters"
    # Saltelli's are parts of the variance of his two samples.
    samples = kept if isinstance(design, Morris) else kept[:, [0, -1]]
    if np.ptp(samples) == 0:
        return (
            f"`{result}` has no indices of sensitivity: it is the same in the two samples of the "
            f"design, and differs in a few other runs only; take twice as many {name}"
        )
    return None


def _morris(
    design: Morris, parameters: tuple[str, ...], complete: NDArray[np.bool_], numbers: FloatArray
) -> tuple[Columns, Columns]:
    # Imported late: it takes a second, which only such studies wait for.
    from SALib.analyze import morris

    trajectories = zip(design.points(), complete, strict=True)
    points = np.concatenate([steps for steps, is_complete in trajectories if is_complete])
    found = morris.analyze(
        _problem(parameters),
        points,
        _as_of_a_continuum(design, points, numbers),
        num_resamples=_MORRIS_RESAMPLES,
        conf_level=CONFIDENCE,
        num_levels=design.levels,
        seed=_SEED,
    )
    return {name: np.asarray(found[name], dtype=float) for name in MORRIS_COLUMNS}, {}


def _as_of_a_continuum(design: Morris, points: FloatArray, numbers: FloatArray) -> FloatArray:
    """
    Make the results what they would be if all steps were of the length that SALib takes them for.

    A step from one of two values to the other is the whole range, and from one of three to the next
    half of it; the difference that it makes is scaled accordingly.
    """
    places = points.copy()
    for column, count in enumerate(design.value_counts()):
        if count is not None:
            chosen = np.minimum(np.floor(points[:, column] * count), count - 1)
            places[:, column] = chosen / max(count - 1, 1)
    shape = (-1, design.group_size, len(design.distributions))
    lengths = np.abs(np.diff(places.reshape(shape), axis=1)).sum(axis=2)
    wanted = np.abs(np.diff(points.reshape(shape), axis=1)).sum(axis=2)
    grouped = numbers.reshape(-1, design.group_size)
    scale = np.divide(wanted, lengths, out=np.ones_like(wanted), where=lengths > 0)
    differences = np.diff(grouped, axis=1) * scale
    return np.cumsum(np.hstack([grouped[:, :1], differences]), axis=1).ravel()


def _saltelli(
    design: Saltelli, parameters: tuple[str, ...], numbers: FloatArray
) -> tuple[Columns, Columns]:
    from SALib.analyze import sobol

    with warnings.catch_warnings():
        # Resampled groups may well all be the same.
        warnings.simplefilter("ignore")
        found = sobol.analyze(
            _problem(parameters),
            numbers,
            calc_second_order=design.second_order,
            num_resamples=_resamples(len(numbers) // design.group_size),
            conf_level=CONFIDENCE,
            seed=_SEED,
        )
    interactions = INTERACTION_COLUMNS if design.second_order else ()
    return (
        {name: found[name] for name in SALTELLI_COLUMNS},
        {name: found[name] for name in interactions},
    )


def _resamples(groups: int) -> int:
    """Resample less often where there is so much that indices are sure anyway."""
    least, most = _SALTELLI_RESAMPLES
    return max(least, min(most, _RESAMPLED_NUMBERS // groups))


def _problem(parameters: tuple[str, ...]) -> dict[str, object]:
    """Describe the unit cube to SALib, where the points of both designs lie."""
    count = len(parameters)
    return {"num_vars": count, "names": list(parameters), "bounds": [[0, 1]] * count}
