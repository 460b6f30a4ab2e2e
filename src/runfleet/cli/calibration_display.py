"""What is shown while a calibration goes on: live on terminals, else line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from runfleet.calibrate import CalibrationProgress, PestProgress, WorkerCounts
from runfleet.calibrate.explaining import lowest_text
from runfleet.calibrate.progress.worker_paces import WorkerPace, paces_of
from runfleet.cli.display import amount_text, step_text
from runfleet.cli.live import Pacing, open_live
from runfleet.cli.printer import Printer
from runfleet.cli.timeline import Timeline
from runfleet.cli.words import count_text, value_text
from runfleet.cli.worker_table import has_a_line_each, paces_text, worker_table
from runfleet.launch import Step

_CALIBRATING = "Calibrating"
_SHOWN_EVENTS = 5
_SHOWN_PHIS = 8
_FIRST_PAUSE = 5.0


class CalibrationDisplay(Protocol):
    """Shows how far a calibration is."""

    def step(self, step: Step) -> None:
        """Take note of a step of submitting or collecting."""

    def waits(self, reason: str) -> None:
        """Take note of why nothing begins."""

    def progress(self, progress: CalibrationProgress) -> None:
        """Take note of how far the calibration is."""


def open_calibration_display(
    printer: Printer, study: str
) -> AbstractContextManager[CalibrationDisplay]:
    """
    Show how far a calibration is: live where stderr is a terminal, else a line now and then.

    Parameters
    ----------
    printer
        What prints.
    study
        The name of the study.
    """
    return open_live(printer, LiveCalibration(study), CalibrationLines(printer.say))


class CalibrationLines:
    """
    Says what is new in lines: steps, events, each iteration with its phi, and runs now and then.

    Parameters
    ----------
    say
        Prints a line.
    clock
        Tells the time in seconds.
    """

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = monotonic) -> None:
        self._say = say
        self._pacing = Pacing(_FIRST_PAUSE, clock)
        self._step = ""
        self._iteration: tuple[int | None, float | None] = (None, None)

    def step(self, step: Step) -> None:
        """Say each step once."""
        if step.name != self._step:
            self._step = step.name
            self._say(step_text(Step(step.name)))

    def waits(self, reason: str) -> None:
        """Say why nothing begins."""
        self._say(f"waiting: {reason}")

    def progress(self, progress: CalibrationProgress) -> None:
        """Say what is new, if it is time to."""
        for event in progress.events:
            self._say(event)
        found = (progress.pest.iteration, progress.pest.phi)
        is_new = found != self._iteration
        if is_new or progress.state.has_ended or self._pacing.is_due:
            self._iteration = found
            self._say(progress_text(progress) or str(progress.state))
            self._pacing.begin_pause()
            self._pacing.slow_down()


@dataclass
class LiveCalibration:
    """
    The whole picture, drawn anew several times a second.

    Parameters
    ----------
    study
        The name of the study.
    clock
        Tells the time in seconds.
    """

    study: str
    clock: Callable[[], float] = monotonic
    _progress: CalibrationProgress | None = None
    _waiting: str = ""
    _events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._timeline = Timeline(self.clock)

    def step(self, step: Step) -> None:
        """Take note of a step."""
        self._waiting = ""
        self._timeline.note(str(step.name).capitalize(), amount_text(step.done, step.total))

    def waits(self, reason: str) -> None:
        """Take note of why nothing begins."""
        self._waiting = reason

    def progress(self, progress: CalibrationProgress) -> None:
        """Take note of how far the calibration is."""
        self._progress, self._waiting = progress, ""
        self._events = [*self._events, *progress.events][-_SHOWN_EVENTS:]
        self._timeline.note(_CALIBRATING, "")

    def picture(self) -> RenderableType:
        """Draw what is known now."""
        return Group(Text(self.study, "bold"), self._timeline.table(), *self._parts())

    def summary(self) -> RenderableType:
        """Draw what is worth keeping when all is over: what was done, and how long it took."""
        self._timeline.end()
        return self._timeline.table()

    def _parts(self) -> Iterator[RenderableType]:
        if self._waiting:
            yield Text(f"Waiting: {self._waiting}.", "yellow")
        if self._progress is None:
            return
        paces = paces_of(self._progress.pest.workers)
        yield _facts(self._progress, paces)
        yield from (Text(event, "red") for event in self._events)
        if has_a_line_each(paces):
            yield Text()
            yield worker_table(paces)


def progress_text(progress: CalibrationProgress) -> str:
    """`iteration 2, phi 0.15; runs: 13 done, 2 in progress; workers: 2 busy, 1 idle`."""
    parts = (
        iteration_text(progress.pest),
        _labelled("runs", runs_text(progress.pest)),
        _labelled("workers", workers_text(progress.pest, progress.workers)),
    )
    return "; ".join(part for part in parts if part)


def iteration_text(pest: PestProgress) -> str:
    """`iteration 3, phi 0.2, lowest 0.15 in iteration 2`; empty before the first."""
    if pest.iteration is None:
        return ""
    phi = "" if pest.phi is None else f", phi {value_text(pest.phi)}"
    return f"iteration {pest.iteration}{phi}{lowest_text(pest)}"


def runs_text(pest: PestProgress) -> str:
    """`13 done, 1 failed, 2 in progress`."""
    named = (
        ("done", pest.runs_done),
        ("failed", pest.runs_failed),
        ("in progress", pest.runs_running),
    )
    return ", ".join(f"{count:,} {name}" for name, count in named if count)


def workers_text(pest: PestProgress, workers: WorkerCounts) -> str:
    """`2 busy, 1 idle, 1 died, 1 restart`."""
    known = pest.workers_busy is not None or pest.workers_idle is not None
    running = (
        (("busy", pest.workers_busy), ("idle", pest.workers_idle))
        if known
        else (("running", workers.running),)
    )
    named = (*running, ("waiting for a node", workers.waiting), ("died", workers.died))
    texts = [f"{count:,} {name}" for name, count in named if count]
    if workers.restarts:
        texts.append(count_text(workers.restarts, "restart"))
    return ", ".join(texts)


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if text else ""


def _facts(progress: CalibrationProgress, paces: Sequence[WorkerPace]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    pest = progress.pest
    rows = (
        ("iteration", _iteration_fact(pest)),
        ("at work on", pest.activity),
        ("phi", _phi_fact(pest)),
        ("runs", runs_text(pest)),
        ("workers", workers_text(pest, progress.workers)),
        ("time per run", paces_text(paces)),
    )
    for name, text in rows:
        if text:
            grid.add_row(Text(name, "dim", no_wrap=True), Text(text))
    return grid


def _iteration_fact(pest: PestProgress) -> str:
    """`2 of 20 at most`."""
    if pest.iteration is None:
        return ""
    return f"{pest.iteration}" + (f" of {pest.iterations} at most" if pest.iterations else "")


def _phi_fact(pest: PestProgress) -> str:
    """`0.15, before that 36.4, 1.5`."""
    if pest.phi is None:
        return ""
    *before, _ = [f"{phi:.4g}" for phi in pest.phi_by_iteration.values()]
    shown = before[-_SHOWN_PHIS:]
    return value_text(pest.phi) + (f", before that {', '.join(shown)}" if shown else "")
