"""The table of a study, as other programs read it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from pyarrow.parquet import read_table

from runfleet.launch.table import Row, TableShape, write_csv, write_parquet
from runfleet.study import Run


def write_tables(folder: Path, texts: Sequence[str]) -> tuple[Path, Path]:
    shape = TableShape(("SITE",), (), {"SITE": set()})
    runs = (Run(number, f"r{number}", {"SITE": text}, {}) for number, text in enumerate(texts))
    table, parquet = folder / "runs.csv", folder / "runs.parquet"
    write_csv(table, shape, (Row(run, None, {}) for run in runs))
    write_parquet(parquet, shape, table)
    return table, parquet


@pytest.mark.parametrize(
    "text",
    [
        "upper\rlower",
        "\r",
        "\r\n",
        "\n\r",
        "two\nlines",
        'a "quote", a comma',
        "\x0b\x0c\x1a\x1b\x85",
    ],
)
def test_a_text_of_any_characters_is_one_cell(tmp_path: Path, text: str) -> None:
    """Also to readers that take a lone carriage return for the end of a row."""
    texts = [text, "plain", text]
    table, parquet = write_tables(tmp_path, texts)
    with table.open(newline="", encoding="utf-8") as file:
        assert [row["SITE"] for row in csv.DictReader(file)] == texts
    assert pd.read_csv(table)["SITE"].tolist() == texts
    assert read_table(parquet)["SITE"].to_pylist() == texts


def test_rows_end_as_lines_of_linux_do(tmp_path: Path) -> None:
    table, _ = write_tables(tmp_path, ["one", "two"])
    assert table.read_bytes().count(b"\n") == 3
    assert b"\r" not in table.read_bytes()
