"""`runfleet status`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import LOCAL, AsJson, On
from runfleet.cli.display import counts_text
from runfleet.cli.printer import Columns, Printer, number_column
from runfleet.cli.report import failure_facts, show_failures
from runfleet.cli.studies import find_submission, open_account
from runfleet.cli.words import sentence
from runfleet.launch import Account, RunCounts, StudyNotFoundError, StudySummary

app = new_app()


@app.command(epilog=example("runfleet status"))
def status(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="A study file, or a name; all studies if not given."),
    ] = None,
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    Show how studies stand.

    Of one study, also what its failed runs said, those that said the same together.
    """
    printer = Printer.standard()
    account = open_account(on)
    if study is not None:
        _show_study(printer, account, study, as_json=as_json)
        return
    studies = list(_counted(account))
    if as_json:
        printer.json([_facts(summary, counts) for summary, counts in studies])
    elif studies:
        columns: Columns = (
            "study",
            "state",
            *map(number_column, ("runs", "failed", "ended")),
            "submitted",
        )
        printer.table(columns, [_row(summary, counts) for summary, counts in studies])
    else:
        printer.say(f"There are no studies on account `{account.name}` yet.")


def _show_study(printer: Printer, account: Account, study: str, *, as_json: bool) -> None:
    submission = find_submission(account, study)
    if submission.is_calibration:
        from runfleet.cli.calibration import calibration_of, show_status

        show_status(printer, calibration_of(account, submission), as_json=as_json)
        return
    counts = submission.counts()
    failures = submission.failures() if counts.failed else []
    if as_json:
        facts = {"study": submission.name, "state": _state(counts), "runs": asdict(counts)}
        printer.json(facts | {"failures": failure_facts(failures)})
        return
    printer.data(f"{submission.name}: {counts.ended:,} of {counts.total:,} runs ended")
    printer.data(counts_text(counts))
    show_failures(printer, failures)
    if counts.waiting and not counts.running:
        printer.say(sentence(submission.explain().sentence))


def _counted(account: Account) -> Iterator[tuple[StudySummary, RunCounts]]:
    for summary in account.studies():
        try:
            yield summary, account.study(summary.name).counts()
        except StudyNotFoundError:  # its files were deleted, but not its jobs
            continue


def _state(counts: RunCounts) -> str:
    if counts.all_ended:
        return "ended"
    return "running" if counts.running else "waiting"


def _row(summary: StudySummary, counts: RunCounts) -> tuple[str, ...]:
    submitted = f"{summary.submitted.astimezone():%Y-%m-%d %H:%M}" if summary.submitted else ""
    numbers = (counts.total, counts.failed, counts.ended)
    return summary.name, _state(counts), *(f"{number:,}" for number in numbers), submitted


def _facts(summary: StudySummary, counts: RunCounts) -> dict[str, Any]:
    submitted = summary.submitted.isoformat() if summary.submitted else None
    return {
        "study": summary.name,
        "state": _state(counts),
        "runs": asdict(counts),
        "submitted": submitted,
    }
