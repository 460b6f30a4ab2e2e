"""`runfleet cancel`."""

from __future__ import annotations

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import On, StudyName, as_typed
from runfleet.cli.display import counts_text
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_submission, open_account
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import SAME_COMMAND, hopeful

app = new_app()


@app.command(epilog=example("runfleet cancel study.yaml"))
@hopeful(SAME_COMMAND)
def cancel(study: StudyName, on: On = LOCAL) -> None:
    """Stop a study; its finished runs stay."""
    printer = Printer.standard()
    account = open_account(on)
    submission = find_submission(account, study)
    if submission.is_calibration:
        from runfleet.cli.calibration import calibration_of, cancel_calibration

        cancel_calibration(printer, calibration_of(account, submission), study, on)
        return
    counts = submission.counts()
    if counts.all_ended:
        printer.say(f"All runs have ended already: {counts_text(counts)}.")
        return
    counts = submission.cancel()
    printer.say(f"The study is cancelled: {counts_text(counts)}.")
    if counts.cancelled:
        printer.say(f"To run the rest after all: runfleet run {as_typed(study, on=on)}")
