"""Study files, as users name them."""

from __future__ import annotations

from pathlib import Path

from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError
from runfleet.study import Study

_SUFFIXES = {".yaml", ".yml"}


def load_study(path: str) -> Study:
    """Read a study file; raises `RunfleetError` if there is none or it is wrong."""
    if not Path(path).is_file():
        raise RunfleetError(
            f"there is no study file `{path}`",
            hint="`runfleet init EXECUTABLE` writes one, to be edited",
        )
    return Study.load(path)


def is_study_file(study: str) -> bool:
    """Tell whether what a user calls a study is a file, and not the name of a study."""
    path = Path(study)
    return path.is_file() or path.suffix in _SUFFIXES or len(path.parts) > 1


def warn(printer: Printer, study: Study) -> None:
    """Say what a study file allows itself but probably does not mean."""
    for warning in study.warnings:
        printer.warning(warning)
