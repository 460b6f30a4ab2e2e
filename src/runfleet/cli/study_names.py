"""What users call studies by: the path of a study file, or the name of a study."""

from __future__ import annotations

from pathlib import Path

STUDY_SUFFIXES = frozenset({".yaml", ".yml"})
"""How the names of study files end."""


def is_study_file(study: str) -> bool:
    """Tell whether what a user calls a study is a file, and not the name of a study."""
    return Path(study).is_file() or not could_be_name(study)


def is_missing_file(study: str) -> bool:
    """Tell whether what a user calls a study can only be a file, and there is none."""
    return not could_be_name(study) and not Path(study).is_file()


def could_be_name(study: str) -> bool:
    """Tell whether a study may be called so: an executable beside it often is, too."""
    path = Path(study)
    return path.suffix not in STUDY_SUFFIXES and len(path.parts) == 1 and study != ".."
