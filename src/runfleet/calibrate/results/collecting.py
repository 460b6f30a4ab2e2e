"""What a calibration has found: tables and plots."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.results import tables as result_tables
from runfleet.calibrate.results.bounds import found_values
from runfleet.calibrate.results.history import HISTORY_COLUMNS, parameter_history
from runfleet.calibrate.results.leftovers import Leftovers
from runfleet.calibrate.results.plots import draw_plots
from runfleet.calibrate.results.pyemu import require_pyemu
from runfleet.calibrate.results.sensitivities import sensitivities
from runfleet.calibrate.results.table_names import ENDINGS, TABLES
from runfleet.launch.figures import Drawn, notes_on_missing, remove_figures
from runfleet.launch.frames import write_frame

log = logging.getLogger(__name__)

_OF_SOME_PROGRAMS = ("iteration", "model_runs", "mean", "std", "minimum", "maximum")
"""Columns that tables have only where the program tells something for them."""


@dataclass(frozen=True, slots=True)
class BestParameter:
    """
    A parameter, and the best value found for it.

    Parameters
    ----------
    name
        Its name, in small letters.
    initial, lower, upper
        As the control file has it.
    value
        The best value; of an ensemble that of its base realization, or else the mean.
    std
        How much the realizations of an ensemble differ; None if there is no ensemble.
    at_bound
        `lower` or `upper` if it is there, or nothing.
    """

    name: str
    initial: float
    lower: float
    upper: float
    value: float
    std: float | None
    at_bound: str


@dataclass(frozen=True, slots=True)
class Results:
    """
    What was made of the files of a manager.

    Parameters
    ----------
    folder
        Where the tables are.
    tables
        The CSV files; beside each is one of the same name as Parquet.
    plots
        The PNG files.
    parameters
        The adjustable parameters with the values that were found.
    phi_by_iteration
        The objective function; 0 is what it began with.
    failed_realizations
        The members of an ensemble that are lost, by their names.
    notes
        What could not be read or drawn, and why.
    """

    folder: Path
    tables: tuple[Path, ...]
    plots: tuple[Path, ...]
    parameters: tuple[BestParameter, ...]
    phi_by_iteration: dict[int, float]
    failed_realizations: tuple[str, ...]
    notes: tuple[str, ...]


def collect_results(folder: Path, case: str, to: Path) -> Results:
    """
    Make tables and plots of what a calibration has left behind, whether or not it came to its end.

    Parameters
    ----------
    folder
        The files of its manager, the control file among them.
    case
        What the control file is called, without its ending.
    to
        Where tables go; plots go into a folder `plots` there. Those of an earlier calibration are
        replaced or removed.

    Raises
    ------
    RunfleetError
        If pyemu is not installed.
    ControlError
        If the control file is not there or cannot be read.
    """
    require_pyemu()
    control_file = f"{case}.pst"
    found = find_file(folder, control_file) or folder / control_file
    left = Leftovers(folder, read_control(found))
    tables, notes = _make_tables(left)
    to.mkdir(parents=True, exist_ok=True)
    kept = {name: table for name, table in tables.items() if not table.empty}
    written = tuple(_write(to, name, table) for name, table in kept.items())
    _remove_tables(to, (name for name in TABLES if name not in kept))
    plots = tuple(draw_plots(to / "plots", kept))
    drawn = tuple(plot.path for plot in plots if isinstance(plot, Drawn))
    remove_figures(to / "plots", but=drawn)
    notes += notes_on_missing(plots)
    return Results(
        folder=to,
        tables=written,
        plots=drawn,
        parameters=_best(tables["parameters"]),
        phi_by_iteration=_phi(tables["phi"]),
        failed_realizations=_failed(tables["realizations"]),
        notes=tuple(notes),
    )


def _make_tables(left: Leftovers) -> tuple[dict[str, pd.DataFrame], list[str]]:
    notes: list[str] = []

    def attempt(name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        try:
            return make()
        # Whatever pyemu and pandas raise about a file that is cut off or was never finished.
        except Exception as error:
            log.info("table %s of case %s", name, left.control.case, exc_info=True)
            notes.append(f"`{name}` could not be made: {_first_line(error)}")
            return pd.DataFrame()

    history = attempt("parameter_history", lambda: parameter_history(left))
    if history.empty:
        history = pd.DataFrame(columns=HISTORY_COLUMNS)
    phi = attempt("phi", lambda: result_tables.phi(left))
    tables = {
        "parameters": attempt(
            "parameters",
            lambda: result_tables.parameters(left, history, is_tried=not phi.empty),
        ),
        "residuals": attempt("residuals", lambda: result_tables.residuals(left)),
        "phi": phi,
        "sensitivities": attempt("sensitivities", lambda: sensitivities(left)),
        "parameter_history": history,
        "realizations": attempt("realizations", lambda: result_tables.realizations(left)),
    }
    return tables, notes


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _write(folder: Path, name: str, table: pd.DataFrame) -> Path:
    """Write a table as CSV and as Parquet, without empty columns."""
    empty = [each for each in _OF_SOME_PROGRAMS if each in table and table[each].isna().all()]
    table = table.drop(columns=empty)
    path = folder / f"{name}.csv"
    write_frame(table, path)
    write_frame(table, path.with_suffix(".parquet"))
    return path


def _remove_tables(folder: Path, names: Iterable[str]) -> None:
    """Remove what was made of an earlier calibration, and this one does not tell."""
    for name in names:
        for ending in ENDINGS:
            (folder / f"{name}{ending}").unlink(missing_ok=True)


def _best(table: pd.DataFrame) -> tuple[BestParameter, ...]:
    if table.empty:
        return ()
    rows: list[dict[Hashable, Any]] = found_values(table).to_dict("records")
    return tuple(
        BestParameter(
            name=row["parameter"],
            initial=row["initial"],
            lower=row["lower"],
            upper=row["upper"],
            value=row["value"],
            std=None if pd.isna(row["std"]) else row["std"],
            at_bound=row["at_bound"],
        )
        for row in rows
    )


def _phi(table: pd.DataFrame) -> dict[int, float]:
    if table.empty:
        return {}
    return {int(i): float(phi) for i, phi in zip(table["iteration"], table["phi"], strict=True)}


def _failed(table: pd.DataFrame) -> tuple[str, ...]:
    if table.empty:
        return ()
    failed = table.loc[table["state"] == "failed", "realization"]
    return tuple(dict.fromkeys(failed.astype(str)))
