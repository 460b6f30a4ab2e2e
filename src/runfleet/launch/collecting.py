"""From the storage to a folder of results."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from runfleet.launch import names
from runfleet.launch.any_case import in_any_case
from runfleet.launch.figures import Drawn, NotDrawn, notes_on_missing, remove_figures
from runfleet.launch.folder_index import (
    LACKING,
    FolderIndex,
    account_line,
    job_of,
    mark_lines,
    open_index,
    owner_line,
)
from runfleet.launch.grouping import Groups
from runfleet.launch.last_words import one_line
from runfleet.launch.outcomes import Outcome, RunState
from runfleet.launch.plots import MOST_PLOTS, choose_plots, draw_plots
from runfleet.launch.results_folder import ResultsFolder
from runfleet.launch.run_files import CollectedFiles
from runfleet.launch.sensitivity.files import remove_findings
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.launch.table import Row, TableShape, make_rows, write_csv, write_parquet
from runfleet.storage import Blob, Storage
from runfleet.study import Study
from runfleet.study.pool import is_windows
from runfleet.study.sensitivity import SensitivityDesign

if TYPE_CHECKING:
    from runfleet.launch.sensitivity.findings import Sensitivities

T = TypeVar("T")

_NAMED_RUNS = 100
_NAMED_LETTERS = 10
_BLOCK_RUNS = 200


@dataclass(frozen=True)
class LackingResult:
    """
    Runs that have succeeded and lack a number for the same reason.

    Parameters
    ----------
    result
        The name of the number.
    reason
        Why the first of them lacks it.
    count
        How many there are.
    runs
        The first of them, by name.
    is_same
        Whether the reason is the same for all in the same words.
    """

    result: str
    reason: str
    count: int
    runs: tuple[str, ...]
    is_same: bool


@dataclass(frozen=True)
class Collected:
    """
    A folder of results.

    Parameters
    ----------
    folder
        Where it is; the folders of the runs are in `runs` there.
    study
        Whose it is, with the samples that the runs were submitted with.
    new_runs
        How many runs have come in addition.
    csv, parquet
        The table, a row a run.
    plots
        The plots.
    missing_results
        How many runs have succeeded but lack a number that the study asks for.
    lacking
        Why they do, those with the same reason together, the largest group first.
    requeues
        How often runs had to begin again because their node was taken away; it costs no retry.
    notes
        What is worth knowing: plots that were left out, for example.
    sensitivities
        How the results depend on the parameters, if the design is made for that.
    """

    folder: Path
    study: Study
    new_runs: int
    csv: Path
    parquet: Path
    plots: tuple[Path, ...] = ()
    missing_results: int = 0
    lacking: tuple[LackingResult, ...] = ()
    requeues: int = 0
    notes: tuple[str, ...] = ()
    sensitivities: Sensitivities | None = None


@dataclass
class Collector:
    """
    Collects the results of one study in one folder.

    Parameters
    ----------
    study
        The study.
    account
        On which account it is, by its name.
    storage
        The account's.
    folder
        Where the results go.
    on_step
        Is told how far it is.
    jobs
        Tells for each run in which job it is done, or was.
    new_outputs
        Those that the study has had only since its runs were submitted: they were not kept.
    """

    study: Study
    account: str
    storage: Storage
    folder: ResultsFolder
    on_step: OnStep
    jobs: Callable[[], Mapping[str, str]]
    new_outputs: Collection[str] = ()
    _missing_results: int = field(default=0, init=False)
    _lacking: Groups[str] = field(default_factory=lambda: Groups(_NAMED_RUNS), init=False)

    def collect(self, outcomes: Mapping[str, Outcome]) -> Collected:
        """
        Bring the folder up to date; what is there already is not fetched again.

        Parameters
        ----------
        outcomes
            What has become of the runs.

        Raises
        ------
        LaunchError
            If the folder cannot be written to.
        """
        with self.folder.open() as index:
            return self._collect(outcomes, index)

    def collect_files(self, outcomes: Mapping[str, Outcome]) -> None:
        """
        Fetch what some of the runs have left, and leave all else to `collect`.

        Parameters
        ----------
        outcomes
            What has become of these runs.

        Raises
        ------
        LaunchError
            If the folder cannot be written to, or another process collects there just now.
        """
        with replace(self.folder, patience=0).open() as index:
            self._fetch_files(outcomes, index)

    def _collect(self, outcomes: Mapping[str, Outcome], index: FolderIndex) -> Collected:
        new_runs = self._fetch_files(outcomes, index)
        csv, parquet, shape = self._write_tables(outcomes)
        found = self._find_sensitivities(parquet, shape)
        plots, notes = self._draw_plots(parquet, shape, found)
        moved = self._note_account(index)
        return Collected(
            self.folder.path,
            self.study,
            new_runs,
            csv,
            parquet,
            plots,
            self._missing_results,
            tuple(self._lacking_results()),
            requeues=sum(outcome.requeues for outcome in outcomes.values()),
            notes=(*moved, *notes, *self._unmatched(outcomes)),
            sensitivities=found,
        )

    def _note_account(self, index: FolderIndex) -> tuple[str, ...]:
        """Say it once where the results of another account were here."""
        before = index.account
        if before == self.account:
            return ()
        with open_index(self.folder.path) as lines:
            lines.write(account_line(self.account))
        if before is None:
            return ()
        told = (
            f"the folder had the results on `{before}`, and has those on `{self.account}` now; "
            f"`runfleet results {self.study.name} --on {before}` brings the others back"
        )
        return (told,)

    def _unmatched(self, outcomes: Mapping[str, Outcome]) -> Iterator[str]:
        """Name the outputs that no run has left: a pattern may be mistyped, or name a folder."""
        succeeded = (run for run, one in outcomes.items() if one.state is RunState.SUCCEEDED)
        example = next(succeeded, None)
        if example is None:
            return
        for output in self.study.model.outputs:
            pattern, shown = self._spelled(output.pattern), output.pattern
            # What is required is there wherever a run has succeeded.
            places = example if output.required else "*"
            if any(self.folder.runs.glob(f"{places}/{pattern}")):
                continue
            if shown in self.new_outputs:
                yield (
                    f"`{shown}` was not kept, as the study file did not ask for it when the runs "
                    "were submitted; `runfleet run` runs what has changed"
                )
            elif output.required and "**" not in pattern and "[" not in shown:
                yield f"no run has left a file `{shown}`: to keep a folder, write `{shown}/**`"
            else:
                yield f"no run has left anything that matches the output `{shown}`"

    def _spelled(self, pattern: str) -> str:
        """Let a pattern match names in any case, if it was matched so on the nodes."""
        if not self._is_for_windows or "[" in pattern:
            return pattern
        return in_any_case(pattern)

    @cached_property
    def _is_for_windows(self) -> bool:
        return is_windows(self.study.pool.image)

    def _fetch_files(self, outcomes: Mapping[str, Outcome], index: FolderIndex) -> int:
        known = self._collected_before(index)
        removed = self._outdated(known, outcomes)
        ended = sum(one.has_files for one in outcomes.values())
        wanted = {
            name: one
            for name, one in outcomes.items()
            if one.has_files and known.get(name) != one.mark
        }
        done = ended - len(wanted)
        with open_index(self.folder.path) as lines:
            if index.study is None:
                lines.write(owner_line(self.study.name))
            # Before any file comes or goes: an interruption leaves no folder that passes for whole.
            lines.write(mark_lines((run, LACKING) for run in wanted.keys() | removed))
            for run in (wanted.keys() & known.keys()) | removed:
                shutil.rmtree(self.folder.runs / run, ignore_errors=True)
            for block in _in_blocks(self._listed(wanted), _BLOCK_RUNS):
                self.storage.get_files(self._container, self._files_of(wanted, block))
                lines.write(mark_lines((run, wanted[run].mark) for run, _ in block))
                done += len(block)
                self.on_step(Step(StepName.COLLECTING, done, ended))
        return len(wanted)

    def _outdated(self, known: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> set[str]:
        """
        Find the runs that are here and have yet to be done again, or that the study no longer has.

        Also those of which an interruption has left a part.  All this would be taken for what the
        study asks for now.
        """
        lacking = {
            run: mark
            for run, mark in known.items()
            if not (run in outcomes and outcomes[run].has_files)
        }
        outdated = lacking.keys() & outcomes.keys()
        unknown = lacking.keys() - outdated
        jobs = self.jobs() if unknown else {}
        return outdated | {run for run in unknown if jobs.get(run) != job_of(lacking[run])}

    def _collected_before(self, index: FolderIndex) -> dict[str, str]:
        """Leave out the runs whose folders somebody has deleted meanwhile."""
        folders = set(os.listdir(self.folder.runs))
        return {run: mark for run, mark in index.marks.items() if run in folders}

    def _listed(self, wanted: Mapping[str, Outcome]) -> Iterator[tuple[str, list[Blob]]]:
        runs_of: dict[str, list[str]] = {}
        for run, outcome in wanted.items():
            runs_of.setdefault(outcome.job_id, []).append(run)
        for job_id, runs in runs_of.items():
            yield from self.storage.list_folders(self._container, names.runs_prefix(job_id), runs)

    def _files_of(
        self, wanted: Mapping[str, Outcome], listed: Iterable[tuple[str, list[Blob]]]
    ) -> Iterator[tuple[Blob, str]]:
        """Name the file of each blob, below the folder of its run, which is made."""
        runs_folder = os.fspath(self.folder.runs)
        for run, blobs in listed:
            folder = f"{runs_folder}/{run}"
            with suppress(FileExistsError):
                os.mkdir(folder)
            prefix = len(names.run_prefix(wanted[run].job_id, run))
            for blob in blobs:
                yield blob, f"{folder}/{blob.name[prefix:]}"

    @cached_property
    def _container(self) -> str:
        return names.container_name(self.study.name)

    def _write_tables(self, outcomes: Mapping[str, Outcome]) -> tuple[Path, Path, TableShape]:
        self.on_step(Step(StepName.TABULATING))
        csv, parquet = self.folder.path / "runs.csv", self.folder.path / "runs.parquet"
        shape = TableShape.of(self.study)
        files = CollectedFiles(self.folder.runs, ignores_case=self._is_for_windows)
        rows = make_rows(self.study, outcomes, files, self.new_outputs)
        write_csv(csv, shape, self._watched(rows))
        write_parquet(parquet, shape, csv)
        return csv, parquet, shape

    def _watched(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            if row.lacking:
                self._missing_results += 1
                for result, reason in row.lacking.items():
                    self._lacking.add(result, row.run.name, one_line(reason))
            yield row

    def _lacking_results(self) -> Iterator[LackingResult]:
        for result, group in self._lacking.largest_first():
            runs = tuple(group.runs)
            yield LackingResult(result, group.message, group.count, runs, group.is_same)

    def _draw_plots(
        self, parquet: Path, shape: TableShape, found: Sensitivities | None
    ) -> tuple[tuple[Path, ...], tuple[str, ...]]:
        plots = choose_plots(self.study, shape, found.rank if found else None)
        if found is None:
            remove_findings(self.folder.path)
        if not plots:
            remove_figures(self.folder.path / "plots")
            return (), ()
        self.on_step(Step(StepName.PLOTTING))
        drawn = tuple(draw_plots(self.folder.path / "plots", parquet, plots[:MOST_PLOTS]))
        notes = tuple(_notes_on_plots(drawn, len(plots) - MOST_PLOTS))
        return tuple(plot.path for plot in drawn if isinstance(plot, Drawn)), notes

    def _find_sensitivities(self, parquet: Path, shape: TableShape) -> Sensitivities | None:
        design = self.study.design
        if not isinstance(design, SensitivityDesign) or not self.study.results:
            return None
        # Imported late: most studies need none of it.
        from runfleet.launch.sensitivity.findings import find_sensitivities

        return find_sensitivities(self.study, design, parquet, shape)


def _notes_on_plots(plots: Sequence[Drawn | NotDrawn], left_out: int) -> Iterator[str]:
    """Say what plots lack, and where it is to be found."""
    if left_out > 0:
        yield f"{left_out} plots were left out; draw them from `runs.parquet`"
    yield from notes_on_missing(plots)
    lacking = (plot.lacking for plot in plots if isinstance(plot, Drawn))
    if letters := sorted(frozenset[str]().union(*lacking)):
        more = ", ..." if len(letters) > _NAMED_LETTERS else ""
        yield (
            "plots have boxes in the place of letters that their font lacks "
            f"({', '.join(letters[:_NAMED_LETTERS])}{more}); the table has them"
        )


def _in_blocks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while block := list(islice(items, size)):
        yield block
