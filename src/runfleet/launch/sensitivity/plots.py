"""A plot of the indices of each result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from runfleet.launch.figures import lay_out, new_figure
from runfleet.launch.labels import LETTER_INCHES, short_labels
from runfleet.launch.sensitivity.indices import INTERACTION_COLUMNS, Indices
from runfleet.study.sampling import FloatArray
from runfleet.study.units import with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

_MOST_BARS = 25
_MOST_NUMBERED = 12
_LEAST_INTERACTION = 0.05
_LONG_NAME, _LONGEST_NAME = 15, 30
_USUAL_NAME_INCHES = 0.8
_WIDTH_INCHES = 10.0
_BAR_INCHES = 0.27
_MARGIN_INCHES = 1.6
_LEAST_INCHES = 4.2
_DOT_PIXELS = 4


@dataclass(frozen=True)
class _Shown:
    """The parameters that are drawn, by their number and by their label, from top to bottom."""

    numbers: list[int]
    names: list[str]


def figure_of(indices: Indices) -> Figure:
    """
    Draw how a result depends on the parameters.

    Left are bars, the most influential parameter on top, with their confidence intervals.  Right is
    the plane of Morris: parameters far to the right have an influence, those high up one that
    depends on the others, or on where in their range they are.  Of Saltelli's design the
    interactions of pairs are right, where they are known.

    Parameters
    ----------
    indices
        What to draw.
    """
    numbers = indices.ranked()[:_MOST_BARS]
    names = short_labels([indices.parameters[number] for number in numbers], _LONGEST_NAME)
    height = max(_LEAST_INCHES, _MARGIN_INCHES + _BAR_INCHES * len(numbers))
    figure = new_figure(_WIDTH_INCHES, height)
    left_out = len(indices.parameters) - len(numbers)
    more = f"; {left_out} parameters of less influence left out" if left_out else ""
    used = f"{indices.used:,} of {indices.groups:,} {indices.groups_name}"
    figure.suptitle(f"{indices.result} ({used}{more})", fontsize="medium")
    _draw(figure, indices, _Shown(numbers, names))
    return figure


def _draw(figure: Figure, indices: Indices, shown: _Shown) -> None:
    if indices.main == "mu_star":
        _widen(figure, shown.names)
        bars, plane = figure.subplots(1, 2)
        _draw_bars(bars, indices, shown, {"mu_star": "mu*"})
        bars.set_xlabel(with_unit("mu*: mean size of the effect", indices.unit))
        _draw_plane(figure, plane, indices, shown)
    elif any(indices.pairs()):
        _widen(figure, shown.names, 2)
        _heighten(figure, shown.names)
        bars, pairs = figure.subplots(1, 2)
        _draw_shares(bars, indices, shown)
        _draw_pairs(pairs, indices, shown)
    else:
        _draw_shares(figure.subplots(), indices, shown)


def _widen(figure: Figure, names: list[str], times: int = 1) -> None:
    """Make room for names that stand beside axes."""
    figure.set_figwidth(figure.get_figwidth() + times * _excess_inches(names))


def _heighten(figure: Figure, names: list[str]) -> None:
    """Make room for names that stand upright below axes."""
    figure.set_figheight(figure.get_figheight() + _excess_inches(names))


def _excess_inches(names: list[str]) -> float:
    """Tell how much longer a name is than what a figure of the usual size has room for."""
    return max(0.0, max(map(len, names)) * LETTER_INCHES - _USUAL_NAME_INCHES)


def _draw_shares(axes: Axes, indices: Indices, shown: _Shown) -> None:
    columns = {"S1": "S1: by itself", "ST": "ST: with interactions"}
    _draw_bars(axes, indices, shown, columns)
    axes.set_xlabel("part of the variance")
    # Above the bars: among many of them there is no free corner.
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)


def _draw_bars(axes: Axes, indices: Indices, shown: _Shown, columns: dict[str, str]) -> None:
    """Draw a bar of each of the columns for each parameter."""
    places = np.arange(len(shown.names))
    thickness = 0.75 / len(columns)
    for number, (column, label) in enumerate(columns.items()):
        axes.barh(
            places + thickness * (number - (len(columns) - 1) / 2),
            indices.columns[column][shown.numbers],
            thickness,
            xerr=indices.columns[f"{column}_conf"][shown.numbers],
            error_kw={"capsize": 2, "alpha": 0.7},
            label=label,
        )
    axes.set_yticks(places, shown.names)
    axes.set_ylim(len(places) - 0.5, -0.5)  # the first on top, beside its row in a map of pairs
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]) if "S1" in columns else 0.0)
    axes.grid(visible=True, axis="x", alpha=0.3)


def _draw_plane(figure: Figure, axes: Axes, indices: Indices, shown: _Shown) -> None:
    across, up = (indices.columns[name][shown.numbers] for name in ("mu_star", "sigma"))
    width = (float(across.max()) or 1.0) * 1.25
    axes.scatter(across, up, s=25, clip_on=False, zorder=3)
    axes.plot([0, width], [0, width], "--", color="grey", linewidth=0.8)
    axes.set_title("dashed: sigma = mu*", loc="right", fontsize="small", color="grey")
    axes.set_xlim(0, width)
    axes.set_ylim(0, max(float(up.max()) * 1.15, width / 4))
    axes.set_xlabel(with_unit("mu*: mean size of the effect", indices.unit))
    axes.set_ylabel(with_unit("sigma: how much the effect differs", indices.unit))
    axes.grid(visible=True, alpha=0.3)
    texts = [_name_point(axes, *named) for named in zip(shown.names, across, up, strict=True)]
    lay_out(figure)  # or nobody knows how wide names are
    points = axes.transData.transform(np.column_stack([across, up]))
    _leave_apart(texts, points, axes.get_window_extent())


def _name_point(axes: Axes, name: str, x: float, y: float) -> Annotation:
    """Those in the right half have more room to the left."""
    side, shift = ("right", -4) if x > axes.get_xlim()[1] / 2 else ("left", 4)
    size = "medium" if len(name) <= _LONG_NAME else "small"
    text = axes.annotate(
        name, (x, y), xytext=(shift, 4), textcoords="offset points", ha=side, fontsize=size
    )
    text.set_in_layout(False)
    return text


def _leave_apart(texts: list[Annotation], points: FloatArray, room: Bbox) -> None:
    """Remove the texts that would cover a point or a text before them, or leave the plane."""
    left: list[Bbox] = []
    for text in texts:
        box = text.get_window_extent()
        leaves = box.x0 < room.x0 or box.x1 > room.x1
        if leaves or box.padded(_DOT_PIXELS).count_contains(points) or any(map(box.overlaps, left)):
            text.remove()
        else:
            left.append(box)


def _draw_pairs(axes: Axes, indices: Indices, shown: _Shown) -> None:
    """Draw a map of the pairs; what may be nothing but noise stays white."""
    estimated, doubt = (indices.interactions[name] for name in INTERACTION_COLUMNS)
    known = np.where(estimated > doubt, estimated, np.nan)
    both = np.where(np.isnan(known), known.T, known)[np.ix_(shown.numbers, shown.numbers)]
    largest = float(np.nanmax(both, initial=_LEAST_INTERACTION))
    image = axes.imshow(both, cmap="Blues", vmin=0, vmax=largest, aspect="auto")
    if not np.isfinite(both).any():
        axes.text(0.5, 0.5, "none is surely above 0", transform=axes.transAxes, ha="center")
    elif len(shown.names) <= _MOST_NUMBERED:
        _number_pairs(axes, both, largest)
    axes.set_xticks(range(len(shown.names)), shown.names, rotation=90)
    axes.set_yticks(range(len(shown.names)), shown.names)
    axes.figure.colorbar(image, ax=axes, label="S2: by the two together, where surely above 0")


def _number_pairs(axes: Axes, both: FloatArray, largest: float) -> None:
    """Write the number into each field that is not white, light where that is dark."""
    for row, column in np.argwhere(np.isfinite(both)):
        number = both[row, column]
        colour = "white" if number > largest / 2 else "black"
        axes.text(column, row, f"{number:.2f}", ha="center", va="center", color=colour)
