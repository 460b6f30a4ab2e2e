"""The files that PEST and PEST++ leave behind, read through pyemu wherever it has a reader."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from runfleet.calibrate.fortran_numbers import WRITTEN, as_number
from runfleet.calibrate.results.pyemu import require_pyemu

_ITERATION = re.compile(r"ITERATION NO\.\s*(\d+)")
_SENSITIVITY = re.compile(rf"\s+(\S+)\s+\S+\s+({WRITTEN})\s+({WRITTEN})\s*")
_END_OF_ITERATIONS = "COMPLETION OF OPTIMISATION"
_BINARY = (".jcb", ".jco", ".bin")


def numbered_files(folder: Path, pattern: str) -> Iterator[tuple[int, Path]]:
    """
    Find files that are numbered by iteration, in the order of their numbers.

    Parameters
    ----------
    folder
        Where they are.
    pattern
        A regular expression for the whole name, in any case, whose group is the number.
    """
    wanted = re.compile(pattern, re.IGNORECASE)
    found = ((wanted.fullmatch(path.name), path) for path in folder.iterdir())
    yield from sorted((int(match[1]), path) for match, path in found if match)


def read_parameter_values(path: Path) -> pd.Series[float]:
    """Read a file of parameter values, `.par`: the value of each parameter by its name."""
    table = require_pyemu().pst_utils.read_parfile(str(path))
    values: pd.Series[float] = table["parval1"].astype(str).map(as_number).astype(float)
    values.index = table["parnme"].astype(str).str.lower()
    return values


def read_residuals(path: Path) -> pd.DataFrame:
    """Read a file of residuals, `.res` or `.rei`: a row an observation, in the file's columns."""
    with warnings.catch_warnings():  # pyemu's use of pandas is none of the user's business
        warnings.simplefilter("ignore", FutureWarning)
        table: pd.DataFrame = require_pyemu().pst_utils.read_resfile(str(path))
    return table.reset_index(drop=True)


def read_ensemble(path: Path) -> pd.DataFrame:
    """Read an ensemble, `.csv` or `.jcb`: a row a realization, a column a name."""
    table: pd.DataFrame
    if path.suffix.lower() in _BINARY:
        table = require_pyemu().Matrix.from_binary(str(path)).to_dataframe()
    else:
        table = pd.read_csv(path, index_col=0, low_memory=False)
    table.index = table.index.astype(str).str.lower()
    table.columns = table.columns.astype(str).str.lower()
    return table.astype(float)


def read_jacobian(path: Path) -> pd.DataFrame:
    """Read a Jacobian matrix, `.jco` or `.jcb`: a row an observation, a column a parameter."""
    table: pd.DataFrame = require_pyemu().Jco.from_binary(str(path)).to_dataframe()
    table.index = table.index.str.lower()
    table.columns = table.columns.str.lower()
    return table


def read_sensitivity_record(path: Path) -> pd.DataFrame:
    """
    Read a record of composite sensitivities, `.sen`, for which pyemu has no reader.

    Returns
    -------
    table
        Columns `iteration`, `parameter`, `value` at its beginning, and `sensitivity`.
    """
    rows: list[tuple[int, str, float, float]] = []
    iteration: int | None = None
    for line in path.read_text(encoding="latin-1").splitlines():
        if _END_OF_ITERATIONS in line:
            break
        if header := _ITERATION.search(line):
            iteration = int(header[1])
        elif iteration is not None and (row := _SENSITIVITY.fullmatch(line)):
            value, sensitivity = as_number(row[2]), as_number(row[3])
            if value is not None and sensitivity is not None:
                rows.append((iteration, row[1].lower(), value, sensitivity))
    return pd.DataFrame(rows, columns=["iteration", "parameter", "value", "sensitivity"])


def read_columns(path: Path) -> pd.DataFrame:
    """Read a table with a line of column names, which are put in small letters."""
    table = pd.read_csv(path, skipinitialspace=True)
    table.columns = table.columns.astype(str).str.strip().str.lower()
    return table
