"""What a sensitivity study leaves among its results."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runfleet.launch.figures import remove_figures

SENSITIVITIES = "sensitivities"
INTERACTIONS = "interactions"
TABLES = (SENSITIVITIES, INTERACTIONS)

_SUFFIXES = (".csv", ".parquet")


def plots_folder(folder: Path) -> Path:
    """Name the folder of its plots, below that of the results."""
    return folder / "plots" / SENSITIVITIES


def table_paths(folder: Path) -> list[Path]:
    """Name its tables, the CSV files first."""
    return [folder / f"{name}{end}" for end in _SUFFIXES for name in TABLES]


def remove_table(folder: Path, name: str) -> None:
    """Remove a table in both forms; one that is there in one alone was written by somebody else."""
    forms = [folder / f"{name}{suffix}" for suffix in _SUFFIXES]
    if all(form.exists() for form in forms):
        for form in forms:
            form.unlink(missing_ok=True)


def remove_findings(folder: Path) -> None:
    """Remove tables and plots: the study was one of sensitivity, and is no more."""
    for name in TABLES:
        remove_table(folder, name)
    remove_figures(plots_folder(folder))
    with suppress(OSError):  # others may have put something there
        plots_folder(folder).rmdir()
