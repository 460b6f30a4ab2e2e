"""The table of a study: a row a run, as CSV and as Parquet."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from runfleet.azure import TaskInfo
from runfleet.launch import names
from runfleet.launch.last_words import one_line
from runfleet.launch.outcomes import Outcome, RunState
from runfleet.launch.run_files import RunFiles, failure_message
from runfleet.program_text import decoded
from runfleet.storage.files import written_whole
from runfleet.study import Run, Study
from runfleet.study.errors import ResultError
from runfleet.study.result_files import as_pattern
from runfleet.study.results import Result
from runfleet.study.values import Value, as_text

if TYPE_CHECKING:
    import pyarrow

FIRST_COLUMNS = ("run", "state", "exit_code", "start_time", "end_time", "seconds")
ERROR_COLUMN = "error"

_BATCH_BYTES = 1 << 22
_LONGEST_INTEGER = 63


@dataclass(frozen=True, slots=True)
class Row:
    """
    One run in the table.

    Parameters
    ----------
    run
        The run.
    outcome
        What has become of it; None before it has a task.
    results
        The numbers found, by name.
    error
        Why it failed, or why a number is missing.
    lacking
        Why each number is missing that it should have, by name; of a run that has succeeded.
    """

    run: Run
    outcome: Outcome | None
    results: Mapping[str, float]
    error: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> RunState:
        """The state of the run."""
        return self.outcome.state if self.outcome else RunState.WAITING


@dataclass
class TableShape:
    """
    The columns of a study's table.

    Parameters
    ----------
    parameters, results
        The names of the study's columns between our first ones and the last.
    kinds
        The types of the values seen so far, by parameter.
    """

    parameters: tuple[str, ...]
    results: tuple[str, ...]
    kinds: dict[str, set[type]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> TableShape:
        """Lay out the table of a study."""
        parameters = tuple(parameter.name for parameter in study.parameters)
        results = tuple(result.name for result in study.results)
        return cls(parameters, results, {name: set() for name in parameters})

    @property
    def header(self) -> list[str]:
        """The names of all columns; one that two would have is marked for the later of them."""
        names = list(FIRST_COLUMNS)
        for kind, added in (("parameter", self.parameters), ("result", self.results)):
            for name in added:
                names.append(_told_apart(name, kind, {*names, ERROR_COLUMN}))
        return [*names, ERROR_COLUMN]

    def observe(self, sample: Mapping[str, Value]) -> None:
        """Note the types of a run's values."""
        for name, value in sample.items():
            self.kinds[name].add(_kind(value))

    @property
    def texts(self) -> Iterator[str]:
        """The columns of parameters whose values are texts."""
        columns = self.parameter_columns()
        return (columns[name] for name, kinds in self.kinds.items() if str in kinds)

    def parameter_columns(self) -> dict[str, str]:
        """Tell the column of each parameter."""
        start = len(FIRST_COLUMNS)
        columns = self.header[start : start + len(self.parameters)]
        return dict(zip(self.parameters, columns, strict=True))

    def result_columns(self) -> dict[str, str]:
        """Tell the column of each result."""
        start = len(FIRST_COLUMNS) + len(self.parameters)
        return dict(zip(self.results, self.header[start:-1], strict=True))

    def is_number(self, parameter: str) -> bool:
        """Tell whether all values of a parameter are numbers."""
        return self.kinds[parameter] <= {int, float}


def _kind(value: Value) -> type:
    """Tell the type by which a table holds a value: Parquet has no whole numbers of any length."""
    is_long = type(value) is int and value.bit_length() > _LONGEST_INTEGER
    return float if is_long else type(value)


def _told_apart(name: str, kind: str, taken: Set[str]) -> str:
    while name in taken:
        name = f"{kind}_{name}"
    return name


def make_rows(
    study: Study, outcomes: Mapping[str, Outcome], files: RunFiles, unkept: Collection[str] = ()
) -> Iterator[Row]:
    """
    Make the row of each run, in the order of the study.

    Parameters
    ----------
    study
        The study.
    outcomes
        What has become of its runs.
    files
        Their output files.
    unkept
        Outputs that were not asked for when the runs were submitted.
    """
    for run in study.runs():
        outcome = outcomes.get(run.name)
        if outcome is None or not outcome.state.has_ended:
            yield Row(run, outcome, {})
        else:
            yield _ended_row(study.results, run, outcome, files, unkept)


def write_csv(path: Path, shape: TableShape, rows: Iterable[Row]) -> None:
    """Write the table as CSV, whole or not at all; the shape learns the types of its columns."""
    with written_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(_LineFeeds(file), lineterminator=_LineFeeds.REPLACED)
        writer.writerow(shape.header)
        for row in rows:
            shape.observe(row.run.sample)
            writer.writerow(_cells(shape, row))


class _LineFeeds:
    """
    A file whose lines end as those of Linux do, for a writer that ends them as DOS does.

    Python's writer puts a text in quotes for a character of its own line ends alone; readers take
    a lone carriage return for the end of a row, too.
    """

    REPLACED = "\r\n"

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix(self.REPLACED) + "\n")


def write_parquet(path: Path, shape: TableShape, table: Path) -> None:
    """
    Write the table as Parquet, block by block.

    Parameters
    ----------
    path
        The file to make.
    shape
        As it was when the CSV file had been written.
    table
        The CSV file.
    """
    import pyarrow.csv
    from pyarrow.parquet import ParquetWriter

    reader = pyarrow.csv.open_csv(
        table,
        read_options=pyarrow.csv.ReadOptions(block_size=_BATCH_BYTES, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=_arrow_types(shape), strings_can_be_null=True, null_values=[""]
        ),
    )
    with written_whole(path) as partial, ParquetWriter(partial, reader.schema) as writer:
        for batch in reader:
            writer.write_table(_with_empty_texts(pyarrow.Table.from_batches([batch]), shape.texts))


def _with_empty_texts(table: pyarrow.Table, columns: Iterable[str]) -> pyarrow.Table:
    """Take nothing for an empty text in some columns; in all others it is nothing."""
    for name in columns:
        position = table.column_names.index(name)
        table = table.set_column(position, name, table.column(name).fill_null(""))
    return table


def read_succeeded(table: Path, columns: Iterable[str]) -> pyarrow.Table:
    """
    Read columns of the runs that have succeeded; numbers that others left say nothing of the model.

    Parameters
    ----------
    table
        The Parquet file.
    columns
        Their names.
    """
    # It takes its time, and most commands do without.
    from pyarrow.parquet import read_table

    succeeded = [("state", "==", RunState.SUCCEEDED.value)]
    return read_table(table, columns=list(columns), filters=succeeded)


def _ended_row(
    results: Iterable[Result], run: Run, outcome: Outcome, files: RunFiles, unkept: Collection[str]
) -> Row:
    found: dict[str, float] = {}
    missing: dict[str, str] = {}
    texts: dict[str, str | None] = {}
    for result in results:
        if result.file not in texts:
            texts[result.file] = _text(files.read(outcome.job_id, run.name, result.file))
        try:
            found[result.name] = _extract(result, texts[result.file], unkept)
        except ResultError as error:
            missing[result.name] = error.message
    if outcome.failed is None:
        reasons = (one_line(f"{name}: {reason}") for name, reason in missing.items())
        return Row(run, outcome, found, "; ".join(reasons), missing)
    return Row(run, outcome, found, _failure(outcome.failed, outcome.job_id, files))


def _extract(result: Result, text: str | None, unkept: Collection[str]) -> float:
    if text is None and as_pattern(result.file) in unkept:
        raise ResultError(f"`{result.file}` was not kept")
    if text is None:
        raise ResultError(f"there is no file `{result.file}`")
    return result.extract(text)


def _failure(task: TaskInfo, job_id: str, files: RunFiles) -> str:
    stderr, stdout = (
        _text(files.read(job_id, task.id, log)) or "" for log in (names.STDERR, names.STDOUT)
    )
    return failure_message(task, stderr, stdout)


def _text(content: bytes | None) -> str | None:
    return None if content is None else decoded(content)


def _cells(shape: TableShape, row: Row) -> list[str]:
    outcome = row.outcome
    seconds = outcome.seconds if outcome else None
    return [
        row.run.name,
        row.state.value,
        "" if outcome is None or outcome.exit_code is None else str(outcome.exit_code),
        _time_text(outcome.started if outcome else None),
        _time_text(outcome.ended if outcome else None),
        "" if seconds is None else f"{seconds:.6f}",
        *[as_text(value) for value in row.run.sample.values()],
        *[repr(row.results[name]) if name in row.results else "" for name in shape.results],
        row.error,
    ]


def _time_text(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else ""


def _arrow_types(shape: TableShape) -> dict[str, Any]:
    import pyarrow as arrow

    moment = arrow.timestamp("us", tz="UTC")
    types = [arrow.string(), arrow.string(), arrow.int64(), moment, moment, arrow.float64()]
    types += [_arrow_type(shape.kinds[name]) for name in shape.parameters]
    types += [arrow.float64() for _ in shape.results]
    return dict(zip(shape.header, [*types, arrow.string()], strict=True))


def _arrow_type(kinds: set[type]) -> Any:
    import pyarrow as arrow

    if kinds <= {int}:
        return arrow.int64()
    if kinds <= {int, float}:
        return arrow.float64()
    return arrow.bool_() if kinds == {bool} else arrow.string()
