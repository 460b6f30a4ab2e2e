"""Studies on the account, as users name them."""

from __future__ import annotations

from runfleet.cli.study_files import is_study_file, load_study
from runfleet.home import runfleet_home
from runfleet.launch import Account, Submission, connect


def study_name(study: str) -> str:
    """Tell the name of a study from its file, if it is one, or from its name."""
    return load_study(study).name if is_study_file(study) else study


def open_account() -> Account:
    """Connect to the account, whose emulator starts if it is not running."""
    return connect(home=runfleet_home())


def find_submission(study: str) -> Submission:
    """Find a study on the account by its file or its name."""
    name = study_name(study)
    return open_account().study(name)
