"""The folder in which runfleet keeps what it has to remember."""

from __future__ import annotations

import os
from pathlib import Path


def runfleet_home() -> Path:
    """
    Find the folder: `RUNFLEET_HOME` of the environment, or else the platform's place for it.

    It need not be there yet.
    """
    chosen = os.environ.get("RUNFLEET_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    # Imported late: the agent and the emulator are told the folder.
    from platformdirs import user_data_path

    return user_data_path("runfleet", appauthor=False)
