"""`runfleet results`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, StudyName
from runfleet.cli.display import open_display
from runfleet.cli.following import collect_ending
from runfleet.cli.printer import Printer
from runfleet.cli.report import ending_facts, show_ending
from runfleet.cli.request import Request
from runfleet.cli.studies import find_study, open_account, results_folder
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import SAME_COMMAND, hopeful

app = new_app()


@app.command(epilog=example("runfleet results study.yaml"))
@hopeful(SAME_COMMAND)
def results(
    study: StudyName,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="The folder; `results/STUDY/` beside the study file if not given."
        ),
    ] = None,
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    Collect the results of a study, whether or not it has ended.

    The folder gets a table with a row for each run, `runs.csv` and `runs.parquet`, the outputs and
    logs of each run in `runs/`, and plots of each result against each parameter in `plots/`. What
    is there already is not fetched again.
    """
    printer = Printer.standard()
    account = open_account(on)
    loaded = find_study(account, study)
    if loaded.pest:
        from runfleet.cli.calibration import collect_calibration

        collect_calibration(Request(printer, account, loaded, study, on), to, as_json=as_json)
        return
    submission = account.study(loaded)
    counts = submission.counts()
    with open_display(printer, loaded.name) as display:
        folder = to or results_folder(loaded.folder, loaded.name)
        ending = collect_ending(display, submission, counts, folder, on)
    if as_json:
        printer.json(ending_facts(ending))
    else:
        show_ending(printer, ending)
