"""Figures: how they are made, written to files, and removed when they are of no use."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.documents.errors import joined
from runfleet.storage.files import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

_DOTS_PER_INCH = 110
_LARGEST = 1e307  # or the margins of axes, and what lies between ticks, would be infinite
_MOST_NAMED = 10
_SOFTWARE = "runfleet"
_FONT_WARNINGS = r"Glyph \d|Matplotlib currently does not support"


@dataclass(frozen=True, slots=True)
class Drawn:
    """
    A figure that was written to a file.

    Parameters
    ----------
    path
        The file.
    lacking
        The letters that its font lacks; boxes stand in their place.
    """

    path: Path
    lacking: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotDrawn:
    """
    A figure that could not be drawn.

    Parameters
    ----------
    path
        Where it would be.
    reason
        Why not.
    """

    path: Path
    reason: str


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, so many inches wide and high."""
    # The object behind pyplot: it needs no window, and is forgotten when it is done with.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def draw_figure(make: Callable[[], Figure], path: Path) -> Drawn | NotDrawn:
    """
    Make a figure and write it to a file; numbers that cannot be drawn are no error.

    Parameters
    ----------
    make
        Makes the figure.
    path
        Where it goes.
    """
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            figure = make()
            if _is_too_large(figure):
                return NotDrawn(path, f"numbers beyond {_LARGEST:g}")
            return save_figure(figure, path)
    # So matplotlib refuses numbers; mistakes in a program are of other kinds.
    except (ValueError, ArithmeticError) as error:
        log.info("figure %s", path, exc_info=True)
        return NotDrawn(path, (str(error).strip() or type(error).__name__).splitlines()[0])


def notes_on_missing(figures: Iterable[Drawn | NotDrawn]) -> Iterator[str]:
    """Say which figures could not be drawn, those with the same reason together."""
    names: dict[str, list[str]] = {}
    for figure in figures:
        if isinstance(figure, NotDrawn):
            names.setdefault(figure.reason, []).append(figure.path.name)
    for reason, missing in names.items():
        shown = [f"`{name}`" for name in missing[:_MOST_NAMED]]
        more = [f"{len(missing) - _MOST_NAMED} more"] if len(missing) > _MOST_NAMED else []
        yield f"could not be drawn ({reason}): {joined(shown + more)}"


def _is_too_large(figure: Figure) -> bool:
    import numpy as np

    extents = np.array([axes.dataLim.get_points() for axes in figure.axes])
    return bool((np.abs(extents[np.isfinite(extents)]) > _LARGEST).any())


def save_figure(figure: Figure, path: Path) -> Drawn:
    """Write a figure as a PNG file, whole or not at all; it says who drew it, and its name."""
    _take_texts_as_they_are(figure)
    with written_whole(path) as partial, _no_word_of_the_font():
        figure.savefig(partial, dpi=_DOTS_PER_INCH, format="png", metadata=_mark(path))
    return Drawn(path, _letters_lacking(figure))


def lay_out(figure: Figure) -> None:
    """Give everything in a figure its place and its size."""
    _take_texts_as_they_are(figure)
    with _no_word_of_the_font():
        figure.draw_without_rendering()


def _take_texts_as_they_are(figure: Figure) -> None:
    """
    Take `$` for a letter: what users write between two of them would be a formula.

    Powers of ten at a logarithmic axis are formulas, and matplotlib's own.
    """
    from matplotlib.axis import Axis
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter

    for text in figure.findobj(Text):
        text.set(parse_math=False)
    for axis in figure.findobj(Axis):
        if isinstance(axis, Axis) and isinstance(axis.get_major_formatter(), LogFormatter):
            for label in axis.get_ticklabels(which="both"):
                label.set_parse_math(True)


@contextmanager
def _no_word_of_the_font() -> Iterator[None]:
    """Keep warnings of letters that it lacks from people, who are told by `Drawn`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _FONT_WARNINGS, UserWarning)
        yield


def _letters_lacking(figure: Figure) -> frozenset[str]:
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.text import Text

    font = get_font(findfont(FontProperties()))
    texts = (text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    letters = {letter for text in texts for letter in text if not letter.isspace()}
    return frozenset(letter for letter in letters if not font.get_char_index(ord(letter)))


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
        with warnings.catch_warnings():
            # None of ours is so large that Pillow warns of it, or refuses it.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return _mark(path).items() <= image.info.items()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return False
    except (OSError, ValueError, SyntaxError):  # no image, or not a whole one
        return False
