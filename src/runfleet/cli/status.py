"""`runfleet status`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, addressed
from runfleet.cli.display import counts_text
from runfleet.cli.printer import Columns, Printer, number_column
from runfleet.cli.report import failure_facts, show_failures
from runfleet.cli.studies import find_submission, open_account
from runfleet.cli.words import sentence
from runfleet.launch import (
    Account,
    OtherAccountError,
    RecordDamagedError,
    RunCounts,
    StudyNotFoundError,
    StudySummary,
    Submission,
)
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.outages import LOOK_AGAIN, hopeful

app = new_app()


@app.command(epilog=example("runfleet status"))
@hopeful(LOOK_AGAIN)
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
    standings = list(_standings(printer, account))
    if as_json:
        printer.json([standing.facts for standing in standings])
    elif standings:
        numbers = map(number_column, ("runs", "failed", "ended"))
        columns: Columns = ("study", "state", *numbers, "submitted")
        printer.named_table(columns, [standing.row for standing in standings])
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


@dataclass(frozen=True)
class _Standing:
    """How one of several studies stands; the runs of a calibration are what its workers do."""

    summary: StudySummary
    state: str
    runs: int
    failed: int
    ended: int
    counts: dict[str, Any]

    @property
    def row(self) -> tuple[str, ...]:
        submitted = self.summary.submitted
        numbers = (f"{number:,}" for number in (self.runs, self.failed, self.ended))
        moment = f"{submitted.astimezone():%Y-%m-%d %H:%M}" if submitted else ""
        return self.summary.name, self.state, *numbers, moment

    @property
    def facts(self) -> dict[str, Any]:
        submitted = self.summary.submitted
        moment = submitted.isoformat() if submitted else None
        return {"study": self.summary.name, **self.counts, "submitted": moment}


def _standings(printer: Printer, account: Account) -> Iterator[_Standing]:
    for summary in account.studies():
        try:
            submission = account.study(summary.name)
        except OtherAccountError as error:
            printer.warning(error.message)
            continue
        except (RecordDamagedError, StudyNotFoundError) as error:
            if isinstance(error, RecordDamagedError) or error.has_jobs:  # else it just went
                printer.warning(f"{error.message}; {addressed(error.hint or '', account.name)}")
            continue
        if submission.is_calibration:
            yield _of_calibration(account, summary, submission)
        else:
            yield _of_runs(summary, submission)


def _of_runs(summary: StudySummary, submission: Submission) -> _Standing:
    counts = submission.counts()
    state = _state(counts)
    facts = {"state": state, "runs": asdict(counts)}
    return _Standing(summary, state, counts.total, counts.failed, counts.ended, facts)


def _of_calibration(account: Account, summary: StudySummary, submission: Submission) -> _Standing:
    # Imported late: studies of runs do without what calibrations need.
    from runfleet.cli.calibration import calibration_of
    from runfleet.cli.calibration_display import iteration_text

    progress = calibration_of(account, submission).look()
    pest = progress.pest
    where = iteration_text(pest)
    failed = pest.runs_failed or 0
    lowest = pest.lowest[1] if pest.lowest else pest.phi
    ended = failed + (pest.runs_done or 0)
    facts = {
        "state": progress.state,
        "iteration": pest.iteration,
        "phi": pest.phi,
        "lowest_phi": lowest if pest.is_fitting else None,
        "runs_done": pest.runs_done,
        "runs_failed": pest.runs_failed,
        "runs_running": pest.runs_running,
    }
    return _Standing(
        summary,
        f"{progress.state}, {where}" if where else progress.state,
        ended + (pest.runs_running or 0),
        failed,
        ended,
        facts,
    )


def _state(counts: RunCounts) -> str:
    if counts.all_ended:
        return "ended"
    return "running" if counts.running else "waiting"
