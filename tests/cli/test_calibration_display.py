"""What is shown while a calibration goes on."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from runfleet.calibrate import (
    CalibrationProgress,
    CalibrationState,
    PestProgress,
    WorkerCounts,
)
from runfleet.calibrate.progress.progress import WorkerProgress
from runfleet.cli.calibration_display import CalibrationLines, LiveCalibration, iteration_text


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def going_on(workers: int = 3, iteration: int = 2, *events: str) -> CalibrationProgress:
    told = tuple(
        WorkerProgress(
            rf"host D:\workitems\fit\job-1\worker-{number:03d}\wd",
            runs_done=number,
            runs_failed=0,
            mean_time=timedelta(seconds=number),
            is_busy=number > 1,
            is_registered=True,
        )
        for number in range(1, workers + 1)
    )
    pest = PestProgress(
        iteration=iteration,
        iterations=20,
        phi=0.15,
        phi_by_iteration={0: 36.4, 1: 0.15},
        activity="calculating jacobian",
        runs_done=13,
        runs_failed=1,
        runs_running=2,
        runs_left=2,
        workers_busy=workers - 1,
        workers_idle=1,
        workers_seen=workers,
        workers=told,
        errors=(),
        is_complete=False,
    )
    counts = WorkerCounts(waiting=1, running=workers, restarts=1)
    return CalibrationProgress(
        CalibrationState.RUNNING, pest, counts, timedelta(seconds=40), events
    )


def drawn(display: LiveCalibration, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(display.picture())
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_the_picture_has_a_line_for_each_worker() -> None:
    display = LiveCalibration("fit", Clock())
    display.progress(going_on(3, 2, "worker-002 was started again (once)"))
    assert (
        drawn(display)
        == """\
fit
Calibrating    0.0 s
iteration     2 of 20 at most
at work on    calculating jacobian
phi           0.15, before that 36.4
runs          13 done, 1 failed, 2 in progress
workers       2 busy, 1 idle, 1 waiting for a node, 1 restart
time per run  2.0 s (median of 3 workers; worker-001 1.0 s ... worker-003 3.0 s)
worker-002 was started again (once)

worker      now   runs done  failed  time per run
worker-001  idle          1       0         1.0 s
worker-002  busy          2       0         2.0 s
worker-003  busy          3       0         3.0 s"""
    )


def test_many_workers_share_a_line() -> None:
    """The picture fits on a screen, however many there are, and in a narrow one."""
    display = LiveCalibration("fit", Clock())
    display.progress(going_on(200))
    assert "100 s (median of 200 workers; worker-001 1.0 s ... worker-200 3 min 20 s)" in (
        drawn(display, 120).replace("1 min 40 s", "100 s")
    )
    assert len(drawn(display, 40).splitlines()) < 24


@pytest.mark.parametrize(
    ("phi", "told"),
    [
        ({}, "iteration 2, phi 0.15"),
        ({0: 36.4, 1: 0.2, 2: 0.15}, "iteration 2, phi 0.15"),
        ({0: 36.4, 1: 0.1, 2: 0.15}, "iteration 2, phi 0.15, lowest 0.1 in iteration 1"),
        ({0: 0.1, 1: math.nan, 2: 0.15}, "iteration 2, phi 0.15, lowest 0.1 at the start"),
    ],
)
def test_the_lowest_phi_is_told_where_it_is_not_the_last(phi: dict[int, float], told: str) -> None:
    """The programs that search along a gradient keep the parameters of that one."""
    pest = replace(going_on().pest, phi_by_iteration=phi)
    assert iteration_text(pest) == told


def test_lines_say_each_iteration_and_event_at_once_and_the_rest_ever_rarer() -> None:
    clock, lines = Clock(), list[str]()
    display = CalibrationLines(lines.append, clock)
    display.progress(going_on(3, 1))
    display.progress(going_on(3, 1, "worker-002 has died: exit code 3"))
    display.progress(going_on(3, 2))
    said = "runs: 13 done, 1 failed, 2 in progress; "
    said += "workers: 2 busy, 1 idle, 1 waiting for a node, 1 restart"
    assert lines == [
        f"iteration 1, phi 0.15; {said}",
        "worker-002 has died: exit code 3",
        f"iteration 2, phi 0.15; {said}",
    ]
    for second in range(3600):
        clock.seconds = second
        display.progress(going_on(3, 2))
    assert 60 < len(lines) < 75
