"""Opens what is shown while something goes on: a live picture on terminals, else lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol, TypeVar

from rich.console import RenderableType
from rich.live import Live

from runfleet.cli.printer import Printer

_REFRESHES_PER_SECOND = 8
_LONGEST_PAUSE = 60.0
_SLOWING = 1.5


class Picture(Protocol):
    """What is drawn anew several times a second."""

    def picture(self) -> RenderableType:
        """Draw what is known now."""
        ...

    def summary(self) -> RenderableType:
        """Draw what is worth keeping when all is over."""
        ...


PictureT = TypeVar("PictureT", bound=Picture)
LinesT = TypeVar("LinesT")


@contextmanager
def open_live(printer: Printer, picture: PictureT, lines: LinesT) -> Iterator[PictureT | LinesT]:
    """
    Show the picture where stderr is a terminal, and its summary at the end; else say lines.

    Parameters
    ----------
    printer
        What prints.
    picture
        Is drawn as long as the context lasts, and wiped out then.
    lines
        Does without a terminal.
    """
    if not printer.err.is_terminal:
        yield lines
        return
    with Live(
        console=printer.err,
        get_renderable=picture.picture,
        refresh_per_second=_REFRESHES_PER_SECOND,
        transient=True,
    ):
        yield picture
    printer.say(picture.summary())


class Pacing:
    """
    Tells when it is time for a line: ever rarer, so that what takes long fills no log.

    Parameters
    ----------
    first
        Seconds before the first line.
    clock
        Tells the time in seconds.
    """

    def __init__(self, first: float, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._pause = first
        self._next_line = clock() + first

    @property
    def is_due(self) -> bool:
        """Whether the pause is over."""
        return self._clock() >= self._next_line

    def begin_pause(self) -> None:
        """Take note of a line."""
        self._next_line = self._clock() + self._pause

    def slow_down(self) -> None:
        """Make the pauses after this one longer, up to a minute."""
        self._pause = min(_LONGEST_PAUSE, self._pause * _SLOWING)
