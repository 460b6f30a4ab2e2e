"""Whether a study file that asks for a calibration asks for one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runfleet.documents.document import Document, Place
from runfleet.documents.mistakes import Mistakes
from runfleet.documents.validation import empty_key, located
from runfleet.study.files import existing_file, inner_file
from runfleet.study.forms import StudyForm
from runfleet.study.pest import Pest

_CONTROL: Place = ("pest", "control")
_COMMAND: Place = ("model", "command")
_COMMAND_TEXT = "the command line of a run, as you would type it into a terminal"


def load_pest(form: StudyForm, document: Document, folder: Path) -> Pest | None:
    """
    Make the calibration, whose control file is there; None for a study of runs.

    Raises
    ------
    StudyError
        If the control file is missing, or the study file has keys that are for runs.
    """
    if form.pest is None:
        _demand_command(form, document)
        return None
    control = form.pest.control
    with Mistakes() as mistakes:
        mistakes.add(document.error(*found) for found in _for_runs_only(form))
        mistakes.of(located, document, _CONTROL, existing_file, folder, control)
    return form.pest.pest(located(document, _CONTROL, inner_file, control))


def _demand_command(form: StudyForm, document: Document) -> None:
    if form.model.command is not None:
        return
    if _COMMAND in document.lines:
        raise empty_key(document, _COMMAND, f"fill it in: {_COMMAND_TEXT}")
    raise document.error(
        ("model",), "`model`: the key `command` is missing", f"add `command:`, {_COMMAND_TEXT}"
    )


def _for_runs_only(form: StudyForm) -> Iterator[tuple[Place, str, str]]:
    """Find what a calibration has elsewhere, and say where."""
    model = form.model
    if model.command is not None:
        yield (
            _COMMAND,
            "a calibration has the model's command in its control file",
            "remove `command`: it stands there, in the section `* model command line`",
        )
    if model.overlays:
        hint = "remove `overlays`; template files stand in `* model input/output`"
        yield ("model", "overlays"), "a calibration has its templates in its control file", hint
    if model.mpi is not None:
        what = "a calibration hands out runs that have one node, not several"
        yield ("model", "mpi"), what, "remove `mpi`, or start the processes in the model's command"
    if model.retries:
        hint = "write `restarts` under `pest`, for workers that die"
        yield ("model", "retries"), "a calibration has no retries of single runs", hint
    for key in ("parameters", "design", "results", "run_name"):
        if getattr(form, key):
            what = f"`pest` and `{key}` do not go together"
            hint = f"remove `{key}`: a calibration has what it needs in its control file"
            yield (key,), what, hint
