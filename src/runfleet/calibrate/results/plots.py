"""Plots of a calibration, drawn from its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from runfleet.calibrate.results.bounds import found_values, within_bounds
from runfleet.launch.figures import Drawn, NotDrawn, draw_figure, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 30
_MOST_LINES = 12
_MOST_REALIZATIONS = 200
_WIDTH_INCHES = 6.4
_HEIGHT_INCHES = 4.2
_INCHES_A_BAR = 0.24
_LOG_FROM_RATIO = 20.0

Tables = Mapping[str, pd.DataFrame]


def draw_plots(folder: Path, tables: Tables) -> Iterator[Drawn | NotDrawn]:
    """
    Draw as PNG files what the tables allow.

    Parameters
    ----------
    folder
        Where they go.
    tables
        By name; one that is missing or has nothing to show is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawings: tuple[tuple[str, Callable[[Tables], _Drawing | None]], ...] = (
        ("phi", _phi),
        ("residuals", _residuals),
        ("parameters", _parameters),
        ("parameter_history", _history),
        ("sensitivities", _sensitivities),
    )
    for name, choose in drawings:
        drawing = choose(tables)
        if drawing is not None:
            yield draw_figure(partial(_figure_of, drawing), folder / f"{name}.png")


class _Drawing:
    """What to draw, and how high the picture is."""

    def __init__(self, draw: Callable[[Axes], None], height: float = _HEIGHT_INCHES) -> None:
        self.draw = draw
        self.height = height


def _figure_of(drawing: _Drawing) -> Figure:
    figure = new_figure(_WIDTH_INCHES, drawing.height)
    axes = figure.add_subplot()
    axes.grid(visible=True, alpha=0.3)
    drawing.draw(axes)
    return figure


def _phi(tables: Tables) -> _Drawing | None:
    table = tables.get("phi", pd.DataFrame())
    if table.empty:
        return None
    realizations = tables.get("realizations", pd.DataFrame())

    def draw(axes: Axes) -> None:
        if not realizations.empty:
            wide = realizations.pivot(index="iteration", columns="realization", values="phi")
            axes.plot(wide.iloc[:, :_MOST_REALIZATIONS], color="0.7", linewidth=0.6, zorder=1)
        label = "mean of the ensemble" if not realizations.empty else None
        axes.plot(table["iteration"], table["phi"], marker="o", label=label, zorder=2)
        if label:
            axes.legend()
        _scale(axes, "y", table["phi"])
        _count_iterations(axes)
        axes.set_ylabel("objective function (phi)")

    return _Drawing(draw)


def _residuals(tables: Tables) -> _Drawing | None:
    table = tables.get("residuals", pd.DataFrame())
    if not table.empty:  # where a covariance matrix weighs, there is no single weight
        table = table[table["weight"].isna() | (table["weight"] > 0)]
    if table.empty:
        return None

    def draw(axes: Axes) -> None:
        ends = _span(pd.concat([table["measured"], table["modelled"]]))
        axes.plot(ends, ends, color="0.5", linewidth=1, zorder=1)
        for group, rows in table.groupby("group"):
            axes.scatter(rows["measured"], rows["modelled"], s=18, alpha=0.8, label=str(group))
        if 1 < table["group"].nunique() <= _MOST_LINES:
            axes.legend()
        axes.set_xlim(*ends)
        axes.set_ylim(*ends)
        axes.set_aspect("equal")
        axes.set_xlabel("measured")
        axes.set_ylabel("modelled")

    return _Drawing(draw, height=_WIDTH_INCHES * 0.85)


def _parameters(tables: Tables) -> _Drawing | None:
    table = _moving(tables)
    if table.empty:
        return None
    table = table.iloc[:MOST_BARS][::-1]
    begin, best = within_bounds(table, "initial"), within_bounds(table, "value")

    def draw(axes: Axes) -> None:
        rows = np.arange(len(table))
        if table["mean"].notna().any():
            low, high = within_bounds(table, "minimum"), within_bounds(table, "maximum")
            axes.hlines(rows, low, high, color="C0", alpha=0.3, linewidth=6, label="ensemble")
        axes.hlines(rows, begin, best, color="0.6", linewidth=1)
        axes.scatter(begin, rows, facecolors="white", edgecolors="0.4", zorder=3, label="initial")
        at_bound = (table["at_bound"] != "").to_numpy()
        axes.scatter(best[~at_bound], rows[~at_bound], color="C0", zorder=4, label="calibrated")
        if at_bound.any():
            axes.scatter(best[at_bound], rows[at_bound], color="C3", zorder=4, label="at a bound")
        axes.set_yticks(rows, table["parameter"])
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set_xlim(-0.05, 1.05)
        axes.set_xticks([0, 0.5, 1], ["lower bound", "", "upper bound"])
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)

    return _Drawing(draw, height=1.4 + _INCHES_A_BAR * max(len(table), 4))


def _history(tables: Tables) -> _Drawing | None:
    moving = _moving(tables)
    history = tables.get("parameter_history", pd.DataFrame())
    if moving.empty or history.empty or history["iteration"].nunique() < 2:
        return None
    shown = moving.iloc[:_MOST_LINES]

    def draw(axes: Axes) -> None:
        for _, parameter in shown.iterrows():
            rows = history[history["parameter"] == parameter["parameter"]]
            bounds = pd.DataFrame([parameter] * len(rows)).assign(value=rows["value"].to_numpy())
            line = within_bounds(bounds, "value")
            axes.plot(rows["iteration"], line, marker=".", label=parameter["parameter"])
        _count_iterations(axes)
        axes.set_ylim(-0.05, 1.05)
        axes.set_yticks([0, 0.5, 1], ["lower\nbound", "", "upper\nbound"])
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)

    return _Drawing(draw)


def _sensitivities(tables: Tables) -> _Drawing | None:
    table = tables.get("sensitivities", pd.DataFrame())
    if table.empty:
        return None
    if table["iteration"].notna().any():
        table = table[table["iteration"] == table["iteration"].max()]
    table = table.sort_values("sensitivity", ascending=False).iloc[:MOST_BARS][::-1]
    label = {
        "composite": "composite sensitivity",
        "morris": "mean absolute elementary effect on phi (Morris)",
        "sobol": "total index of phi (Sobol)",
    }[table["method"].iloc[0]]

    def draw(axes: Axes) -> None:
        axes.barh(table["parameter"], table["sensitivity"])
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(label)

    return _Drawing(draw, height=1.0 + _INCHES_A_BAR * max(len(table), 4))


def _moving(tables: Tables) -> pd.DataFrame:
    """The adjustable parameters with a value, those that have moved furthest first."""
    table = tables.get("parameters", pd.DataFrame())
    if table.empty:
        return table
    table = found_values(table)
    way = np.abs(within_bounds(table, "value") - within_bounds(table, "initial"))
    return table.assign(way=way).sort_values("way", ascending=False, kind="stable")


def _count_iterations(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("iteration")


def _scale(axes: Axes, axis: str, values: pd.Series[float]) -> None:
    """Take a logarithmic axis where values go over several orders."""
    positive = values[values > 0]
    if len(positive) == len(values) > 1 and positive.max() > _LOG_FROM_RATIO * positive.min():
        axes.set(**{f"{axis}scale": "log"})


def _span(values: pd.Series[float]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or max(abs(high) * 0.05, 0.5)
    return low - margin, high + margin
