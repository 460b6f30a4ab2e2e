"""Tables in memory, on their way into files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.storage.files import written_whole

if TYPE_CHECKING:
    import pandas as pd


def write_frame(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or as Parquet, as the file is called, whole or not at all."""
    with written_whole(path) as partial:
        if path.suffix == ".csv":
            table.to_csv(partial, index=False, lineterminator="\n")
        else:
            table.to_parquet(partial, index=False)
