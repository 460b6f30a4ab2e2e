"""Study files, as users name them."""

from __future__ import annotations

from pathlib import Path

from runfleet.cli.printer import Printer
from runfleet.cli.study_names import STUDY_SUFFIXES
from runfleet.errors import RunfleetError
from runfleet.launch import PoolPlan
from runfleet.launch.checks import find_oddities
from runfleet.study import Study


def load_study(path: str) -> Study:
    """Read a study file; raises `RunfleetError` if there is none or it is wrong."""
    if Path(path).is_dir():
        raise RunfleetError(f"`{path}` is a folder", hint=_hint_of_folder(Path(path)))
    if not Path(path).is_file():
        raise RunfleetError(
            f"there is no study file `{path}`",
            hint="`runfleet init EXECUTABLE` writes one, to be edited",
        )
    return Study.load(path)


def _hint_of_folder(folder: Path) -> str:
    files = sorted(file for file in folder.iterdir() if file.suffix in STUDY_SUFFIXES)
    if not files:
        return "name a study file; `runfleet init EXECUTABLE` writes one"
    return f"name the study file in it: `{files[0]}`"


def warn(printer: Printer, study: Study, pool: PoolPlan) -> None:
    """Say what a study file allows itself but probably does not mean."""
    for warning in (*study.warnings, *find_oddities(study, pool)):
        printer.warning(warning)
