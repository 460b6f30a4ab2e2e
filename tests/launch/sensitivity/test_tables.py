"""The tables of a sensitivity study, and those of its user."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runfleet.launch.sensitivity.indices import Indices
from runfleet.launch.sensitivity.tables import write_tables

COLUMN = np.array([0.5, 0.25])
MATRIX = np.zeros((2, 2))
INDICES = Indices("q", "m", ("X", "Y"), {"ST": COLUMN}, {"S2": MATRIX}, 8, 8, "groups")


def test_tables_without_rows_are_removed(tmp_path: Path) -> None:
    written = write_tables(tmp_path, [INDICES])
    assert [path.name for path in written] == [
        "sensitivities.csv",
        "interactions.csv",
        "sensitivities.parquet",
        "interactions.parquet",
    ]
    assert write_tables(tmp_path, []) == ()
    assert [*tmp_path.iterdir()] == []


def test_a_table_of_the_user_stays(tmp_path: Path) -> None:
    """Which is there in one form alone."""
    (tmp_path / "interactions.csv").write_text("species,eats\n")
    assert write_tables(tmp_path, []) == ()
    assert (tmp_path / "interactions.csv").read_text() == "species,eats\n"
