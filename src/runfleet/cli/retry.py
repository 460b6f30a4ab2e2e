"""`runfleet retry`."""

from __future__ import annotations

from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import Detach, On, StudyName, Yes
from runfleet.cli.consent import agreed_to_changes
from runfleet.cli.costs import agreed_to_costs
from runfleet.cli.display import counts_text
from runfleet.cli.failures import FAILED
from runfleet.cli.following import submit_and_follow
from runfleet.cli.printer import Printer
from runfleet.cli.request import Request
from runfleet.cli.studies import find_study, open_account
from runfleet.launch import RunCounts, Submission
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import SAME_COMMAND, hopeful

app = new_app()


@app.command(epilog=example("runfleet retry study.yaml --failed"))
@hopeful(SAME_COMMAND)
def retry(
    study: StudyName,
    failed: Annotated[
        bool, typer.Option("--failed", help="Also runs that have failed by themselves.")
    ] = False,
    on: On = LOCAL,
    detach: Detach = False,
    yes: Yes = False,
) -> None:
    """
    Run cancelled or failed runs of a study again.

    Those that were cancelled or lost and, with `--failed`, those that have failed. Goes on like
    `runfleet run`, and collects the results. A calibration begins anew.
    """
    account = open_account(on)
    loaded = find_study(account, study)
    request = Request(Printer.standard(), account, loaded, study, on, detach, yes)
    if loaded.pest:
        from runfleet.cli.calibration import retry_calibration

        raise typer.Exit(retry_calibration(request))
    raise typer.Exit(_retry_runs(request, failed=failed))


def _retry_runs(request: Request, *, failed: bool) -> int:
    """Show what is to be repeated, have it done, and follow it; returns the exit code."""
    printer, study = request.printer, request.study
    submission = request.account.study(study)
    counts = submission.counts()
    runs = counts.cancelled + _failed_runs(submission, counts, by_themselves=failed)
    changes = request.account.changes(study)
    if counts.all_ended and not runs and not changes:
        advice = "; `--failed` repeats those that have failed" if counts.failed else ""
        printer.say(f"No run is to be repeated: {counts_text(counts)}{advice}.")
        return FAILED if counts.failed else 0
    if not agreed_to_changes(printer, f"Study `{study.name}`", changes, yes=request.yes):
        return FAILED
    if not agreed_to_costs(request, runs):
        return FAILED
    return submit_and_follow(
        request, lambda on_step: submission.retry(failed=failed, on_step=on_step)
    )


def _failed_runs(submission: Submission, counts: RunCounts, *, by_themselves: bool) -> int:
    """Count the failed runs that are repeated: all of them, or only those that were lost."""
    return counts.failed if by_themselves or not counts.failed else submission.lost_runs()
