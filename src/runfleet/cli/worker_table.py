"""How fast the workers of a calibration are: a line each, or all of them in one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from runfleet.calibrate.progress.worker_paces import PaceSpread, WorkerPace, spread_of
from runfleet.cli.printer import new_table, number_column
from runfleet.cli.words import duration_text

_MOST_LINES = 6


def worker_table(paces: Sequence[WorkerPace]) -> Table:
    """Draw what each worker has done."""
    numbers = map(number_column, ("runs done", "failed", "time per run"))
    return new_table(("worker", "now", *numbers), map(_row, paces))


def has_a_line_each(paces: Sequence[WorkerPace]) -> bool:
    """Whether there are so few workers that each has a line of the picture."""
    return 0 < len(paces) <= _MOST_LINES


def paces_text(paces: Sequence[WorkerPace]) -> str:
    """`1.6 s (median of 20 workers; worker-003 1.2 s ... worker-017 4.0 s)`; empty at first."""
    spread = spread_of(paces)
    if spread is None:
        return ""
    return duration_text(spread.median) + (_ends_text(spread) if spread.count > 1 else "")


def _row(pace: WorkerPace) -> tuple[str, ...]:
    time = "-" if pace.mean_time is None else duration_text(pace.mean_time)
    return pace.worker, pace.state, f"{pace.runs_done:,}", f"{pace.runs_failed:,}", time


def _ends_text(spread: PaceSpread) -> str:
    ends = " ... ".join(_end_text(end) for end in (spread.fastest, spread.slowest))
    return f" (median of {spread.count} workers; {ends})"


def _end_text(pace: WorkerPace) -> str:
    return f"{pace.worker} {duration_text(pace.mean_time)}" if pace.mean_time else pace.worker
