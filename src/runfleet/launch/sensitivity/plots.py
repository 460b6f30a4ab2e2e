"""A plot of the indices of each result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runfleet.launch.figures import new_figure, save_figure
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
_WIDTH_INCHES = 10.0
_BAR_INCHES = 0.27
_MARGIN_INCHES = 1.6
_LEAST_INCHES = 4.2
_DOT_PIXELS = 4


def draw_indices(path: Path, indices: Indices) -> None:
    """
    Draw how a result depends on the parameters, as a PNG file.

    Left are bars, the most influential parameter on top, with their confidence intervals.  Right is
    the plane of Morris: parameters far to the right have an influence, those high up one that
    depends on the others, or on where in their range they are.  Of Saltelli's design the
    interactions of pairs are right, where they are known.

    Parameters
    ----------
    path
        The file; its folder is there.
    indices
        What to draw.
    """
    shown = indices.ranked()[:_MOST_BARS]
    height = max(_LEAST_INCHES, _MARGIN_INCHES + _BAR_INCHES * len(shown))
    figure = new_figure(_WIDTH_INCHES, height)
    left_out = len(indices.parameters) - len(shown)
    more = f"; {left_out} parameters of less influence left out" if left_out else ""
    used = f"{indices.used:,} of {indices.groups:,} {indices.groups_name}"
    figure.suptitle(f"{indices.result} ({used}{more})", fontsize="medium")
    _draw(figure, indices, shown)
    save_figure(figure, path)


def _draw(figure: Figure, indices: Indices, shown: list[int]) -> None:
    if indices.main == "mu_star":
        bars, plane = figure.subplots(1, 2)
        _draw_bars(bars, indices, shown, {"mu_star": "mu*"})
        bars.set_xlabel(with_unit("mu*: mean size of the effect", indices.unit))
        _draw_plane(figure, plane, indices, shown)
    elif any(indices.pairs()):
        bars, pairs = figure.subplots(1, 2)
        _draw_shares(bars, indices, shown)
        _draw_pairs(pairs, indices, shown)
    else:
        _draw_shares(figure.subplots(), indices, shown)


def _draw_shares(axes: Axes, indices: Indices, shown: list[int]) -> None:
    names = {"S1": "S1: by itself", "ST": "ST: with interactions"}
    _draw_bars(axes, indices, shown, names)
    axes.set_xlabel("part of the variance")
    axes.legend(loc="lower right")


def _draw_bars(axes: Axes, indices: Indices, shown: list[int], names: dict[str, str]) -> None:
    """Draw a bar of each of the named columns for each parameter."""
    places = np.arange(len(shown))
    thickness = 0.75 / len(names)
    for number, (column, label) in enumerate(names.items()):
        axes.barh(
            places + thickness * (number - (len(names) - 1) / 2),
            indices.columns[column][shown],
            thickness,
            xerr=indices.columns[f"{column}_conf"][shown],
            error_kw={"capsize": 2, "alpha": 0.7},
            label=label,
        )
    axes.set_yticks(places, [indices.parameters[number] for number in shown])
    axes.invert_yaxis()
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]) if "S1" in names else 0.0)
    axes.grid(visible=True, axis="x", alpha=0.3)


def _draw_plane(figure: Figure, axes: Axes, indices: Indices, shown: list[int]) -> None:
    across, up = indices.columns["mu_star"][shown], indices.columns["sigma"][shown]
    width = (float(across.max()) or 1.0) * 1.25
    axes.scatter(across, up, s=25, clip_on=False, zorder=3)
    axes.plot([0, width], [0, width], "--", color="grey", linewidth=0.8)
    axes.set_title("dashed: sigma = mu*", loc="right", fontsize="small", color="grey")
    axes.set_xlim(0, width)
    axes.set_ylim(0, max(float(up.max()) * 1.15, width / 4))
    axes.set_xlabel(with_unit("mu*: mean size of the effect", indices.unit))
    axes.set_ylabel(with_unit("sigma: how much the effect differs", indices.unit))
    axes.grid(visible=True, alpha=0.3)
    names = [indices.parameters[number] for number in shown]
    texts = [_name_point(axes, *named) for named in zip(names, across, up, strict=True)]
    figure.draw_without_rendering()  # or nobody knows how wide names are
    _leave_apart(texts, axes.transData.transform(np.column_stack([across, up])))


def _name_point(axes: Axes, name: str, x: float, y: float) -> Annotation:
    """Those in the right half have more room to the left."""
    side, shift = ("right", -4) if x > axes.get_xlim()[1] / 2 else ("left", 4)
    text = axes.annotate(name, (x, y), xytext=(shift, 4), textcoords="offset points", ha=side)
    text.set_in_layout(False)
    return text


def _leave_apart(texts: list[Annotation], points: FloatArray) -> None:
    """Remove the texts that would cover a point, or a text before them."""
    left: list[Bbox] = []
    for text in texts:
        box = text.get_window_extent()
        if box.padded(_DOT_PIXELS).count_contains(points) or any(map(box.overlaps, left)):
            text.remove()
        else:
            left.append(box)


def _draw_pairs(axes: Axes, indices: Indices, shown: list[int]) -> None:
    """Draw a map of the pairs; what may be nothing but noise stays white."""
    estimated, doubt = (indices.interactions[name] for name in INTERACTION_COLUMNS)
    known = np.where(estimated > doubt, estimated, np.nan)
    both = np.where(np.isnan(known), known.T, known)[np.ix_(shown, shown)]
    largest = float(np.nanmax(both, initial=_LEAST_INTERACTION))
    image = axes.imshow(both, cmap="Blues", vmin=0, vmax=largest, aspect="auto")
    if not np.isfinite(both).any():
        axes.text(0.5, 0.5, "none is surely above 0", transform=axes.transAxes, ha="center")
    elif len(shown) <= _MOST_NUMBERED:
        _number_pairs(axes, both, largest)
    names = [indices.parameters[number] for number in shown]
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.figure.colorbar(image, ax=axes, label="S2: by the two together, where surely above 0")


def _number_pairs(axes: Axes, both: FloatArray, largest: float) -> None:
    """Write the number into each field that is not white, light where that is dark."""
    for row, column in np.argwhere(np.isfinite(both)):
        number = both[row, column]
        colour = "white" if number > largest / 2 else "black"
        axes.text(column, row, f"{number:.2f}", ha="center", va="center", color=colour)
