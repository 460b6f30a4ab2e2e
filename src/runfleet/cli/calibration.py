"""What `run`, `watch`, `status`, `results` and `retry` do with a study that is a calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runfleet.calibrate import (
    Calibration,
    CalibrationProgress,
    CalibrationState,
)
from runfleet.calibrate.checks import pest_of
from runfleet.calibrate.manager_folder import ManagerFolder
from runfleet.calibrate.progress.worker_paces import WorkerPace, paces_of
from runfleet.cli.arguments import addressed, as_typed
from runfleet.cli.calibration_display import (
    CalibrationDisplay,
    open_calibration_display,
    progress_text,
)
from runfleet.cli.consent import agreed_to_changes
from runfleet.cli.costs import agreed_to_costs
from runfleet.cli.failures import FAILED
from runfleet.cli.following import check_place, leaving
from runfleet.cli.printer import Columns, Printer, number_column
from runfleet.cli.report import shortest
from runfleet.cli.request import Request
from runfleet.cli.studies import load_by_name, results_folder
from runfleet.cli.words import count_text, value_text
from runfleet.cli.worker_table import worker_table
from runfleet.errors import RunfleetError
from runfleet.launch import Account, Submission
from runfleet.launch.advice import operands

if TYPE_CHECKING:
    from runfleet.calibrate.results.collecting import BestParameter, Results

_UNWATCHED = (
    "While nobody watches, no files are saved to go on with if the manager's node is lost, and the "
    "number of workers stays as it is."
)

Submit = Callable[[Calibration, CalibrationDisplay], object]
"""Submits a calibration, and shows how far that is."""


def run_calibration(request: Request) -> int:
    """Carry out `runfleet run`; returns the exit code."""
    changes = requested(request).changes(replace=request.replace)
    consequence = "It begins anew."
    if not agreed_to_edits(request, changes, consequence) or not agreed_to_run(request):
        return FAILED
    return submit_and_watch(request, partial(_submit, request.replace))


def retry_calibration(request: Request) -> int:
    """Carry out `runfleet retry`: begin it anew, if it does not run any more."""
    state = requested(request).look().state
    if not state.has_ended:
        called = operands(request.called)
        raise RunfleetError(
            f"the calibration `{request.study.name}` is {state}; beginning anew would end it",
            hint=f"watch it with `runfleet watch {called}`, or end it first with "
            f"`runfleet cancel {called}`",
        )
    requested(request).changes()  # which refuses another one, that somebody else has submitted
    if not agreed_to_run(request):
        return FAILED
    return submit_and_watch(request, _begin_anew)


def submit_and_watch(request: Request, submit: Submit) -> int:
    """Submit a calibration, watch it to its end, and collect its results."""
    printer, study = request.printer, request.study
    calibration = requested(request)
    folder = results_folder(study.folder, study.name)
    if not request.detach:
        check_place(ManagerFolder(folder, study.name, pest_of(study).control))
    lost = f"Not all of it is submitted. Go on: runfleet run {request.name}"
    with open_calibration_display(printer, study.name) as display:
        with leaving(printer, lost):
            submit(calibration, display)
        if request.detach:
            printer.say(f"The calibration goes on; watch: runfleet watch {request.name}")
            printer.say(_UNWATCHED)
            printer.data(study.name)
            return 0
        with leaving(printer, *ways_on(request.name)):
            last = _follow(calibration, display)
            results = _collected(request, calibration, display, last, folder)
    return show_ending(printer, last, results, request.on)


def watch_calibration(printer: Printer, calibration: Calibration, called: str, on: str) -> int:
    """Carry out `runfleet watch`."""
    name = as_typed(called, on=on)
    ways = ways_on(name)
    with open_calibration_display(printer, calibration.name) as display, leaving(printer, *ways):
        last = _follow(calibration, display)
    if last.error:
        raise _error(last, on)
    printer.say(f"To collect the results: runfleet results {name}")
    return 0


def collect_calibration(request: Request, folder: Path | None, *, as_json: bool) -> None:
    """Carry out `runfleet results`, whether or not it has ended."""
    printer = request.printer
    calibration = requested(request)
    last = calibration.look()
    with open_calibration_display(printer, request.study.name) as display:
        results = calibration.collect(
            folder or results_folder(request.study.folder, request.study.name), on_step=display.step
        )
    if as_json:
        printer.json(progress_facts(calibration, last) | {"results": asdict(results)})
    else:
        show_results(printer, results)


def show_status(printer: Printer, calibration: Calibration, *, as_json: bool) -> None:
    """Carry out `runfleet status` for one calibration."""
    progress = calibration.look()
    if as_json:
        printer.json(progress_facts(calibration, progress))
        return
    printer.data(f"{calibration.name}: {progress.state}")
    if told := progress_text(progress):
        printer.data(told)
    paces = paces_of(progress.pest.workers)
    if paces:
        printer.show(worker_table(paces))
    if progress.error:
        printer.failure(progress.error.message)
        printer.say(f"hint: {progress.error.hint}")


def cancel_calibration(printer: Printer, calibration: Calibration, called: str, on: str) -> None:
    """Carry out `runfleet cancel`."""
    state = calibration.look().state
    if state.has_ended:
        printer.say(f"The calibration has ended already: {state}.")
        return
    calibration.cancel()
    name = as_typed(called, on=on)
    printer.say("The calibration is cancelled; what its manager has written stays.")
    printer.say(f"To go on with it after all: runfleet calibrate resume {name}")


def show_ending(printer: Printer, last: CalibrationProgress, results: Results, on: str) -> int:
    """Tell how a calibration ended; raise what went wrong after its results are shown."""
    printer.say(progress_text(last) or str(last.state))
    show_results(printer, results)
    if last.error:
        raise _error(last, on)
    return 0 if last.state is CalibrationState.SUCCEEDED else FAILED


def show_results(printer: Printer, results: Results) -> None:
    """Tell people what came out, and programs where it is."""
    if results.parameters:
        _show_parameters(printer, results.parameters)
    if results.failed_realizations:
        printer.warning(f"lost realizations: {', '.join(results.failed_realizations)}")
    for note in results.notes:
        printer.warning(note)
    tables = ", ".join(table.name for table in results.tables)
    plots = count_text(len(results.plots), "plot")
    printer.say(f"Results: {tables}, {plots}, and the files of the manager, in")
    printer.data(str(shortest(results.folder)))


def _show_parameters(printer: Printer, found: Sequence[BestParameter]) -> None:
    """Show what was found; spreads only of ensembles, and bounds where one was reached."""
    spreads = ["std"] if any(each.std is not None for each in found) else []
    bounds = ["bound"] if any(each.at_bound for each in found) else []
    columns: Columns = ["parameter", *map(number_column, ("initial", "best", *spreads)), *bounds]
    rows = (
        (
            *(each.name, value_text(each.initial), value_text(each.value)),
            *(value_text(each.std) for _ in spreads),
            *(each.at_bound for _ in bounds),
        )
        for each in found
    )
    printer.talk_table(columns, rows)


def progress_facts(calibration: Calibration, progress: CalibrationProgress) -> dict[str, Any]:
    """Tell programs how far a calibration is."""
    return {
        "study": calibration.name,
        "state": progress.state,
        **asdict(progress.pest),
        "workers": [_worker_facts(pace) for pace in paces_of(progress.pest.workers)],
        "worker_tasks": asdict(progress.workers),
        "elapsed_seconds": progress.elapsed.total_seconds(),
        "error": progress.error.message if progress.error else None,
        "hint": progress.error.hint if progress.error else None,
    }


def _worker_facts(pace: WorkerPace) -> dict[str, Any]:
    seconds = pace.mean_time.total_seconds() if pace.mean_time else None
    return {
        "worker": pace.worker,
        "state": pace.state,
        "runs_done": pace.runs_done,
        "runs_failed": pace.runs_failed,
        "seconds_per_run": seconds,
    }


def requested(request: Request) -> Calibration:
    """Make the calibration that is asked for."""
    return Calibration.of(request.account, request.study, unattended=request.detach)


def agreed_to_edits(request: Request, changes: tuple[str, ...], consequence: str) -> bool:
    """Show what an edit changes of what was submitted, what follows from that, and ask."""
    what = f"Calibration `{request.study.name}`"
    return agreed_to_changes(
        request.printer, what, changes, yes=request.yes, consequence=consequence
    )


def agreed_to_run(request: Request) -> bool:
    """Show what it may cost, and ask."""
    pest = request.study.pest
    return agreed_to_costs(request, 1 + pest.workers.max if pest else 0)


def calibration_of(account: Account, submission: Submission) -> Calibration:
    """Take what was found of a study for the calibration that it is."""
    return Calibration(account, submission.name, submission.study)


def to_be_watched(account: Account, submission: Submission) -> Calibration:
    """Take a calibration with its study, if that can be found: workers are made as it says."""
    if submission.study is not None:
        return calibration_of(account, submission)
    try:
        study = load_by_name(account, submission.name)
    except RunfleetError:
        return calibration_of(account, submission)
    return Calibration(account, submission.name, study)


def ways_on(name: str) -> tuple[str, ...]:
    """What to tell whoever leaves a calibration that goes on."""
    return (
        f"The calibration goes on. Come back to it: runfleet watch {name}",
        f"                         End it:          runfleet cancel {name}",
        _UNWATCHED,
    )


def _submit(replace: bool, calibration: Calibration, display: CalibrationDisplay) -> object:
    return calibration.submit(replace=replace, on_step=display.step, on_wait=display.waits)


def _begin_anew(calibration: Calibration, display: CalibrationDisplay) -> object:
    return calibration.begin_anew(on_step=display.step, on_wait=display.waits)


def _follow(calibration: Calibration, display: CalibrationDisplay) -> CalibrationProgress:
    last: CalibrationProgress | None = None
    for last in calibration.watch():
        display.progress(last)
    return last or calibration.look()


def _collected(
    request: Request,
    calibration: Calibration,
    display: CalibrationDisplay,
    last: CalibrationProgress,
    folder: Path,
) -> Results:
    """Collect the results; where there are none, why it has ended comes before that."""
    try:
        return calibration.collect(folder, on_step=display.step)
    except RunfleetError as error:
        if not last.error:
            raise
        request.printer.warning(f"no results were collected: {error.message}")
        raise _error(last, request.on) from error


def _error(progress: CalibrationProgress, on: str) -> RunfleetError:
    error = progress.error
    if error is None:
        return RunfleetError(f"the calibration has {progress.state}")
    return RunfleetError(error.message, hint=addressed(error.hint or "", on) or None)
