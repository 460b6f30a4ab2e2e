"""What can go wrong on the way of a study to an account and back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runfleet.errors import RunfleetError
from runfleet.launch.advice import operands
from runfleet.nearest_word import nearest


class LaunchError(RunfleetError):
    """A study could not be taken to an account, or not back."""


class AccountError(LaunchError):
    """The account is not known, or cannot be reached."""


class NotAStudyError(LaunchError):
    """
    What was given is no `Study`.

    Parameters
    ----------
    given
        What it is instead; text and paths are shown, of anything else the type.
    """

    def __init__(self, given: object) -> None:
        shown = str(given) if isinstance(given, str | Path) else type(given).__name__
        file = f'"{shown}"' if Path(shown).suffix else "FILE"
        super().__init__(
            f"`{shown}` is no study", hint=f"give the study itself: `Study.load({file})`"
        )


def demand_study(given: object) -> None:
    """Refuse what is no study; raises `NotAStudyError`."""
    # Imported late: an emulator starts while studies are imported.
    from runfleet.study import Study

    if not isinstance(given, Study):
        raise NotAStudyError(given)


class StudyNotFoundError(LaunchError):
    """
    The account has never seen the study, or it has been deleted.

    Parameters
    ----------
    study
        Its name.
    account
        Where it was looked for.
    known
        The studies that have jobs there; should it be among them, it lacks its record.
    file
        Its file, where that was given: then its name is no slip.

    Attributes
    ----------
    has_jobs
        Whether only its record is lacking.
    """

    def __init__(
        self, study: str, account: str, known: Iterable[str] = (), file: Path | None = None
    ) -> None:
        with_jobs = list(known)
        self.has_jobs = study in with_jobs
        if self.has_jobs:
            what = (
                f"account `{account}` has jobs of study `{study}`, but its record is not in the "
                "storage any more"
            )
            hint = f"`runfleet delete {study}` removes them; then `runfleet run FILE` begins anew"
        else:
            what = f"account `{account}` has no study `{study}`"
            hint = _how_to_start(file) if file else _nearest_study(study, with_jobs)
        super().__init__(what, hint=hint)
        self.study = study
        self.account = account


def _how_to_start(file: Path) -> str:
    return f"start it with `runfleet run {operands(str(file))}`"


def _nearest_study(study: str, known: Iterable[str]) -> str:
    meant = nearest(study, known)
    if meant:
        return f"did you mean `{meant}`?"
    return "start it with `runfleet run FILE`; `runfleet status` lists all there are"


class OtherAccountError(LaunchError):
    """
    The storage account has a study of that name already, which is one of another Batch account.

    Parameters
    ----------
    study
        Its name.
    batch_account
        Whose it is.
    place
        The storage account.
    """

    def __init__(self, study: str, batch_account: str, place: str) -> None:
        super().__init__(
            f"the study `{study}` in storage account {place} is one of another Batch account, "
            f"`{batch_account}`",
            hint="give this one another name, `study: NAME`, or one of the two Batch accounts "
            "another storage account",
        )
        self.study = study
        self.batch_account = batch_account
        self.place = place


class RecordDamagedError(LaunchError):
    """
    What the account remembers of the study cannot be read, as after a crash of the machine.

    Parameters
    ----------
    study
        Its name.
    blob, container, place
        What is damaged, and in which storage account.
    """

    def __init__(self, study: str, blob: str, container: str, place: str) -> None:
        super().__init__(
            f"the record of study `{study}` is damaged: `{blob}` in container `{container}` of "
            f"storage account {place}",
            hint=f"`runfleet delete {study}` removes the study with its jobs and files; then "
            "`runfleet run FILE` begins anew",
        )
        self.study = study


class NameTakenError(LaunchError):
    """The name of a study is that of another one, whose place it would take."""


class SubmittedElsewhereError(LaunchError):
    """
    Somebody else submitted the study at the same time.

    Parameters
    ----------
    study
        Its name.
    outcome
        What has become of this submission.
    """

    def __init__(self, study: str, outcome: str = "nothing of this one was submitted") -> None:
        super().__init__(
            f"study `{study}` was submitted from elsewhere at the same time; {outcome}",
            hint="the same command again shows what would change, and goes on",
        )
        self.study = study


class RunNotFoundError(LaunchError):
    """The study has no run of that name, or nothing of it has reached the storage yet."""


class RunSupersededError(LaunchError):
    """
    The run that was followed counts no more: its study was submitted again meanwhile.

    Parameters
    ----------
    study, run
        Their names.
    is_left_out
        Whether the study has no such run any more; otherwise it is done anew.
    """

    def __init__(self, study: str, run: str, *, is_left_out: bool) -> None:
        what = "is left out" if is_left_out else "is done anew"
        super().__init__(
            f"study `{study}` was submitted again meanwhile, and run `{run}` {what}",
            hint=None if is_left_out else f"`runfleet logs -f {operands(study, run)}` follows it",
        )
        self.study = study
        self.run = run


class StudyDeletedError(LaunchError):
    """
    The study was there, and has been deleted.

    Parameters
    ----------
    study
        Its name.
    """

    def __init__(self, study: str) -> None:
        super().__init__(
            f"study `{study}` has been deleted", hint="`runfleet run FILE` starts it again"
        )
        self.study = study


class StudySupersededError(LaunchError):
    """
    What is asked of a study would undo what was submitted of it since.

    Parameters
    ----------
    study
        Its name.
    """

    def __init__(self, study: str) -> None:
        super().__init__(
            f"another version of study `{study}` was submitted since; to run this one again would "
            "undo that",
            hint="come back to the other by `account.study(Study.load(FILE))`, or submit this one "
            "again by `account.submit(study)`",
        )
        self.study = study


class StudyFileNeededError(LaunchError):
    """
    What is asked for cannot be done with a study's name alone.

    Parameters
    ----------
    study
        Its name.
    purpose
        What it is needed for: "to collect results".
    """

    def __init__(self, study: str, purpose: str) -> None:
        super().__init__(
            f"{purpose}, the study file of `{study}` is needed",
            hint="come back to it by `account.study(Study.load(FILE))`",
        )
        self.study = study
