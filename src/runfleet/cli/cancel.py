"""`runfleet cancel`."""

from __future__ import annotations

import shlex

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import StudyName
from runfleet.cli.display import counts_text
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_submission, open_account

app = new_app()


@app.command(epilog=example("runfleet cancel study.yaml"))
def cancel(study: StudyName) -> None:
    """Stop a study; its finished runs stay."""
    printer = Printer.standard()
    counts = find_submission(open_account(), study).cancel()
    printer.say(f"The study is cancelled: {counts_text(counts)}.")
    if counts.cancelled:
        printer.say(f"To run the rest after all: runfleet run {shlex.quote(study)}")
