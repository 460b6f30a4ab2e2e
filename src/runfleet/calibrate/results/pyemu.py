"""The library that reads PEST's files, which comes as an extra."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

from runfleet.errors import RunfleetError


def require_pyemu() -> Any:
    """
    Load pyemu, which takes half a second and is not everybody's.

    Raises
    ------
    RunfleetError
        If it is not installed.
    """
    # What pandas warns pyemu of is nothing that users could mend.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyemu")
    try:
        return import_module("pyemu")
    except ImportError as error:
        raise RunfleetError(
            "the results of calibrations are read with `pyemu`, which is not installed",
            hint="`pip install 'runfleet[pest]'` installs it",
        ) from error
