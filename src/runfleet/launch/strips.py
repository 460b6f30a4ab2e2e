"""Plots against a parameter that is no number: a strip of dots for each of its values."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runfleet.launch.labels import LETTER_INCHES, LINE_INCHES, short_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STRIP_WIDTH = 0.5
_GOLDEN = 0.618034

_AXES_INCHES = 5.5  # how wide they are in a figure of the usual size
_MARGIN_INCHES = 0.9
_USUAL_LABEL_INCHES = 1.0  # what a figure of the usual height has room for below its axes
_LONGEST_LABEL = 40
_LONGEST_SLANTED = 20  # longer ones would reach far to the left of the first strip
_MOST_SLANTED = 22
_MOST_LINES = 3
_MOST_LABELS = 100


def draw_strips(
    figure: Figure,
    axes: Axes,
    categories: Sequence[str],
    results: Sequence[float],
    order: Sequence[str],
    dot_size: float,
) -> None:
    """
    Draw a strip of dots for each category, spread evenly about its middle.

    Parameters
    ----------
    figure, axes
        Where; the figure grows with many or long names of categories.
    categories, results
        Of each run.
    order
        The categories from left to right; others, which stand behind them, come as they are met.
    dot_size
        How large the dots are.
    """
    counts = Counter(categories)
    shown = [*dict.fromkeys([*(known for known in order if known in counts), *counts])]
    places = {category: place for place, category in enumerate(shown)}
    strips = {category: iter(spread_evenly(count)) for category, count in counts.items()}
    across = [places[one] + _STRIP_WIDTH * next(strips[one]) for one in categories]
    axes.scatter(across, results, s=dot_size, alpha=0.7)
    _label(figure, axes, short_labels(shown, _LONGEST_LABEL))


def spread_evenly(count: int) -> list[float]:
    """
    Place dots evenly between -0.5 and 0.5; a single one in the middle.

    One after the other they are the golden ratio apart: in the order of the runs, results that rise
    from run to run would make a slope of them.
    """
    places = [0.0] * count
    for rank, number in enumerate(sorted(range(count), key=lambda one: one * _GOLDEN % 1)):
        places[number] = (rank + 0.5) / count - 0.5
    return places


def _label(figure: Figure, axes: Axes, labels: list[str]) -> None:
    """Write names side by side, or else slanted, or else upright, so that none hides another."""
    step = math.ceil(len(labels) / _MOST_LABELS)
    places = range(0, len(labels), step)
    if wrapped := _side_by_side(labels):
        axes.set_xticks(places, wrapped)
        return
    longest = max(map(len, labels))
    is_slanted = len(labels) <= _MOST_SLANTED and longest <= _LONGEST_SLANTED
    axes.set_xticks(
        places,
        labels[::step],
        rotation=45 if is_slanted else 90,
        ha="right" if is_slanted else "center",
        rotation_mode="anchor" if is_slanted else "default",
    )
    width, height = figure.get_size_inches()
    figure.set_size_inches(
        max(width, len(places) * LINE_INCHES + _MARGIN_INCHES),
        height + max(0, longest * LETTER_INCHES - _USUAL_LABEL_INCHES),
    )


def _side_by_side(labels: Sequence[str]) -> list[str] | None:
    """Break names into lines that have room beside each other; None where that takes too many."""
    room = math.floor(_AXES_INCHES / len(labels) / LETTER_INCHES) - 1
    lines = [
        textwrap.wrap(label, max(1, room), break_long_words=False, break_on_hyphens=False)
        for label in labels
    ]
    fits = all(len(line) <= room for label in lines for line in label)
    if fits and max(map(len, lines)) <= _MOST_LINES:
        return ["\n".join(label) for label in lines]
    return None
