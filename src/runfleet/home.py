"""The folder that holds everything runfleet keeps."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def runfleet_home() -> Path:
    """
    The folder that `RUNFLEET_HOME` names, or else the platform's folder for a user's data.

    Read it once and pass it on; it need not be there yet.
    """
    named = os.environ.get("RUNFLEET_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return platformdirs.user_data_path("runfleet", appauthor=False)
