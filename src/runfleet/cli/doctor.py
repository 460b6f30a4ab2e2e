"""`runfleet doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.text import Text

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, addressed
from runfleet.cli.failures import FAILED
from runfleet.cli.printer import Printer
from runfleet.cli.studies import load_to_look_at, open_account
from runfleet.launch.accounts.account import Account
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.doctor import Finding, Verdict, examine_account, examine_study

app = new_app()

_STYLES = {Verdict.OK: "green", Verdict.WARNING: "bold yellow", Verdict.ERROR: "bold red"}
_VERDICT_WIDTH = max(map(len, Verdict))
_SUBJECT_WIDTH = len("endpoint")


@app.command(epilog=example("runfleet doctor study.yaml"))
def doctor(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A study file, or the name of a study; none at all for the account alone.",
        ),
    ] = None,
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    Look at all that a study needs on its account, before it costs anything.

    The endpoint and the clock, the login, the storage account, the image, the size of machine, the
    quotas, the packages and the signed URLs; of a calibration, also its control file, places for
    its workers and the port of its manager. A line each, and how to mend what is wrong. Exit code 1
    if something will go wrong.
    """
    account = open_account(on)
    raise typer.Exit(report(_findings(account, study), on, as_json=as_json))


def report(findings: Iterable[Finding], account: str, *, as_json: bool) -> int:
    """Print findings on an account as they come, or all as JSON; returns the exit code."""
    printer = Printer.standard()
    seen: list[Finding] = []
    for found in findings:
        finding = replace(found, remedy=addressed(found.remedy, account))
        seen.append(finding)
        if not as_json:
            printer.show(_line(finding))
    if as_json:
        printer.json([asdict(finding) for finding in seen])
    return FAILED if any(finding.verdict is Verdict.ERROR for finding in seen) else 0


def _findings(account: Account, study: str | None) -> Iterator[Finding]:
    loaded = load_to_look_at(account, study) if study else None
    yield from examine_account(account)
    if loaded:
        yield from examine_study(account, loaded)
    if loaded and loaded.pest:
        # Imported late: studies of runs do without what calibrations need.
        from runfleet.calibrate.examining import examine_calibration

        yield from examine_calibration(account, loaded)


def _line(finding: Finding) -> Text:
    remedy = f"\n{' ' * _VERDICT_WIDTH}  Remedy: {finding.remedy}" if finding.remedy else ""
    return Text.assemble(
        (finding.verdict.value.ljust(_VERDICT_WIDTH), _STYLES[finding.verdict]),
        f"  {finding.subject.ljust(_SUBJECT_WIDTH)}  {finding.text}{remedy}",
    )
