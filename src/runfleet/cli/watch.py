"""`runfleet watch`."""

from __future__ import annotations

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import On, StudyName, as_typed
from runfleet.cli.display import counts_text, open_display
from runfleet.cli.following import exit_code, follow, leaving, ways_on
from runfleet.cli.printer import Printer
from runfleet.cli.report import show_failures
from runfleet.cli.studies import find_submission, open_account
from runfleet.cli.words import count_text
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import SAME_COMMAND, hopeful

app = new_app()


@app.command(epilog=example("runfleet watch study.yaml"))
@hopeful(SAME_COMMAND)
def watch(study: StudyName, on: On = LOCAL) -> None:
    """
    Watch the runs of a study until they have ended.

    Ctrl-C leaves the runs going. Exit code 1 if runs have failed.
    """
    printer = Printer.standard()
    account = open_account(on)
    submission = find_submission(account, study)
    if submission.is_calibration:
        from runfleet.cli.calibration import to_be_watched, watch_calibration

        raise typer.Exit(watch_calibration(printer, to_be_watched(account, submission), study, on))
    name = as_typed(study, on=on)
    with open_display(printer, submission.name) as display, leaving(printer, *ways_on(name)):
        counts = follow(display, submission)
    printer.say(f"{count_text(counts.total, 'run')}: {counts_text(counts)}.")
    show_failures(printer, submission.failures() if counts.failed else [])
    printer.say(f"To collect the results: runfleet results {name}")
    raise typer.Exit(exit_code(counts))
