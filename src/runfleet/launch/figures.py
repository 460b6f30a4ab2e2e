"""Figures: how they are made, written to files, and removed when they are of no use."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.storage.files import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 110
_SOFTWARE = "runfleet"


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, so many inches wide and high."""
    # The object behind pyplot: it needs no window, and is forgotten when it is done with.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file, whole or not at all; it says who drew it, and its name."""
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=_DOTS_PER_INCH, format="png", metadata=_mark(path))


def remove_figures(folder: Path, but: Container[Path] = ()) -> None:
    """
    Remove the figures that `save_figure` has written.

    A file that anybody else has made, and a figure that was copied or renamed, stays.

    Parameters
    ----------
    folder
        Where they are; those in folders below it stay.
    but
        Those that stay.
    """
    for path in folder.glob("*.png"):
        if path not in but and _is_ours(path):
            path.unlink(missing_ok=True)


def _mark(path: Path) -> dict[str, str]:
    return {"Software": _SOFTWARE, "Title": path.name}


def _is_ours(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return _mark(path).items() <= image.info.items()
    except (OSError, ValueError, SyntaxError):  # no image, or not a whole one
        return False
