"""`runfleet delete`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import DryRun, On, StudyName, Yes
from runfleet.cli.consent import agreed
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_belongings, open_account, results_folder
from runfleet.cli.words import count_text
from runfleet.errors import RunfleetError
from runfleet.launch import Account, Belongings, RecordDamagedError, StudyNotFoundError
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.deletion import going_on
from runfleet.launch.outages import SAME_COMMAND, hopeful

app = new_app()


@app.command(epilog=example("runfleet delete study.yaml --dry-run"))
@hopeful(SAME_COMMAND)
def delete(
    study: StudyName,
    results: Annotated[
        bool, typer.Option("--results", help="Also the results that were collected.")
    ] = False,
    on: On = LOCAL,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """
    Delete a study with its jobs and files.

    What its runs wrote is then nowhere but in its folder of results, if `runfleet results` has
    brought it there. That folder stays, unless you say `--results`.
    """
    printer = Printer.standard()
    account = open_account(on)
    belongings = find_belongings(account, study)
    name = belongings.study
    folder = _results_of(account, name) if results else None
    noun = "task" if _is_calibration(account, name) else "run"
    for line in _lines(belongings, noun, folder):
        printer.say(line)
    if agreed(printer, "Delete the study?", yes=yes, dry_run=dry_run):
        account.delete(belongings)
        printer.say(f"Study `{name}` is deleted.")
        if folder:
            _remove(folder)


def _is_calibration(account: Account, name: str) -> bool:
    """Tell whether a study is a calibration; one that is deleted in part, or damaged, is none."""
    try:
        return account.study(name).is_calibration
    except (StudyNotFoundError, RecordDamagedError):
        return False


def _lines(belongings: Belongings, noun: str, results: Path | None) -> list[str]:
    lines = [f"This deletes study `{belongings.study}`:"]
    for job, counts in belongings.jobs:
        left = going_on(job, counts)
        ends = f", of which {left:,} have not ended" if left else ""
        lines.append(f"  - job `{job.id}` with {count_text(counts.total, noun)}{ends}")
    if belongings.container:
        lines.append(f"  - container `{belongings.container}` with what its runs need and wrote")
    if results and results.is_symlink():
        lines.append(f"  - link `{results}`; what it leads to stays: `{results.resolve()}`")
    elif results and results.exists():
        lines.append(f"  - folder `{results}`")
    return lines


def _results_of(account: Account, name: str) -> Path:
    file = account.origins.file_of(name)
    if file is None:
        raise RunfleetError(
            f"it is not known where the results of study `{name}` were collected",
            hint="leave out `--results`, and delete the folder yourself",
        )
    return results_folder(file.parent, name)


def _remove(results: Path) -> None:
    """Remove a folder of results; where it is a link, only that: others may use what is there."""
    if results.is_symlink():
        results.unlink()
    elif results.exists():
        shutil.rmtree(results)
