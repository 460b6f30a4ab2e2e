"""`runfleet calibrate`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from runfleet.calibrate import Calibration, Control, Problem, check_files
from runfleet.calibrate.results.pyemu import require_pyemu
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, Detach, On, StudyName, Yes
from runfleet.cli.calibration import (
    agreed_to_edits,
    agreed_to_run,
    requested,
    submit_and_watch,
)
from runfleet.cli.calibration_display import CalibrationDisplay
from runfleet.cli.failures import FAILED
from runfleet.cli.printer import Printer
from runfleet.cli.report import shortest
from runfleet.cli.request import Request
from runfleet.cli.studies import find_study, open_account
from runfleet.cli.study_files import load_study
from runfleet.cli.words import count_text, sentence
from runfleet.errors import RunfleetError
from runfleet.home import runfleet_home
from runfleet.launch.accounts.connecting import access_to
from runfleet.launch.accounts.local import LOCAL
from runfleet.study import Study

app = new_app("Check calibrations with PEST, and go on with those that were lost.")


@app.command(epilog=example("runfleet calibrate check study.yaml"))
def check(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study file.")],
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    Check the control file of a calibration, and all files that it names; start nothing.

    Exit code 1 if there is anything that PEST would stop at.
    """
    printer = Printer.standard()
    loaded = load_study(study)
    system = access_to(on, runfleet_home()).plan_pool(loaded).operating_system
    control, problems = check_files(loaded, system)
    if as_json:
        printer.json(_facts(loaded, control, problems))
    else:
        _show(printer, control, problems)
    _warn_of_what_is_missing(printer)
    raise typer.Exit(FAILED if any(problem.is_error for problem in problems) else 0)


@app.command(epilog=example("runfleet calibrate resume study.yaml"))
def resume(study: StudyName, on: On = LOCAL, detach: Detach = False, yes: Yes = False) -> None:
    """
    Go on with a calibration whose manager was lost, was cancelled or has failed.

    Says first what is used of it: PEST and PEST++ know how to restart from files that runfleet has
    saved; and what has changed since, which may be all but what is calibrated against what. Goes on
    like `runfleet run`, and collects the results.
    """
    printer = Printer.standard()
    account = open_account(on)
    request = Request(printer, account, find_study(account, study), study, on, detach, yes)
    calibration = requested(request)
    restart, changes = calibration.plan_resume(), calibration.changes()
    consequence = "What is kept is from before that." if restart.keeps_anything else ""
    for text in restart.says:
        printer.say(sentence(text))
    if not agreed_to_edits(request, changes, consequence) or not agreed_to_run(request):
        raise typer.Exit(FAILED)

    def submit(calibration: Calibration, display: CalibrationDisplay) -> object:
        return calibration.resume(restart, on_step=display.step, on_wait=display.waits)

    raise typer.Exit(submit_and_watch(request, submit))


def _show(printer: Printer, control: Control, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        label = "error" if problem.is_error else "warning"
        printer.data(f"{label}: {problem}")
        printer.data(f"  hint: {problem.hint}")
    if not problems:
        counts = (
            count_text(len(control.adjustable), "adjustable parameter"),
            count_text(len(control.observations), "observation"),
            count_text(len(control.files), "file"),
        )
        printer.data(f"{shortest(control.file)}: {', '.join(counts)}; nothing is wrong with them")


def _warn_of_what_is_missing(printer: Printer) -> None:
    """Say what is not a matter of files, and keeps `run` from beginning."""
    try:
        require_pyemu()
    except RunfleetError as error:
        printer.warning(f"{error}: {error.hint}")


def _facts(study: Study, control: Control, problems: tuple[Problem, ...]) -> dict[str, object]:
    return {
        "study": study.name,
        "control": str(control.file),
        "parameters": len(control.parameters),
        "adjustable": len(control.adjustable),
        "observations": len(control.observations),
        "files": [str(file) for file in control.files],
        "problems": [asdict(problem) for problem in problems],
    }
