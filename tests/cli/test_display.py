"""What is shown while a study goes on."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from runfleet.cli.display import LineDisplay, LiveDisplay, counts_text, pace_text, progress_text
from runfleet.cli.printer import Printer
from runfleet.launch import (
    Explanation,
    FailedRun,
    FailureKind,
    Progress,
    RunCounts,
    Step,
    StepName,
)


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def failed(run: str, message: str) -> FailedRun:
    return FailedRun(run, FailureKind.MODEL, message, 3)


def going_on(ended: int = 50, **more: object) -> Progress:
    counts = RunCounts(200, waiting=148 - (ended - 50), running=2, succeeded=ended)
    return Progress(counts, timedelta(seconds=10), **more)  # type: ignore[arg-type]


def test_counts_name_failures_first():
    counts = RunCounts(10, waiting=4, running=2, succeeded=2, failed=1, cancelled=1)
    assert counts_text(counts) == "1 failed, 1 cancelled, 2 succeeded, 2 running, 4 waiting"
    assert counts_text(RunCounts(0)) == "none yet"


@pytest.mark.parametrize(
    ("rate", "left", "text"),
    [
        (None, None, ""),
        (12.345, 7.0, "12.3 runs/s, 7.0 s left"),
        (0.05, 4000.0, "3 runs/min, 1 h 06 min left"),
        (2.0, None, "2 runs/s"),
    ],
)
def test_slow_runs_are_counted_by_the_minute(rate: float | None, left: float | None, text: str):
    time_left = None if left is None else timedelta(seconds=left)
    assert pace_text(going_on(rate=rate, time_left=time_left)) == text


def test_lines_become_rarer():
    """A long study fills no log: the pauses between lines grow up to a minute."""
    clock, lines = Clock(), list[str]()
    display = LineDisplay(lines.append, clock)
    times = []
    for second in range(3600):
        clock.seconds = second
        before = len(lines)
        display.progress(going_on())
        times += [second] * (len(lines) - before)
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert times[0] == 2
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    assert lines[0] == "50 of 200 runs ended: 50 succeeded, 2 running, 148 waiting"


def test_lines_say_each_step_and_each_kind_of_failure_once():
    lines = list[str]()
    display = LineDisplay(lines.append, Clock())
    for done in range(4):
        display.step(Step(StepName.ADDING, done * 100, 300))
    first = (failed("run-1", "no file 1"), failed("run-2", "no file 2"))
    display.progress(going_on(new_failures=first))
    display.progress(going_on(new_failures=(failed("run-3", "no file 3"),)))
    display.progress(going_on(explanation=Explanation("pool `local` is getting its 2 nodes")))
    display.progress(going_on(explanation=Explanation("pool `local` is getting its 2 nodes")))
    assert lines == [
        "adding: 0 of 300",
        "adding: 300 of 300",
        "run-1 failed: no file 1",
        "waiting: pool `local` is getting its 2 nodes",
    ]


def test_a_long_step_is_told_now_and_then():
    clock, lines = Clock(), list[str]()
    display = LineDisplay(lines.append, clock)
    for second in range(7):
        clock.seconds = second
        display.step(Step(StepName.ADDING, second * 100, 10_000))
    assert lines == [f"adding: {done} of 10,000" for done in (0, 200, 400, 600)]


def test_the_last_line_says_that_all_have_ended():
    progress = Progress(RunCounts(2, succeeded=2), timedelta(seconds=1), rate=2.0)
    assert progress_text(progress) == "2 of 2 runs ended: 2 succeeded"


def test_the_picture_has_every_step_with_a_clock(capsys: pytest.CaptureFixture[str]):
    """Steps before the runs, then failures, runs and counts, then what comes after."""
    clock = Clock()
    display = LiveDisplay("net1", clock)
    display.step(Step(StepName.STAGING, 3, 3))
    clock.seconds = 2
    display.progress(going_on(rate=5.0, time_left=timedelta(seconds=30)))
    display.progress(
        going_on(60, new_failures=(failed("run-1", "bad [net]"),), rate=5.0,
                 explanation=Explanation("all nodes are offline"))
    )  # fmt: skip
    clock.seconds = 5
    Printer.standard().show(display.picture())
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["net1", "Staging  3 of 3  2.0 s", "1 x bad [net] (run-1)"]
    assert lines[3].startswith("Running ━")
    assert lines[3].endswith(" 60 of 200  30 %")
    assert lines[4:] == [
        "60 succeeded, 2 running, 138 waiting   3.0 s, 5 runs/s",
        "Waiting: all nodes are offline.",
    ]


def test_failures_are_counted_however_many_there_are(capsys: pytest.CaptureFixture[str]):
    """Not all are looked into while many fail at a time, and those are counted apart."""
    display = LiveDisplay("net1", Clock())
    for look in range(250):
        new = tuple(failed(f"run-{20 * look + n}", "exit code 3") for n in range(20))
        counts = RunCounts(9000, waiting=0, running=9000 - 21 * look - 21, failed=21 * look + 21)
        display.progress(Progress(counts, timedelta(seconds=look), new_failures=new))
    display.progress(
        Progress(counts, timedelta(seconds=250), new_failures=(failed("run-x", "it is dry"),))
    )
    Printer.standard().show(display.picture())
    assert capsys.readouterr().out.splitlines()[1:4] == [
        "5,000 x exit code 3 (run-0, run-1, run-2, ...)",
        "1 x it is dry (run-x)",
        "and 249 more failed, whose logs are read at the end",
    ]


def test_the_summary_keeps_what_was_done_and_how_long_it_took(
    capsys: pytest.CaptureFixture[str],
):
    clock = Clock()
    display = LiveDisplay("net1", clock)
    display.step(Step(StepName.ADDING, 200, 200))
    clock.seconds = 1
    display.progress(Progress(RunCounts(200, succeeded=200), timedelta(seconds=0)))
    clock.seconds = 62
    display.step(Step(StepName.PLOTTING))
    clock.seconds = 63
    Printer.standard().show(display.summary())
    assert capsys.readouterr().out == (
        "Adding    200 of 200       1.0 s\n"
        "Running   200 of 200  1 min 01 s\n"
        "Plotting                   1.0 s\n"
    )
