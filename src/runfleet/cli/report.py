"""What is said at the end of a study: its failures, its results, and where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runfleet.cli.arguments import on_option
from runfleet.cli.display import counts_text, failure_text, runs_text
from runfleet.cli.printer import Columns, Printer, number_column
from runfleet.cli.sensitivities import sensitivity_facts, show_sensitivities
from runfleet.cli.words import count_text, value_text
from runfleet.launch import Collected, FailureGroup, RunCounts
from runfleet.launch.collecting import LackingResult
from runfleet.launch.run_files import CollectedFiles
from runfleet.launch.table import TableShape, read_succeeded
from runfleet.program_text import decoded
from runfleet.study import Study
from runfleet.study.nearest_lines import nearest_line
from runfleet.study.pool import is_windows
from runfleet.study.results import PatternSource
from runfleet.study.units import with_unit

_SHOWN_FAILURES = 10
_ENOUGH_TO_VARY = 3
_READ_BYTES = 10_000_000


@dataclass(frozen=True)
class Ending:
    """
    How a study ended, or where it stands, with its results collected.

    Parameters
    ----------
    counts
        Its runs by state.
    collected
        Where its results are.
    failures
        Its failed runs, grouped.
    account
        Where it ran.
    is_unchanged
        Whether nothing was to be run.
    """

    counts: RunCounts
    collected: Collected
    failures: Sequence[FailureGroup]
    account: str
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """
    The numbers of one result, over all runs that have it.

    Parameters
    ----------
    unit
        For people.
    runs
        How many runs have the result.
    min, median, max
        None where no run has it.
    """

    unit: str
    runs: int
    min: float | None = None
    median: float | None = None
    max: float | None = None


def show_failures(printer: Printer, groups: Sequence[FailureGroup]) -> None:
    """Tell what failed runs said, those that said the same together."""
    for group in groups[:_SHOWN_FAILURES]:
        printer.failure(failure_text(group))
    if len(groups) > _SHOWN_FAILURES:
        printer.failure(f"and {len(groups) - _SHOWN_FAILURES} other kinds of failures")


def show_ending(printer: Printer, ending: Ending) -> None:
    """Tell people how a study ended, and programs where its results are."""
    counts, collected, study = ending.counts, ending.collected, ending.collected.study
    printer.say(f"{count_text(counts.total, 'run')}: {counts_text(counts)}.")
    if ending.is_unchanged:
        printer.say("Nothing has changed since, so none was run again.")
    show_failures(printer, ending.failures)
    if counts.failed:
        _show_ways_on(printer, study.name, ending.account)
    summaries = summarise_results(collected)
    _show_results(printer, summaries)
    if collected.sensitivities is None:  # they say so themselves
        _show_constants(printer, study, summaries)
    _show_lacking(printer, collected)
    names = [collected.csv.name, collected.parquet.name]
    if collected.sensitivities:
        show_sensitivities(printer, collected.sensitivities)
        names += [table.name for table in collected.sensitivities.tables]
    for note in collected.notes:
        printer.say(note)
    plots = len(_all_plots(collected))
    names += [count_text(plots, "plot")] if plots else []
    printer.say(f"Results: {', '.join(names)}, and the files of each run, in")
    printer.data(str(shortest(collected.folder)))


def ending_facts(ending: Ending) -> dict[str, Any]:
    """Tell the same to programs."""
    collected = ending.collected
    return {
        "study": collected.study.name,
        "runs": asdict(ending.counts),
        "folder": str(collected.folder),
        "csv": str(collected.csv),
        "parquet": str(collected.parquet),
        "plots": [str(plot) for plot in _all_plots(collected)],
        "new_runs": collected.new_runs,
        "missing_results": collected.missing_results,
        "lacking": [asdict(group) for group in collected.lacking],
        "notes": list(collected.notes),
        "results": {
            name: asdict(summary) for name, summary in summarise_results(collected).items()
        },
        **sensitivity_facts(collected.sensitivities),
        "failures": failure_facts(ending.failures),
    }


def failure_facts(groups: Sequence[FailureGroup]) -> list[dict[str, Any]]:
    """Groups of failures for programs."""
    return [asdict(group) for group in groups]


def summarise_results(collected: Collected) -> dict[str, ResultSummary]:
    """Find the least, the middle and the greatest number of each result of runs that succeeded."""
    columns = TableShape.of(collected.study).result_columns()
    if not columns:
        return {}
    table = read_succeeded(collected.parquet, columns.values())
    units = {result.name: result.unit for result in collected.study.results}
    return {
        name: _summary(table.column(column).drop_null().to_numpy(), units[name])
        for name, column in columns.items()
    }


def shortest(path: Path) -> Path:
    """The path relative to the current folder, if it is below it."""
    here = Path.cwd()
    whole = path.absolute()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


def _show_constants(printer: Printer, study: Study, summaries: Mapping[str, ResultSummary]) -> None:
    """Doubt results that are the same in all runs, though a parameter varies."""
    if all(parameter.is_fixed for parameter in study.parameters):
        return
    for name, summary in summaries.items():
        if summary.runs >= _ENOUGH_TO_VARY and summary.min == summary.max:
            printer.warning(
                f"`{name}` is {value_text(summary.min)} in all {summary.runs:,} runs that have it: "
                "it does not depend on the parameters, or is read from the wrong place"
            )


def _show_lacking(printer: Printer, collected: Collected) -> None:
    """Tell why runs that succeeded lack results; the column `error` has it of each run."""
    groups = collected.lacking
    for group in groups[:_SHOWN_FAILURES]:
        example = "" if group.is_same else ", such as"
        runs = runs_text(group.runs, group.count)
        without = f"result `{group.result}`: {count_text(group.count, 'run')} without"
        printer.warning(f"{without}{example}: {group.reason} ({runs})")
        if near := _nearest_line(collected.study, collected.folder, group):
            printer.say(near)
    if len(groups) > _SHOWN_FAILURES:
        printer.warning(f"{len(groups) - _SHOWN_FAILURES} other kinds are in the column `error`")


def _nearest_line(study: Study, folder: Path, group: LackingResult) -> str | None:
    """Show what the first of the runs has in place of what a pattern looks for."""
    result = next(result for result in study.results if result.name == group.result)
    if not isinstance(result.source, PatternSource):
        return None
    files = CollectedFiles(folder / "runs", ignores_case=is_windows(study.pool.image))
    content = files.read("", group.runs[0], result.file)
    text = decoded((content or b"")[:_READ_BYTES])
    line = nearest_line(result.source.pattern.pattern, text)
    return f"In `{result.file}` of {group.runs[0]} is: {line}" if line else None


def _show_ways_on(printer: Printer, name: str, account: str) -> None:
    on = on_option(account)
    printer.say(f"To see what a failed run wrote: runfleet logs {name}{on}")
    printer.say(f"To run the failed ones again: runfleet retry {name} --failed{on}")


def _all_plots(collected: Collected) -> tuple[Path, ...]:
    found = collected.sensitivities
    return (*collected.plots, *found.plots) if found else collected.plots


def _summary(numbers: Any, unit: str) -> ResultSummary:
    if not numbers.size:
        return ResultSummary(unit, 0)
    ordered = sorted(map(float, numbers))
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    middle = low if low == high else low / 2 + high / 2  # the sum may be infinite
    return ResultSummary(unit, len(ordered), ordered[0], middle, ordered[-1])


def _show_results(printer: Printer, summaries: Mapping[str, ResultSummary]) -> None:
    if not summaries:
        return
    columns: Columns = ["result", *map(number_column, ("runs", "min", "median", "max"))]
    rows = [
        [
            with_unit(name, summary.unit),
            f"{summary.runs:,}",
            *(value_text(number) for number in (summary.min, summary.median, summary.max)),
        ]
        for name, summary in summaries.items()
    ]
    printer.talk_table(columns, rows)
