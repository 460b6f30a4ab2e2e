"""Figures: how they are made, labelled and written to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.storage.files import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 110


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, so many inches wide and high."""
    # The object behind pyplot: it needs no window, and is forgotten when it is done with.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file, whole or not at all."""
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=_DOTS_PER_INCH, format="png")


def with_unit(text: str, unit: str) -> str:
    """Write the label of an axis; what has no unit, or the unit `-`, is labelled without."""
    return f"{text} [{unit}]" if unit and unit != "-" else text
