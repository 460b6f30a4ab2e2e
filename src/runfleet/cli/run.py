"""`runfleet run`."""

from __future__ import annotations

from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import Detach, On, StudyName, Yes
from runfleet.cli.consent import agreed_to_changes
from runfleet.cli.costs import agreed_to_costs
from runfleet.cli.failures import FAILED
from runfleet.cli.following import submit_and_follow
from runfleet.cli.printer import Printer
from runfleet.cli.request import Request
from runfleet.cli.studies import find_study, open_account
from runfleet.cli.study_files import warn
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import SAME_COMMAND, hopeful

app = new_app()


@app.command(epilog=example("runfleet run study.yaml"))
@hopeful(SAME_COMMAND)
def run(
    study: StudyName,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of another file's study.")
    ] = False,
    on: On = LOCAL,
    detach: Detach = False,
    yes: Yes = False,
) -> None:
    """
    Run a study, and collect its results.

    Called again, it goes on where it was interrupted; runs that have succeeded are not done again
    unless the study has changed, which is shown first. The results come into `results/STUDY/`
    beside the study file. Ctrl-C leaves the runs going. Exit code 1 if runs have failed.

    A study whose name is that of another file's is refused, unless it is to `--replace` that one:
    what the other's runs wrote then stays in the storage only.

    A calibration is watched until its manager has ended.

    On an Azure account it shows what it will make there, and asks.
    """
    printer = Printer.standard()
    account = open_account(on)
    loaded = find_study(account, study)
    warn(printer, loaded, account, account.plan_pool(loaded))
    request = Request(printer, account, loaded, study, on, detach, yes, replace)
    if loaded.pest:
        from runfleet.cli.calibration import run_calibration

        raise typer.Exit(run_calibration(request))
    raise typer.Exit(_run(request))


def _run(request: Request) -> int:
    """Show what has changed and what it may cost, submit and follow it; returns the exit code."""
    account, study = request.account, request.study
    changes = account.changes(study, replace=request.replace)
    if not agreed_to_changes(request.printer, f"Study `{study.name}`", changes, yes=request.yes):
        return FAILED
    if not _agreed_to_costs(request):
        return FAILED
    return submit_and_follow(
        request, lambda on_step: account.submit(study, replace=request.replace, on_step=on_step)
    )


def _agreed_to_costs(request: Request) -> bool:
    account = request.account
    if account.is_local:
        return True
    plan = account.plan(request.study, replace=request.replace)
    return agreed_to_costs(request, len(plan.to_run))
