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
from runfleet.cli.origins import Origins
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_study, open_account
from runfleet.cli.study_files import warn
from runfleet.launch import Account
from runfleet.launch.accounts.local import LOCAL
from runfleet.study import Study

app = new_app()


@app.command(epilog=example("runfleet run study.yaml"))
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
    origins = Origins(account)
    loaded = find_study(account, study, replace=replace)
    warn(printer, loaded, account.plan_pool(loaded))
    if loaded.pest:
        from runfleet.cli.calibration import Request, run_calibration

        request = Request(printer, account, loaded, study, on, detach, yes, replace)
        raise typer.Exit(run_calibration(request))
    changes = account.changes(loaded)
    if changes and not replace:
        origins.refuse_stranger(loaded.name)
    if not agreed_to_changes(printer, f"Study `{loaded.name}`", changes, yes=yes):
        raise typer.Exit(FAILED)
    if not _agreed_to_costs(printer, account, loaded, yes=yes):
        raise typer.Exit(FAILED)
    origins.note(loaded.name, study)
    raise typer.Exit(
        submit_and_follow(
            printer,
            loaded,
            study,
            lambda on_step: account.submit(loaded, on_step=on_step),
            on=on,
            detach=detach,
        )
    )


def _agreed_to_costs(printer: Printer, account: Account, study: Study, *, yes: bool) -> bool:
    if account.is_local:
        return True
    runs = len(account.plan(study).to_run)
    return agreed_to_costs(printer, account, study, runs, yes=yes)
