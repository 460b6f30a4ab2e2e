"""Rows of a CSV file that hold no sample: units, names of columns that stand there again, notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from runfleet.study.errors import StudyError
from runfleet.study.parameters import Parameter
from runfleet.study.table_rows import COMMENT
from runfleet.study.unit_lines import is_about_columns, is_number
from runfleet.study.values import Value, as_text

Row = tuple[int, tuple[Value, ...]]
"""The line of a row, and its values."""


def refuse_odd_rows(rows: Iterable[Row], columns: Sequence[Parameter], file: Path) -> Iterator[Row]:
    """
    Pass on the rows of a table, and refuse those that would be taken for samples and are none.

    Parameters
    ----------
    rows
        The rows.
    columns
        The parameters that they have values for; of one that is declared every value is checked.
    file
        The table, for messages.

    Raises
    ------
    StudyError
        About the first such row; at the end where only all other rows tell that it is one.
    """
    free = [number for number, one in enumerate(columns) if one.distribution is None]
    names = [columns[number].name for number in free]
    first = _FirstRow(file)
    for line, values in rows:
        cells = [values[number] for number in free]
        texts = [cell for cell in cells if isinstance(cell, str)]
        if texts:
            _refuse_names(cells, names, line, file)
            _refuse_note(texts[0], line, file)
        first.compare(line, cells, texts)
        yield line, values
    first.refuse_names()


def _refuse_names(cells: Sequence[Value], names: Sequence[str], line: int, file: Path) -> None:
    if cells == names:
        what = "the names of the columns stand here again"
        raise StudyError(what, file=file, line=line, hint="remove this row")


def _refuse_note(text: str, line: int, file: Path) -> None:
    if text.startswith(COMMENT) and is_number(text.lstrip(f"{COMMENT} ")):
        what = f"a run would get the text `{text}`: a `{COMMENT}` begins no comment here"
        raise StudyError(what, file=file, line=line, hint="remove this row")


class _FirstRow:
    """The first row of a table, which is none of samples if it alone has texts, or has units."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._line = 0
        self._texts: Sequence[str] = ()
        self._count = 0

    def compare(self, line: int, cells: Sequence[Value], texts: Sequence[str]) -> None:
        """Look at the next row."""
        self._count += 1
        if self._count == 1 and len(texts) == len(cells):
            self._line, self._texts = line, texts
        elif self._texts:
            self._compare(cells, texts)

    def _compare(self, cells: Sequence[Value], texts: Sequence[str]) -> None:
        if len(texts) < len(cells) and is_about_columns(self._texts, [*map(as_text, cells)]):
            self._refuse("remove it, and write units under `parameters`: `NAME: {unit: m}`")
        if texts:
            self._texts = ()

    def refuse_names(self) -> None:
        """Tell a row of texts above nothing but numbers; one text may be a sample of its own."""
        if len(self._texts) > 1 and self._count > 1:
            self._refuse("remove it, or list the values that the columns may have: `values: [...]`")

    def _refuse(self, hint: str) -> None:
        what = f"the first row has `{self._texts[0]}` where others have numbers"
        raise StudyError(what, file=self.file, line=self._line, hint=hint)
