"""`runfleet explain`."""

from __future__ import annotations

from dataclasses import asdict

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, StudyName, addressed
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_submission, open_account
from runfleet.cli.words import sentence
from runfleet.launch import Account, Explanation, Submission
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import LOOK_AGAIN, hopeful

app = new_app()


@app.command(epilog=example("runfleet explain study.yaml"))
@hopeful(LOOK_AGAIN)
def explain(study: StudyName, on: On = LOCAL, as_json: AsJson = False) -> None:
    """Say why a study is where it is, and what to do next."""
    printer = Printer.standard()
    account = open_account(on)
    explanation = _explanation(account, find_submission(account, study))
    if as_json:
        printer.json(asdict(explanation))
        return
    printer.data(sentence(explanation.sentence))
    if explanation.output:
        printer.data(explanation.output)
    if explanation.next_step:
        printer.data(f"Next: {addressed(explanation.next_step, on)}.")


def _explanation(account: Account, submission: Submission) -> Explanation:
    if not submission.is_calibration:
        return submission.explain()
    # Imported late: studies of runs do without what calibrations need.
    from runfleet.cli.calibration import calibration_of

    return calibration_of(account, submission).explain()
