"""From the table of a study's runs to the indices of sensitivity of its results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from runfleet.launch.figures import (
    Drawn,
    NotDrawn,
    draw_figure,
    notes_on_missing,
    remove_figures,
)
from runfleet.launch.outcomes import RunState
from runfleet.launch.plots import MOST_PLOTS
from runfleet.launch.sensitivity.files import plots_folder
from runfleet.launch.sensitivity.indices import Indices, NoIndices, work_out
from runfleet.launch.sensitivity.plots import figure_of
from runfleet.launch.sensitivity.tables import write_tables
from runfleet.launch.table import TableShape
from runfleet.study import Study
from runfleet.study.sampling import FloatArray
from runfleet.study.sensitivity import SensitivityDesign

_FEW = 0.5

# By which part of the largest index the doubt about it is too large.  The interval of a mean of
# sizes, which is never below 0, is hardly ever as large as the mean.
_LARGE_DOUBT = {"mu_star": 0.5, "ST": 1.0}


@dataclass(frozen=True)
class Sensitivities:
    """
    What a sensitivity study comes to.

    Parameters
    ----------
    indices
        Those of each result that has any.
    tables, plots
        The files that were written.
    notes
        What was left out, and why.
    """

    indices: tuple[Indices, ...]
    tables: tuple[Path, ...]
    plots: tuple[Path, ...]
    notes: tuple[str, ...]

    def rank(self, result: str, parameter: str) -> int:
        """Tell the place of a parameter among those that a result depends on, from 0."""
        for indices in self.indices:
            if indices.result == result:
                return [indices.parameters[number] for number in indices.ranked()].index(parameter)
        return 0


def find_sensitivities(
    study: Study, design: SensitivityDesign, parquet: Path, shape: TableShape
) -> Sensitivities:
    """
    Work out the indices of all results, and write them beside the table of the runs.

    Parameters
    ----------
    study
        The study.
    design
        Its design.
    parquet
        The table of its runs.
    shape
        The columns of that table.
    """
    varying = tuple(item.name for item in study.parameters if not item.is_fixed)
    found: list[Indices] = []
    notes: list[str] = []
    for result, numbers in zip(study.results, _numbers(parquet, shape), strict=True):
        indices = work_out(design, varying, result, numbers)
        if isinstance(indices, NoIndices):
            notes.append(indices.reason)
            continue
        found.append(indices)
        notes += [*_gaps(indices), *_doubts(indices)]
    folder = parquet.parent
    drawn = tuple(_draw(plots_folder(folder), found[:MOST_PLOTS]))
    plots = tuple(plot.path for plot in drawn if isinstance(plot, Drawn))
    if left_out := found[MOST_PLOTS:]:
        notes.append(f"{len(left_out)} plots of sensitivity were left out; the tables have them")
    notes += notes_on_missing(drawn)
    return Sensitivities(tuple(found), write_tables(folder, found), plots, tuple(notes))


def _numbers(parquet: Path, shape: TableShape) -> Iterator[FloatArray]:
    """Read each result of all runs; not a number where a run failed or has not got it."""
    from pyarrow.parquet import read_table

    states = read_table(parquet, columns=["state"]).column("state").to_numpy()
    succeeded = states == RunState.SUCCEEDED.value
    for column in shape.result_columns().values():
        numbers = read_table(parquet, columns=[column]).column(column).to_numpy()
        yield np.where(succeeded, numbers, np.nan)


def _draw(folder: Path, found: list[Indices]) -> Iterator[Drawn | NotDrawn]:
    if found:
        folder.mkdir(parents=True, exist_ok=True)
    drawn: set[Path] = set()
    for indices in found:
        path = folder / f"{indices.result}.png"
        figure = draw_figure(partial(figure_of, indices), path)
        if isinstance(figure, Drawn):
            drawn.add(path)
        yield figure
    remove_figures(folder, but=drawn)


def _doubts(indices: Indices) -> Iterator[str]:
    """Say if not even what the most influential parameter counts is sure."""
    main = indices.main
    first = indices.ranked()[0]
    index, doubt = (float(indices.columns[name][first]) for name in (main, f"{main}_conf"))
    if doubt >= _LARGE_DOUBT[main] * index:
        yield (
            f"the indices of `{indices.result}` are not sure: `{main}` of "
            f"`{indices.parameters[first]}`, the largest, is {index:.3g}, give or take "
            f"{doubt:.3g}; take twice as many {indices.groups_name}: the runs that are there count"
        )


def _gaps(indices: Indices) -> Iterator[str]:
    """Say if groups of runs are not among those that the indices are worked out from."""
    used, groups = indices.used, indices.groups
    if used < groups:
        few = ", too few to rely on" if used < _FEW * groups else ""
        yield (
            f"the indices of `{indices.result}` are worked out from {used:,} of {groups:,} "
            f"{indices.groups_name}{few}: in the others a run has not succeeded, or lacks the "
            "result"
        )
