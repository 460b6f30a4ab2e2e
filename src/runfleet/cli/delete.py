"""`runfleet delete`."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import DryRun, On, StudyName, Yes
from runfleet.cli.consent import agreed
from runfleet.cli.printer import Printer
from runfleet.cli.studies import find_belongings, open_account, place_of_results
from runfleet.cli.words import count_text
from runfleet.documents.errors import joined
from runfleet.errors import RunfleetError
from runfleet.launch import Account, Belongings, RecordDamagedError, StudyNotFoundError
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.deletion import going_on
from runfleet.launch.outages import SAME_COMMAND, hopeful
from runfleet.launch.place_of_results import PlaceOfResults

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
    control = _control_file(account, name)
    place = _place_of(account, name, control) if results else None
    for line in _lines(belongings, "run" if control is None else "task"):
        printer.say(line)
    if place:
        printer.say(_line_of(place))
    if agreed(printer, "Delete the study?", yes=yes, dry_run=dry_run):
        # First, as nobody knows any more where they are when the study is gone.
        if place and place.reason_to_stay is None:
            place.remove()
        account.delete(belongings)
        printer.say(f"Study `{name}` is deleted.")


def _control_file(account: Account, name: str) -> PurePosixPath | None:
    """Name that of a calibration; one that is deleted in part, or damaged, is none."""
    try:
        submission = account.study(name)
    except (StudyNotFoundError, RecordDamagedError):
        return None
    control = submission.definition.model.get("control")
    return PurePosixPath(control) if control else None


def _lines(belongings: Belongings, noun: str) -> list[str]:
    lines = [f"This deletes study `{belongings.study}`:"]
    for job, counts in belongings.jobs:
        left = going_on(job, counts)
        ends = f", of which {left:,} have not ended" if left else ""
        lines.append(f"  - job `{job.id}` with {count_text(counts.total, noun)}{ends}")
    if belongings.container:
        lines.append(f"  - container `{belongings.container}` with what its runs need and wrote")
    return lines


def _place_of(account: Account, name: str, control: PurePosixPath | None) -> PlaceOfResults | None:
    """Find the folder that results are usually collected in; None if it is not there."""
    file = account.origins.file_of(name)
    if file is None:
        raise RunfleetError(
            f"it is not known where the results of study `{name}` were collected",
            hint="leave out `--results`, and delete the folder yourself",
        )
    place = place_of_results(file.parent, name, control)
    return place if os.path.lexists(place.path) else None


def _line_of(place: PlaceOfResults) -> str:
    path = place.path
    if reason := place.reason_to_stay:
        return f"`{path}` stays: {reason}."
    if path.is_symlink():
        return f"  - link `{path}`; what it leads to stays: `{path.resolve()}`"
    if place.added:
        added = joined([f"`{name}`" for name in place.added])
        return f"  - what was collected in folder `{path}`; what else is there stays: {added}"
    return f"  - folder `{path}`"
