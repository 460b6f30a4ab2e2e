"""What `run` and `watch` show while a study goes on: live on terminals, else line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Protocol

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from runfleet.cli.live import Pacing, open_live
from runfleet.cli.printer import Printer
from runfleet.cli.timeline import Timeline
from runfleet.cli.words import duration_text
from runfleet.launch import FailureGroup, Progress, RunCounts, Step
from runfleet.launch.failures import FailureGroups
from runfleet.launch.grouping import normalised

_SHOWN_FAILURES = 5
_SHOWN_RUNS = 3
_SHOWN_CODES = 5
_RUNNING = "Running"
_FIRST_PAUSE = 2.0


class Display(Protocol):
    """Shows how far a study is."""

    def step(self, step: Step) -> None:
        """Take note of a step of submitting or collecting."""

    def progress(self, progress: Progress) -> None:
        """Take note of how far the runs are."""


def open_display(printer: Printer, study: str) -> AbstractContextManager[Display]:
    """
    Show how far a study is: live where stderr is a terminal, else a line now and then.

    Parameters
    ----------
    printer
        What prints.
    study
        The name of the study.
    """
    return open_live(printer, LiveDisplay(study), LineDisplay(printer.say))


class LineDisplay:
    """
    Says what is new in lines: each step as it ends, each kind of failure once, counts ever rarer.

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
        self._step: Step | None = None
        self._failures: set[str] = set()
        self._explained = ""

    def step(self, step: Step) -> None:
        """Say each step when it begins, now and then, and when all of it is done."""
        is_new = self._step is None or self._step.name is not step.name
        if is_new or (step.total and step.done == step.total) or self._pacing.is_due:
            self._say_on_time(step_text(step))
        self._step = step

    def progress(self, progress: Progress) -> None:
        """Say what is new, if it is time to."""
        self._say_failures(progress)
        self._say_explanation(progress)
        if self._pacing.is_due or progress.counts.all_ended:
            self._say_on_time(progress_text(progress))
            self._pacing.slow_down()

    def _say_on_time(self, line: str) -> None:
        self._say(line)
        self._pacing.begin_pause()

    def _say_failures(self, progress: Progress) -> None:
        for failed in progress.new_failures:
            kind = normalised(failed.message)
            if kind not in self._failures and len(self._failures) < _SHOWN_FAILURES:
                self._say(f"{failed.run} failed: {failed.message}")
                self._failures.add(kind)

    def _say_explanation(self, progress: Progress) -> None:
        explanation = progress.explanation
        # One that is stuck ends the watch, as an error.
        sentence = explanation.sentence if explanation and not explanation.is_stuck else ""
        if sentence and sentence != self._explained:
            self._say(f"waiting: {sentence}")
        self._explained = sentence


@dataclass
class LiveDisplay:
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
    _progress: Progress | None = None
    _failures: FailureGroups = field(default_factory=lambda: FailureGroups(_SHOWN_RUNS))
    _groups: list[FailureGroup] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._timeline = Timeline(self.clock)

    def step(self, step: Step) -> None:
        """Take note of a step."""
        self._timeline.note(str(step.name).capitalize(), amount_text(step.done, step.total))

    def progress(self, progress: Progress) -> None:
        """Take note of how far the runs are."""
        self._progress = progress
        for failed in progress.new_failures:
            self._failures.add(failed)
        if progress.new_failures:
            self._groups = self._failures.largest_first()
        amount = amount_text(progress.counts.ended, progress.counts.total)
        self._timeline.note(_RUNNING, amount)

    def picture(self) -> RenderableType:
        """Draw what is known now."""
        return Group(Text(self.study, "bold"), *self._parts())

    def summary(self) -> RenderableType:
        """Draw what is worth keeping when all is over: what was done, and how long it took."""
        self._timeline.end()
        return self._timeline.table()

    def _parts(self) -> Iterator[RenderableType]:
        """Lines of what is done, and in the place of the line of the runs all about them."""
        elapsed = self._timeline.elapsed(_RUNNING)
        if self._progress is None or elapsed is None:
            yield self._timeline.table()
            return
        before, after = self._timeline.split(_RUNNING)
        yield before
        yield from _failure_lines(self._groups, self._progress.counts.failed)
        yield from _run_lines(self._progress, elapsed)
        yield after


def step_text(step: Step) -> str:
    """`staging: 2 of 3`."""
    amount = amount_text(step.done, step.total)
    return f"{step.name}: {amount}" if amount else str(step.name)


def progress_text(progress: Progress) -> str:
    """`120 of 200 runs ended: 3 failed, 117 succeeded, 2 running; 12 runs/s, 7 s left`."""
    counts = progress.counts
    text = f"{counts.ended:,} of {counts.total:,} runs ended: {counts_text(counts)}"
    pace = pace_text(progress)
    return f"{text}; {pace}" if pace and not counts.all_ended else text


def counts_text(counts: RunCounts) -> str:
    """The counts that are not zero, failures first."""
    named = {
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "succeeded": counts.succeeded,
        "running": counts.running,
        "waiting": counts.waiting,
    }
    return ", ".join(f"{count:,} {name}" for name, count in named.items() if count) or "none yet"


def pace_text(progress: Progress) -> str:
    """`12 runs/s, 7 s left`; empty as long as there is too little to tell."""
    if not progress.rate:
        return ""
    slow = progress.rate < 1
    rate = f"{progress.rate * 60:.3g} runs/min" if slow else f"{progress.rate:.3g} runs/s"
    return (
        rate if progress.time_left is None else f"{rate}, {duration_text(progress.time_left)} left"
    )


def failure_text(group: FailureGroup) -> str:
    """`2 x exit code 3 (run-00003, run-00017)`."""
    kind = "" if group.kind == "model" else f"{group.kind}: "
    example = "" if group.is_same else "such as: "
    runs = runs_text(group.runs, group.count)
    return f"{group.count:,} x {kind}{example}{group.message} ({_exit_codes(group)}{runs})"


def _exit_codes(group: FailureGroup) -> str:
    """`exit codes 1, 3, ...; ` where there are several."""
    codes = [str(code) for code in group.exit_codes]
    more = ", ..." if len(codes) > _SHOWN_CODES else ""
    return f"exit codes {', '.join(codes[:_SHOWN_CODES])}{more}; " if len(codes) > 1 else ""


def runs_text(runs: Sequence[str], count: int) -> str:
    """`run-00003, run-00017, run-00040, ...`: the first of so many runs."""
    return ", ".join(runs[:_SHOWN_RUNS]) + (", ..." if count > _SHOWN_RUNS else "")


def amount_text(done: int, total: int) -> str:
    """`2 of 3`; nothing where nothing is counted."""
    return f"{done:,} of {total:,}" if total else ""


def _failure_lines(groups: list[FailureGroup], failed: int) -> Iterator[RenderableType]:
    """Tell the largest groups, and how many runs are in none: some are told, where many fail."""
    for group in groups[:_SHOWN_FAILURES]:
        yield Text(failure_text(group), "red", no_wrap=True, overflow="ellipsis")
    if len(groups) > _SHOWN_FAILURES:
        yield Text(f"and {len(groups) - _SHOWN_FAILURES} other kinds of failures", "red")
    unread = failed - sum(group.count for group in groups)
    if groups and unread > 0:
        yield Text(f"and {unread:,} more failed, whose logs are read at the end", "red")


def _run_lines(progress: Progress, elapsed: timedelta) -> Iterator[RenderableType]:
    yield _bar_line(progress.counts)
    yield _counts_line(progress, elapsed)
    if progress.explanation:
        yield Text(f"Waiting: {progress.explanation.sentence}.", "yellow")


def _bar_line(counts: RunCounts) -> RenderableType:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True, justify="right")
    total = max(counts.total, 1)
    bar = ProgressBar(total, counts.ended, complete_style="cyan", finished_style="cyan")
    share = f"{100 * counts.ended // total} %"
    grid.add_row(_RUNNING, bar, f"{amount_text(counts.ended, counts.total)}  {share}")
    return grid


def _counts_line(progress: Progress, elapsed: timedelta) -> RenderableType:
    text = Text(counts_text(progress.counts))
    if progress.counts.failed:
        text.stylize("bold red", 0, len(f"{progress.counts.failed:,} failed"))
    pace = pace_text(progress)
    text.append(f"   {duration_text(elapsed)}" + (f", {pace}" if pace else ""), "dim")
    return text
