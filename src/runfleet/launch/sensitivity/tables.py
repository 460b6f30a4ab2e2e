"""The indices of a study as tables, CSV and Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.launch.frames import write_frame
from runfleet.launch.sensitivity.files import (
    INTERACTIONS,
    SENSITIVITIES,
    remove_table,
    table_paths,
)
from runfleet.launch.sensitivity.indices import Indices

if TYPE_CHECKING:
    from pandas import DataFrame


def write_tables(folder: Path, found: Sequence[Indices]) -> tuple[Path, ...]:
    """
    Write `sensitivities.csv`, a row for each result and parameter, and the same as Parquet.

    Where pairs of parameters have indices, they are a row each in `interactions.csv`.  Tables that
    are there and would have no row now are removed.

    Returns
    -------
    paths
        What was written, the CSV files first.
    """
    tables = {
        SENSITIVITIES: [row for indices in found for row in sensitivity_rows(indices)],
        INTERACTIONS: [row for indices in found for row in interaction_rows(indices)],
    }
    for name in tables:
        if not tables[name]:
            remove_table(folder, name)
    paths = tuple(path for path in table_paths(folder) if tables[path.stem])
    for path in paths:
        write_frame(_frame(tables[path.stem]), path)
    return paths


def sensitivity_rows(indices: Indices) -> Iterator[dict[str, object]]:
    """Make the row of each parameter, in the order of the study."""
    for number, parameter in enumerate(indices.parameters):
        columns = {name: float(values[number]) for name, values in indices.columns.items()}
        yield {
            "result": indices.result,
            "parameter": parameter,
            **columns,
            "used": indices.used,
        }


def interaction_rows(indices: Indices) -> Iterator[dict[str, object]]:
    """Make the row of each pair of parameters."""
    names = indices.parameters
    for one, other in indices.pairs():
        columns = {name: float(both[one, other]) for name, both in indices.interactions.items()}
        yield {
            "result": indices.result,
            "parameter": names[one],
            "other": names[other],
            **columns,
            "used": indices.used,
        }


def _frame(rows: Sequence[Mapping[str, object]]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)
