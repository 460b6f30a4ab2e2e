"""Studies on the account, as users name them: by their file, or by their name."""

from __future__ import annotations

from pathlib import Path

from runfleet.cli.printer import Printer
from runfleet.cli.study_files import is_study_file, load_study
from runfleet.errors import RunfleetError
from runfleet.home import runfleet_home
from runfleet.launch import Account, Submission, connect
from runfleet.launch.accounts.keys import AskKey
from runfleet.study import Study, StudyError


def open_account(name: str) -> Account:
    """Connect to an account; the emulator behind `local` starts if it is not running."""
    return connect(name, home=runfleet_home(), ask_key=key_prompt())


def key_prompt() -> AskKey | None:
    """How to ask for a key; None where nobody is at a terminal."""
    printer = Printer.standard()
    if not printer.is_interactive:
        return None
    return lambda title: printer.ask_secret(f"The {title}")


def find_submission(account: Account, study: str) -> Submission:
    """
    Find a study on the account.

    One that is named by its file is found, too, when the file has become wrong meanwhile: its runs
    can be stopped all the same.
    """
    if not is_study_file(study):
        return account.study(study)
    try:
        return account.study(load_study(study))
    except StudyError:
        name = _submitted_from(account, study)
        if name is None:
            raise
        return account.study(name)


def find_study(account: Account, study: str) -> Study:
    """
    Load a study from its file, or from the file that it was last submitted from.

    Raises
    ------
    RunfleetError
        If there is no such file, or the account does not know the study.
    """
    if is_study_file(study):
        return load_study(study)
    account.study(study)
    file = _memory(account, study)
    loaded = load_study(file.read_text(encoding="utf-8")) if file.exists() else None
    if loaded is None or loaded.name != study:
        raise RunfleetError(
            f"it is not known which file study `{study}` was submitted from",
            hint="name the study file instead of the study",
        )
    return loaded


def remember_file(account: Account, study: Study, path: str) -> None:
    """Note which file a study is submitted from, so that its name will do later on."""
    memory = _memory(account, study.name)
    if is_study_file(path):
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(str(Path(path).absolute()), encoding="utf-8")


def warn_of_namesake(printer: Printer, account: Account, study: Study, path: str) -> None:
    """Say so if another file was submitted under this study's name: it takes that one's place."""
    memory = _memory(account, study.name)
    other = Path(memory.read_text(encoding="utf-8")) if memory.exists() else None
    if other and other.is_file() and is_study_file(path) and not other.samefile(path):
        printer.warning(
            f"study `{study.name}` was last submitted from `{other}`, and takes its place; "
            "with another name (`study: NAME`) both are kept"
        )


def results_folder(study: Study) -> Path:
    """Where the results of a study are collected: beside its file."""
    return study.folder / "results" / study.name


def _submitted_from(account: Account, path: str) -> str | None:
    """Name the study that was last submitted from a file."""
    file = str(Path(path).absolute())
    memories = _memory(account, "").parent.glob("*.file")
    found = (memory.stem for memory in memories if memory.read_text(encoding="utf-8") == file)
    return next(found, None)


def _memory(account: Account, study: str) -> Path:
    return account.home / "studies" / account.name / f"{study}.file"
