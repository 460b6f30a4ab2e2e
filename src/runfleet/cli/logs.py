"""`runfleet logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import StudyName
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_submission, open_account
from runfleet.launch import LogStream, Submission

app = new_app()


@app.command(epilog=example("runfleet logs study.yaml run-00002"))
def logs(
    study: StudyName,
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="The name of a run; the first failed one if not given."
        ),
    ] = None,
    stderr: Annotated[
        bool, typer.Option("--stderr", help="What it wrote to stderr, instead of stdout.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")
    ] = False,
) -> None:
    """Print what a run wrote to stdout or stderr."""
    printer = Printer.standard()
    submission = find_submission(open_account(), study)
    name = run or _first_failed(printer, submission)
    stream = LogStream.STDERR if stderr else LogStream.STDOUT
    if not follow:
        printer.raw(submission.log(name, stream))
        return
    for part in submission.follow_log(name, stream):
        printer.raw(part)


def _first_failed(printer: Printer, submission: Submission) -> str:
    for failed in submission.failed_runs():
        printer.say(f"{failed.run}: {failed.message}")
        return failed.run
    raise WrongUsageError(
        "no run has failed, so name the one whose log to print",
        hint="the names of the runs are in `runs.csv`, and `runfleet plan` shows some",
    )
