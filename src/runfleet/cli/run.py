"""`runfleet run`."""

from __future__ import annotations

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import Detach, StudyName
from runfleet.cli.following import submit_and_follow
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_study, open_account, remember_file
from runfleet.cli.study_files import warn

app = new_app()


@app.command(epilog=example("runfleet run study.yaml"))
def run(study: StudyName, detach: Detach = False) -> None:
    """
    Run a study, and collect its results.

    Called again, it goes on where it was interrupted; runs that have succeeded are not done again
    unless the study has changed. The results come into `results/STUDY/` beside the study file.
    Ctrl-C leaves the runs going. Exit code 1 if runs have failed.
    """
    printer = Printer.standard()
    account = open_account()
    loaded = find_study(account, study)
    warn(printer, loaded)
    remember_file(account, loaded, study)
    raise typer.Exit(
        submit_and_follow(
            printer,
            loaded,
            study,
            lambda on_step: account.submit(loaded, on_step=on_step),
            detach=detach,
        )
    )
