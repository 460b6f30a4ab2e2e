"""Studies on the account, as users name them: by their file, or by their name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from runfleet.cli.printer import Printer
from runfleet.cli.study_files import file_called, load_study
from runfleet.cli.study_names import could_be_name, is_study_file
from runfleet.errors import RunfleetError
from runfleet.home import runfleet_home
from runfleet.launch import (
    Account,
    Belongings,
    RecordDamagedError,
    StudyNotFoundError,
    Submission,
)
from runfleet.launch.accounts.connecting import access_to
from runfleet.launch.accounts.keys import AskKey
from runfleet.launch.place_of_results import PlaceOfResults
from runfleet.launch.results_folder import ResultsFolder
from runfleet.study import Study, StudyError
from runfleet.study.files import RESULTS_FOLDER


def open_account(name: str) -> Account:
    """Open an account; the emulator behind `local` starts as soon as it is asked for anything."""
    home = runfleet_home()
    return Account(name, home, access_to(name, home, key_prompt()))


def key_prompt() -> AskKey | None:
    """How to ask for a key; None where nobody is at a terminal."""
    printer = Printer.standard()
    if not printer.is_interactive:
        return None
    return lambda title: printer.ask_secret(f"The {title}")


def find_submission(account: Account, study: str) -> Submission:
    """Find a study on the account, by its name or its file."""
    with _file_beside(study):
        return account.study(_named(account, study))


def find_belongings(account: Account, study: str) -> Belongings:
    """Find out what a study has on the account, by its name or its file."""
    with _file_beside(study):
        return account.belongings(_named(account, study))


def find_study(account: Account, study: str) -> Study:
    """
    Load a study from its file, or from the file that it was last submitted from.

    Parameters
    ----------
    account, study
        Where it is or will be, and how the user names it.

    Raises
    ------
    RunfleetError
        If there is no such file, or the account does not know the study.
    """
    if _is_file(account, study):
        return load_study(study)
    with _file_beside(study):
        account.study(study)
    return load_by_name(account, study)


def load_to_look_at(account: Account, study: str) -> Study:
    """Load a study from its file, or from the one that is noted; the account is not asked."""
    is_noted = could_be_name(study) and account.origins.file_of(study) is not None
    if is_noted and not Path(study).is_file():
        return load_by_name(account, study)
    return load_study(study)


def load_by_name(account: Account, study: str) -> Study:
    """
    Load a study from the file that it was last submitted from.

    Raises
    ------
    RunfleetError
        If that file is not known, is not there, or is one of another study by now.
    """
    file = account.origins.file_of(study)
    if file is None:
        raise _file_not_found(f"it is not known which file study `{study}` was submitted from")
    if not file.is_file():
        raise _file_not_found(f"`{file}`, the file of study `{study}`, is not there any more")
    loaded = load_study(str(file))
    if loaded.name != study:
        raise _file_not_found(
            f"`{file}` is the file of study `{loaded.name}` now, not of `{study}`"
        )
    return loaded


def results_folder(folder: Path, name: str) -> Path:
    """Where the results of a study are collected: beside its file, which is in `folder`."""
    return folder / RESULTS_FOLDER / name


def place_of_results(folder: Path, study: str, control: PurePosixPath | None) -> PlaceOfResults:
    """
    Tell where the results of a study are collected, unless somebody asks for another place.

    Parameters
    ----------
    folder
        That of the study file.
    study
        Its name.
    control
        The control file of a calibration; None for a study of runs.
    """
    results = results_folder(folder, study)
    if control is None:
        return ResultsFolder(results, study)
    # Imported late: most studies are none.
    from runfleet.calibrate.manager_folder import ManagerFolder

    return ManagerFolder(results, study, control)


@contextmanager
def _file_beside(study: str) -> Iterator[None]:
    """Where there is no study of a name, but a study file, say so."""
    try:
        yield
    except StudyNotFoundError as error:
        if not error.has_jobs and (file := file_called(study)):
            error.hint = f"name the study file: `{file}`"
        raise


def _is_file(account: Account, study: str) -> bool:
    """Tell whether a study is named by its file: a file of a study's name may be its model."""
    return is_study_file(study) and not (could_be_name(study) and _is_known(account, study))


def _is_known(account: Account, study: str) -> bool:
    try:
        account.study(study)
    except StudyNotFoundError:
        return False
    except RecordDamagedError:
        return True
    return True


def _named(account: Account, study: str) -> Study | str:
    """
    Load the file that a study is named by; else there is only its name.

    A study is found, too, when its file has become wrong meanwhile: its runs can be stopped all the
    same.
    """
    if not _is_file(account, study):
        return study
    try:
        return load_study(study)
    except StudyError:
        name = account.origins.study_from(study)
        if name is None:
            raise
        return name


def _file_not_found(what: str) -> RunfleetError:
    return RunfleetError(what, hint="name the study file instead of the study")
