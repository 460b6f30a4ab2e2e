"""What a sensitivity study leaves among its results."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runfleet.launch.figures import remove_figures

SENSITIVITIES = "sensitivities"
INTERACTIONS = "interactions"

_SUFFIXES = (".csv", ".parquet")


def plots_folder(folder: Path) -> Path:
    """Name the folder of its plots, below that of the results."""
    return folder / "plots" / SENSITIVITIES


def table_paths(folder: Path) -> list[Path]:
    """Name its tables, the CSV files first."""
    return [folder / f"{name}{end}" for end in _SUFFIXES for name in (SENSITIVITIES, INTERACTIONS)]


def remove_findings(folder: Path) -> None:
    """
    Remove tables and plots: the study was one of sensitivity, and is no more.

    A table that is there in one form alone was written by somebody else, and stays.
    """
    for name in (SENSITIVITIES, INTERACTIONS):
        forms = [folder / f"{name}{suffix}" for suffix in _SUFFIXES]
        if all(form.exists() for form in forms):
            for form in forms:
                form.unlink(missing_ok=True)
    remove_figures(plots_folder(folder))
    with suppress(OSError):  # others may have put something there
        plots_folder(folder).rmdir()
