"""`runfleet explain`."""

from __future__ import annotations

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, StudyName
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_submission

app = new_app()


@app.command(epilog=example("runfleet explain study.yaml"))
def explain(study: StudyName, as_json: AsJson = False) -> None:
    """Say why a study is where it is, and what to do next."""
    printer = Printer.standard()
    explanation = find_submission(study).explain()
    if as_json:
        printer.json({"sentence": explanation.sentence, "next_step": explanation.next_step})
        return
    printer.data(explanation.sentence)
    if explanation.next_step:
        printer.data(explanation.next_step)
