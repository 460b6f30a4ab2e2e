"""Plots of each result against each parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runfleet.launch.figures import Drawn, NotDrawn, draw_figure, new_figure, remove_figures
from runfleet.launch.strips import draw_strips
from runfleet.launch.table import TableShape, read_succeeded
from runfleet.study import Parameter, Study
from runfleet.study.units import with_unit
from runfleet.study.values import as_text

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_PLOTS = 24
MOST_POINTS = 20_000
_SEED = 1
_SIZE_INCHES = (6.4, 4.2)
_MOST_TICKS = 8
_DECADE, _MANY_DECADES = 10, 1000


@dataclass(frozen=True, slots=True)
class Plot:
    """
    One result against one parameter.

    Parameters
    ----------
    result, parameter
        Their columns in the table.
    result_label, parameter_label
        With their units.
    is_number
        Whether the parameter is a number; else its values are set side by side.
    is_logarithmic
        Whether the parameter's axis is.
    categories
        What the study lets a parameter be that is no number, from left to right.
    """

    result: str
    parameter: str
    result_label: str
    parameter_label: str
    is_number: bool
    is_logarithmic: bool
    categories: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """What its file is called."""
        return f"{self.result}-{self.parameter}.png"


def choose_plots(
    study: Study, shape: TableShape, rank: Callable[[str, str], int] | None = None
) -> list[Plot]:
    """
    List each result with each parameter that varies.

    Parameters
    ----------
    study
        The study.
    shape
        The columns of its table.
    rank
        Tells how soon the plot of a result against a parameter should come; None to have them in
        the order of the study.
    """
    results, parameters = shape.result_columns(), shape.parameter_columns()
    varying = [parameter for parameter in study.parameters if not parameter.is_fixed]
    pairs = [(result, parameter) for result in study.results for parameter in varying]
    if rank is not None:
        pairs.sort(key=lambda pair: rank(pair[0].name, pair[1].name))
    return [
        Plot(
            results[result.name],
            parameters[parameter.name],
            with_unit(result.name, result.unit),
            with_unit(parameter.name, parameter.unit),
            shape.is_number(parameter.name),
            parameter.is_logarithmic,
            () if shape.is_number(parameter.name) else _categories(parameter),
        )
        for result, parameter in pairs
    ]


def _categories(parameter: Parameter) -> tuple[str, ...]:
    levels = parameter.distribution.levels() if parameter.distribution else None
    return tuple(as_text(level) for level in levels or ())


def draw_plots(folder: Path, table: Path, plots: Sequence[Plot]) -> Iterator[Drawn | NotDrawn]:
    """
    Draw plots as PNG files, of runs that succeeded; one without any that has a result is left out.

    Plots of an earlier time that are left out now, or of results that are gone, are removed.

    Parameters
    ----------
    folder
        Where they go.
    table
        The Parquet file.
    plots
        What to draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn: set[Path] = set()
    for plot in plots:
        path = folder / plot.file_name
        columns = read_succeeded(table, [plot.parameter, plot.result]).drop_null()
        shown = columns.take(rows_to_draw(columns.num_rows))
        if values := shown[plot.parameter].to_pylist():
            results = shown[plot.result].to_pylist()
            figure = draw_figure(partial(figure_of, plot, values, results), path)
            if isinstance(figure, Drawn):
                drawn.add(path)
            yield figure
    remove_figures(folder, but=drawn)


def rows_to_draw(count: int) -> NDArray[np.int64]:
    """
    Choose which of so many rows are drawn: all of them, or as many as can be told apart.

    They are drawn by lot, the same each time: every second row of a grid would leave out whole
    values of a parameter.
    """
    import numpy as np

    if count <= MOST_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, MOST_POINTS, replace=False))


def figure_of(plot: Plot, values: list[Any], results: list[float]) -> Figure:
    """
    Draw one plot.

    Parameters
    ----------
    plot
        What it shows.
    values, results
        Of each run, the value of the parameter and the result.
    """
    figure = new_figure(*_SIZE_INCHES)
    axes = figure.add_subplot()
    _count_in_whole_numbers(axes.yaxis, results)
    if plot.is_number:
        _count_in_whole_numbers(axes.xaxis, values)
        axes.scatter(values, results, s=_dot_size(len(values)), alpha=0.7)
    else:
        texts = [as_text(value) for value in values]
        draw_strips(figure, axes, texts, results, plot.categories, _dot_size(len(values)))
    if plot.is_logarithmic:
        _scale_by_logarithm(axes, values)
    axes.set_xlabel(plot.parameter_label)
    axes.set_ylabel(plot.result_label)
    axes.grid(visible=True, alpha=0.3)
    return figure


def _count_in_whole_numbers(axis: Axis, numbers: list[Any]) -> None:
    """Put ticks at whole numbers only, where there are no others."""
    from matplotlib.ticker import MaxNLocator

    if all(float(number).is_integer() for number in numbers):
        axis.set_major_locator(MaxNLocator(_MOST_TICKS, integer=True, min_n_ticks=1))


def _scale_by_logarithm(axes: Axes, values: list[Any]) -> None:
    """Label round numbers: 1, 2, 5, 10 and so on; over many decades only their beginnings."""
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    ratio = max(values) / min(values)
    if ratio < _MANY_DECADES:
        is_wide = ratio > _DECADE
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if is_wide else MaxNLocator(6))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _dot_size(count: int) -> float:
    return max(2.0, min(25.0, 5000 / count))
