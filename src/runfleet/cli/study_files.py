"""Study files, as users name them."""

from __future__ import annotations

from pathlib import Path

from runfleet.cli.printer import Printer
from runfleet.cli.study_names import STUDY_SUFFIXES
from runfleet.errors import RunfleetError
from runfleet.launch import Account, PoolPlan
from runfleet.launch.checks import find_oddities
from runfleet.nearest_word import nearest
from runfleet.study import Study


def load_study(path: str) -> Study:
    """Read a study file; raises `RunfleetError` if there is none or it is wrong."""
    if not path:
        raise RunfleetError("the name of the study is empty", hint="name a study file")
    if Path(path).is_dir():
        raise RunfleetError(f"`{path}` is a folder", hint=_hint_of_folder(Path(path)))
    if not (Path(path).exists() or Path(path).is_symlink()):
        raise RunfleetError(f"there is no study file `{path}`", hint=_hint_of_missing(Path(path)))
    return Study.load(path)


def file_called(name: str) -> Path | None:
    """Find the study file here that is called as a study, but for its suffix."""
    return next((file for file in _study_files(Path()) if file.stem == name), None)


def _hint_of_folder(folder: Path) -> str:
    files = _study_files(folder)
    if not files:
        return "name a study file; `runfleet init EXECUTABLE` writes one"
    return f"name the study file in it: `{files[0]}`"


def _hint_of_missing(path: Path) -> str:
    by_stem = {file.stem: file for file in _study_files(path.parent)}
    meant = nearest(path.stem, by_stem)
    if meant is None:
        return "`runfleet init EXECUTABLE` writes one, to be edited"
    return f"did you mean `{by_stem[meant]}`?"


def _study_files(folder: Path) -> list[Path]:
    found = (file for file in folder.glob("*.*") if file.suffix in STUDY_SUFFIXES)
    return sorted(file for file in found if file.is_file())


def warn(printer: Printer, study: Study, account: Account, pool: PoolPlan) -> None:
    """Say what a study file allows itself but probably does not mean on an account."""
    for warning in (*study.warnings, *find_oddities(study, pool, account.search_path())):
        printer.warning(warning)
