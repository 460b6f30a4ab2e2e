"""`runfleet logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import LOCAL, On, StudyName
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_submission, open_account
from runfleet.launch import LogStream, Submission

MANAGER = "manager"

app = new_app()


@app.command(epilog=example("runfleet logs study.yaml run-00002"))
def logs(
    study: StudyName,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="The name of a run; the first failed one if not given. Of a calibration, "
            "`worker-001` and so on; `manager` if not given.",
        ),
    ] = None,
    stderr: Annotated[
        bool, typer.Option("--stderr", help="Only what it wrote to stderr, on stdout.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")
    ] = False,
    on: On = LOCAL,
) -> None:
    """
    Print what a run wrote to stdout or stderr.

    What it wrote to stdout goes to stdout, what it wrote to stderr follows on stderr.
    """
    printer = Printer.standard()
    submission = find_submission(open_account(on), study)
    name = run or _first_to_read(printer, submission)
    first = LogStream.STDERR if stderr else LogStream.STDOUT
    for part in submission.follow_log(name, first) if follow else [submission.log(name, first)]:
        printer.raw(part)
    if not stderr:
        printer.raw_talk(submission.log(name, LogStream.STDERR))


def _first_to_read(printer: Printer, submission: Submission) -> str:
    return MANAGER if submission.is_calibration else _first_failed(printer, submission)


def _first_failed(printer: Printer, submission: Submission) -> str:
    for failed in submission.failed_runs():
        printer.say(f"{failed.run}: {failed.message}")
        return failed.run
    raise WrongUsageError(
        "no run has failed, so name the one whose log to print",
        hint="the names of the runs are in `runs.csv`, and `runfleet plan` shows some",
    )
