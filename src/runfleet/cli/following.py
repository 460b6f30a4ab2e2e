"""Follows a study to its end, and to its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from runfleet.cli.display import Display, counts_text, open_display
from runfleet.cli.failures import FAILED, INTERRUPTED
from runfleet.cli.printer import Printer
from runfleet.cli.report import Ending, show_ending
from runfleet.cli.request import Request
from runfleet.cli.studies import results_folder
from runfleet.cli.words import count_text
from runfleet.errors import RunfleetError
from runfleet.launch import Explanation, OnStep, Progress, RunCounts, Step, StepName, Submission
from runfleet.launch.errors import LaunchError, StudySupersededError
from runfleet.launch.place_of_results import PlaceOfResults
from runfleet.launch.results_folder import ResultsFolder

_MOST_REPEATS = 3


def submit_and_follow(request: Request, submit: Callable[[OnStep], Submission]) -> int:
    """
    Submit a study, follow it to its end, collect its results and tell how it ended.

    Parameters
    ----------
    request
        The study, and whether to leave when it is submitted.
    submit
        Submits it.

    Returns
    -------
    exit_code
        1 if not all runs have succeeded.
    """
    printer, study, name = request.printer, request.study, request.name
    folder = results_folder(study.folder, study.name)
    if not request.detach:
        check_place(ResultsFolder(folder, study.name))
    with open_display(printer, study.name) as display:
        with leaving(printer, f"Not all runs are submitted. Go on: runfleet run {name}"):
            submission = submit(display.step)
        if not request.detach:
            with leaving(printer, *ways_on(name)):
                submission, counts = _completed(display, submission, folder)
            with leaving(printer, f"The runs have ended. Collect them: runfleet results {name}"):
                ending = collect_ending(display, submission, counts, folder, request.on)
    if request.detach:
        printer.data(study.name)
        return _say_detached(printer, submission, name)
    show_ending(printer, ending)
    return exit_code(counts)


def _say_detached(printer: Printer, submission: Submission, name: str) -> int:
    """Say what goes on, if anything does; returns the exit code."""
    counts = submission.counts()
    if not (submission.is_unchanged and counts.all_ended):
        printer.say(f"Submitted {count_text(counts.total, 'run')}; watch: runfleet watch {name}")
        return 0
    printer.say(f"Nothing has changed since, so none was run again: {counts_text(counts)}.")
    if counts.failed:
        printer.say(f"To run the failed ones again: runfleet retry {name} --failed")
    return exit_code(counts)


def check_place(place: PlaceOfResults) -> None:
    """Say before anything runs that what it leaves could not be collected."""
    try:
        place.check()
    except LaunchError as error:
        elsewhere = f"`runfleet results {place.study} --to FOLDER`"
        hint = f"move it, or run with `--detach` and collect elsewhere: {elsewhere}"
        raise LaunchError(error.message, hint=hint) from error


def collect_ending(
    display: Display, submission: Submission, counts: RunCounts, folder: Path, on: str
) -> Ending:
    """Collect the results of a study, and tell how it ended or where it stands."""
    collected = submission.collect(folder, on_step=display.step)
    failures = submission.failures() if counts.failed else []
    return Ending(counts, collected, failures, on, is_unchanged=submission.is_unchanged)


def follow(
    display: Display, submission: Submission, *, collect_to: Path | None = None
) -> RunCounts:
    """
    Show how a study goes on until all its runs have ended.

    Parameters
    ----------
    display
        What shows it.
    submission
        The study.
    collect_to
        Where what runs leave is brought meanwhile.

    Raises
    ------
    RunfleetError
        If nothing will go on by itself; it says why, and what to do.
    """
    last: Progress | None = None
    for last in submission.watch(collect_to=collect_to):
        display.progress(last)
    if last is None:
        return submission.counts()
    if last.explanation and last.explanation.is_stuck:
        raise _stuck(last.explanation)
    return last.counts


def exit_code(counts: RunCounts) -> int:
    """0 if all runs have succeeded, else 1."""
    return 0 if counts.succeeded == counts.total else FAILED


def ways_on(name: str) -> tuple[str, str]:
    """What to tell whoever leaves a study that goes on; its name is written `as_typed`."""
    return (
        f"The runs go on. Come back to them: runfleet watch {name}",
        f"                End them:          runfleet cancel {name}",
    )


@contextmanager
def leaving(printer: Printer, *lines: str) -> Iterator[None]:
    """On Ctrl-C say how to go on, in place of a traceback; what runs on the account goes on."""
    try:
        yield
    except KeyboardInterrupt:
        printer.say()
        for line in lines:
            printer.say(line)
        raise typer.Exit(INTERRUPTED) from None


def _completed(
    display: Display, submission: Submission, folder: Path
) -> tuple[Submission, RunCounts]:
    """
    Follow a study to its end; runs that were lost to a machine or to the storage are run again.

    That is none of the retries, which are for models. Where many runs are lost, it would happen
    to them again. Of a study that has been submitted anew meanwhile they are left to whoever did:
    to submit this one would undo what was changed.
    """
    counts = follow(display, submission, collect_to=folder)
    for _ in range(_MOST_REPEATS):
        lost = submission.lost_runs() if counts.failed else 0
        if not lost or lost > max(1, counts.total // 10) or submission.is_superseded:
            break
        display.step(Step(StepName.REPEATING, lost, counts.total))
        try:
            submission = submission.retry(failed=False, on_step=display.step)
        except StudySupersededError:  # by whoever was just submitting it
            break
        counts = follow(display, submission, collect_to=folder)
    return submission, counts


def _stuck(explanation: Explanation) -> RunfleetError:
    output = f"\n{explanation.output}" if explanation.output else ""
    return RunfleetError(f"{explanation.sentence}{output}", hint=explanation.next_step or None)
