"""Results from a storage account that was filled by hand."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow.parquet
import pytest

from runfleet.azure import TaskInfo
from runfleet.launch import LaunchError
from runfleet.launch.collecting import Collected, Collector
from runfleet.launch.early_collecting import EarlyCollector
from runfleet.launch.figures import new_figure, save_figure
from runfleet.launch.names import container_name, job_id
from runfleet.launch.outcomes import Outcome, RunState
from runfleet.launch.progress import RunCounts
from runfleet.launch.results_folder import ResultsFolder
from runfleet.launch.steps import unheard
from runfleet.storage import Blob, DirectoryStorage
from runfleet.storage.parallel import pause
from runfleet.storage.protocol import OnBytes
from runfleet.study import Study

WriteStudy = Callable[..., Study]

STUDY = """
model: {command: ./model, outputs: ["**/*.txt"]}
parameters:
  X: {values: [0.5, 1, 2]}
  KIND: {values: [dry, "wet, cold"]}
results:
  head: {file: deep/out.txt, pattern: 'head (\\S+)', unit: m}
"""


class Runs:
    """Runs of a study as the nodes have left them in the storage."""

    def __init__(self, study: Study, folder: Path) -> None:
        self.study = study
        self.account = "local"
        self.storage = DirectoryStorage(folder / "storage")
        self.container = container_name(study.name)
        self.storage.create_container(self.container)
        self.outcomes: dict[str, Outcome] = {}
        self.jobs: dict[str, str] = {}
        self.folder = folder / "results of a study"

    def end(
        self,
        run: str,
        files: Mapping[str, str],
        *,
        generation: int = 1,
        exit_code: int = 0,
        minute: int = 0,
    ) -> None:
        result = "failure" if exit_code else "success"
        execution = {
            "result": result,
            "exitCode": exit_code,
            "startTime": f"2026-01-01T00:{minute:02}:00Z",
            "endTime": f"2026-01-01T00:{minute:02}:01.5Z",
        }
        wire = {"id": run, "state": "completed", "executionInfo": execution}
        job = self.jobs[run] = job_id(self.study.name, generation)
        self.outcomes[run] = Outcome.of(job, TaskInfo.from_wire(wire), job_ended=False)
        for name, content in {"stdout.txt": "", "stderr.txt": "", **files}.items():
            blob = f"runs/{job}/{run}/{name}"
            self.storage.put_bytes(self.container, blob, content.encode())

    def begin(self, run: str, *, generation: int) -> None:
        wire = {"id": run, "state": "running"}
        job = self.jobs[run] = job_id(self.study.name, generation)
        self.outcomes[run] = Outcome.of(job, TaskInfo.from_wire(wire), job_ended=False)

    @property
    def collector(self) -> Collector:
        folder = ResultsFolder(self.folder, self.study.name)
        return Collector(self.study, self.account, self.storage, folder, unheard, lambda: self.jobs)

    def collect(self) -> Collected:
        return self.collector.collect(self.outcomes)

    def table(self) -> list[dict[str, str]]:
        with (self.folder / "runs.csv").open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def runs(write_study: WriteStudy, tmp_path: Path) -> Runs:
    return Runs(write_study(STUDY), tmp_path)


def test_the_table_has_a_row_for_each_run(runs: Runs) -> None:
    """Also for those that have not ended."""
    runs.end("run-00002", {"deep/out.txt": "head 3.5\n"})
    runs.end("run-00003", {"stderr.txt": "Error: dry,\tnode 7"}, exit_code=3)
    runs.end("run-00004", {"deep/out.txt": "no number"})
    collected = runs.collect()
    table = runs.table()
    assert (collected.new_runs, collected.missing_results) == (3, 1)
    assert [row["run"] for row in table] == [f"run-0000{number}" for number in range(1, 7)]
    assert table[0]["state"] == "waiting"
    assert table[1] == {
        "run": "run-00002",
        "state": "succeeded",
        "exit_code": "0",
        "start_time": "2026-01-01T00:00:00.000000Z",
        "end_time": "2026-01-01T00:00:01.500000Z",
        "seconds": "1.500000",
        "X": "0.5",
        "KIND": "wet, cold",
        "head": "3.5",
        "error": "",
    }
    assert (table[2]["state"], table[2]["error"]) == ("failed", "Error: dry, node 7")
    assert table[3]["error"] == "head: nothing matches `head (\\S+)`"


def test_the_reasons_of_missing_results_are_put_together(runs: Runs) -> None:
    """Of runs that succeeded: each group with its first runs and what the first of them lacks."""
    for number, said in enumerate(("no number", "no figures", "head 7x", "head 13x"), 1):
        runs.end(f"run-0000{number}", {"deep/out.txt": said})
    runs.end("run-00005", {"deep/out.txt": "head dry"}, exit_code=3)
    collected = runs.collect()
    assert collected.missing_results == 4
    found = [(one.reason, one.count, one.runs, one.is_same) for one in collected.lacking]
    assert found == [
        ("nothing matches `head (\\S+)`", 2, ("run-00001", "run-00002"), True),
        ("`7x` is not a number", 2, ("run-00003", "run-00004"), False),
    ]
    assert {one.result for one in collected.lacking} == {"head"}


@pytest.mark.filterwarnings("error")
def test_a_plot_that_cannot_be_drawn_costs_nothing_else(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    """Models mark missing data by the largest numbers there are."""
    results = "".join(f"\n  {name}: {{file: out.txt, pattern: '{name} (.+)'}}" for name in "hq")
    text = "model: {command: x, outputs: [out.txt]}\nparameters: {X: {values: [1, 2, 3]}}\nresults:"
    runs = Runs(write_study(text + results), tmp_path)
    for number, head in enumerate(("1.797e308", "-1.797e308", "2"), 1):
        runs.end(f"run-0000{number}", {"out.txt": f"h {head}\nq {number}"})
    collected = runs.collect()
    assert [plot.name for plot in collected.plots] == ["q-X.png"]
    assert collected.notes == ("could not be drawn (numbers beyond 1e+307): `h-X.png`",)


def test_an_optional_output_that_no_run_has_left_is_noted(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    """Its pattern may be mistyped; one run that has such a file is enough."""
    optional = "{pattern: %s, required: false}"
    patterns = ", ".join(optional % pattern for pattern in ("'*.rpt'", "'deep/*.txt'", "a.csv"))
    runs = Runs(write_study(f"model: {{command: x, outputs: [{patterns}]}}"), tmp_path)
    runs.end("run-00001", {}, exit_code=1)
    assert runs.collect().notes == ()
    runs.end("run-00001", {"deep/out.txt": ""}, minute=1)
    assert runs.collect().notes == (
        "no run has left anything that matches the output `*.rpt`",
        "no run has left anything that matches the output `a.csv`",
    )


def test_a_folder_for_an_output_is_noted(write_study: WriteStudy, tmp_path: Path) -> None:
    """It was there on the node, and nothing of it is kept; unless another output keeps it."""
    runs = Runs(write_study("model: {command: x, outputs: [deep, out.txt]}"), tmp_path)
    runs.end("run-00001", {"out.txt": ""})
    assert runs.collect().notes == (
        "no run has left a file `deep`: to keep a folder, write `deep/**`",
    )
    runs.end("run-00001", {"out.txt": "", "deep/a.txt": ""}, minute=1)
    assert runs.collect().notes == ()


def test_a_pattern_that_is_required_is_not_taken_for_a_folder(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    """A run that was done before such patterns were looked at closely may lack what it matches."""
    runs = Runs(write_study("model: {command: x, outputs: ['o/**', 'c[3].out']}"), tmp_path)
    runs.end("run-00001", {"out.txt": ""})
    assert runs.collect().notes == (
        "no run has left anything that matches the output `o/**`",
        "no run has left anything that matches the output `c[3].out`",
    )


def test_parquet_has_the_types(runs: Runs) -> None:
    """Times are times and numbers are numbers."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    table = pyarrow.parquet.read_table(runs.collect().parquet)
    assert {field.name: str(field.type) for field in table.schema} == {
        "run": "string",
        "state": "string",
        "exit_code": "int64",
        "start_time": "timestamp[us, tz=UTC]",
        "end_time": "timestamp[us, tz=UTC]",
        "seconds": "double",
        "X": "double",
        "KIND": "string",
        "head": "double",
        "error": "string",
    }
    assert table["head"].to_pylist() == [1.0, None, None, None, None, None]


def test_each_run_has_its_folder(runs: Runs) -> None:
    """With its logs, empty or not, and its outputs where the model left them."""
    runs.end("run-00001", {"deep/out.txt": "head 1", "deep/er/x.txt": "", "stdout.txt": "hi"})
    runs.collect()
    folder = runs.folder / "runs/run-00001"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {"stdout.txt", "stderr.txt", "deep/out.txt", "deep/er/x.txt"}
    assert (folder / "stdout.txt").read_text() == "hi"


@pytest.mark.parametrize("number_of_runs", [3, 60])
def test_only_what_is_new_is_fetched(
    write_study: WriteStudy, tmp_path: Path, number_of_runs: int
) -> None:
    """Few runs or many."""
    text = f"model: {{command: x}}\nparameters: {{X: {{integers: [1, {number_of_runs}]}}}}"
    runs = Runs(write_study(text), tmp_path)
    every = [run.name for run in runs.study.runs()]
    for run in every[:-1]:
        runs.end(run, {"deep/out.txt": "head 1"})
    assert runs.collect().new_runs == len(every) - 1
    runs.end(every[-1], {"deep/out.txt": "head 1"})
    (runs.folder / "runs" / every[0] / "mine.txt").touch()
    assert runs.collect().new_runs == 1
    assert runs.collect().new_runs == 0
    assert (runs.folder / "runs" / every[0] / "mine.txt").exists()


def test_a_folder_that_was_deleted_is_fetched_again(runs: Runs) -> None:
    """Else the numbers of its run would be gone from the table."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    runs.collect()
    shutil.rmtree(runs.folder / "runs/run-00001")
    assert runs.collect().new_runs == 1
    assert runs.table()[0]["head"] == "1.0"


def test_a_folder_that_is_a_link_to_nowhere_is_told_as_that(runs: Runs) -> None:
    runs.folder.symlink_to("nowhere")
    with pytest.raises(LaunchError, match=f"`{runs.folder}` is no folder"):
        runs.collect()


@pytest.mark.skipif(os.geteuid() != 0, reason="others are refused for their rights")
def test_a_place_that_takes_no_folders_is_told_as_that(runs: Runs) -> None:
    runs.folder = Path("/proc/results")
    with pytest.raises(LaunchError, match="`/proc/results`: no folder can be made there"):
        runs.collect()


def test_a_folder_that_cannot_be_written_to_is_named(runs: Runs) -> None:
    """With the way to collect elsewhere, for the runs are done."""
    runs.folder.touch()
    with pytest.raises(LaunchError) as raised:
        runs.collect()
    what = f"the results cannot be written to `{runs.folder}`"
    assert raised.value.message == f"{what}: `{runs.folder}` is no folder"
    assert raised.value.hint == (
        f"mend the reason, or collect elsewhere: `runfleet results {runs.study.name} --to FOLDER`"
    )


@pytest.mark.parametrize("name", ["runs.csv", "runs/run-00001/out.txt"])
def test_a_folder_with_files_of_somebody_is_left_alone(runs: Runs, name: str) -> None:
    """Such as that of the study itself, whose design is a `runs.csv`; nothing is added to it."""
    file = runs.folder / name
    file.parent.mkdir(parents=True)
    file.write_text("X\n1\n")
    before = set(runs.folder.rglob("*"))
    runs.end("run-00001", {})
    with pytest.raises(LaunchError, match="is in the way") as caught:
        runs.collect()
    assert "--to FOLDER" in (caught.value.hint or "")
    assert file.read_text() == "X\n1\n"
    assert set(runs.folder.rglob("*")) == before


def test_the_results_of_another_study_are_left_alone(
    runs: Runs, write_study: WriteStudy, tmp_path: Path
) -> None:
    """Whatever its runs are called, and whichever of its generations has done them."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    runs.end("run-00002", {"deep/out.txt": "head 2"}, generation=2)
    runs.collect()
    other = Runs(write_study(STUDY, name="other"), tmp_path)
    other.end("run-00001", {"deep/out.txt": "head 3"})
    with pytest.raises(LaunchError) as caught:
        other.collect()
    assert caught.value.message == (
        f"`{runs.folder}` is in the way: it has the results of another study, `{runs.study.name}`"
    )
    assert caught.value.hint == (
        f"move it, or collect elsewhere: `runfleet results {other.study.name} --to FOLDER`"
    )
    assert [row["head"] for row in runs.table()][:2] == ["1.0", "2.0"]
    assert runs.collect().new_runs == 0


def test_studies_whose_jobs_could_be_the_same_are_told_apart(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    """The second job of `d` and the first one of `d--2` have one name; nothing may have ended."""
    plain, numbered = (
        Runs(write_study(f"study: {name}\n{STUDY}"), tmp_path) for name in ("d", "d--2")
    )
    for first, second in ((plain, numbered), (numbered, plain)):
        first.folder = second.folder = tmp_path / f"of {first.study.name}"
        first.collect()
        with pytest.raises(LaunchError, match=f"of another study, `{first.study.name}`"):
            second.collect()
        first.end("run-00001", {"deep/out.txt": "head 1"})
        assert first.collect().new_runs == 1


def test_a_folder_that_does_not_say_whose_it_is_is_judged_by_its_jobs(
    runs: Runs, write_study: WriteStudy, tmp_path: Path
) -> None:
    """As those collected by earlier versions; it says so from then on."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    runs.collect()
    index = runs.folder / ".collected"
    owner, *marks, account = index.read_text().splitlines(keepends=True)
    index.write_text("".join([*marks, account]))
    other = Runs(write_study(STUDY, name="other"), tmp_path)
    with pytest.raises(LaunchError, match=f"of another study, `{runs.study.name}`"):
        other.collect()
    assert runs.collect().new_runs == 0
    assert index.read_text() == "".join([*marks, account, owner])


def test_the_results_of_another_account_are_told_to_have_gone(runs: Runs) -> None:
    """Once, by the collecting that has brought all of these."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    assert runs.collect().notes == ()
    runs.account = "azure"
    runs.end("run-00001", {"deep/out.txt": "head 2"}, minute=1)
    runs.collector.collect_files(runs.outcomes)
    (note,) = runs.collect().notes
    assert f"`runfleet results {runs.study.name} --on local`" in note
    assert runs.collect().notes == ()


@pytest.mark.parametrize("started", [True, False])
def test_what_a_cancelled_run_has_left_is_kept(runs: Runs, started: bool) -> None:
    """If it had begun; its numbers are none of the study's."""
    runs.end("run-00001", {"stdout.txt": "day 7", "deep/out.txt": "head 3.5"})
    ended = runs.outcomes["run-00001"]
    began = ended.started if started else None
    runs.outcomes["run-00001"] = replace(ended, state=RunState.CANCELLED, started=began)
    runs.collect()
    row = runs.table()[0]
    assert (row["state"], row["head"]) == ("cancelled", "")
    assert (runs.folder / "runs" / "run-00001" / "stdout.txt").exists() is started


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_results_are_found_in_any_encoding(
    write_study: WriteStudy, tmp_path: Path, encoding: str
) -> None:
    """Programs for Windows write others."""
    text = "model: {command: x}\nresults: {q: {file: out.csv, column: Abfluß}}"
    runs = Runs(write_study(text), tmp_path)
    runs.end("run-00001", {})
    content = "t;Abfluß\r\n1;2,5\r\n".replace(",", ".").encode(encoding)
    blob = f"runs/{runs.study.name}/run-00001/out.csv"
    runs.storage.put_bytes(runs.container, blob, content)
    runs.collect()
    assert runs.table()[0]["q"] == "2.5"


def test_a_run_that_was_done_again_is_replaced(runs: Runs) -> None:
    """Nothing of the earlier attempt is left in its folder."""
    runs.end("run-00001", {"old.txt": "x"}, exit_code=1)
    runs.collect()
    runs.end("run-00001", {"deep/out.txt": "head 2"}, generation=2, minute=5)
    assert runs.collect().new_runs == 1
    assert not (runs.folder / "runs/run-00001/old.txt").exists()
    assert runs.table()[0]["head"] == "2.0"


@pytest.mark.parametrize("is_added", [True, False])
def test_what_has_yet_to_be_done_again_is_removed(runs: Runs, *, is_added: bool) -> None:
    """Else files of two versions lie side by side; also where its task is yet to be added."""
    for run in ("run-00001", "run-00002"):
        runs.end(run, {"deep/out.txt": "head 1"})
    runs.collect()
    runs.begin("run-00001", generation=2)
    if not is_added:
        del runs.outcomes["run-00001"]
    assert runs.collect().new_runs == 0
    assert [path.name for path in (runs.folder / "runs").iterdir()] == ["run-00002"]
    assert [row["head"] for row in runs.table()][:2] == ["", "1.0"]
    runs.end("run-00001", {"deep/out.txt": "head 1"})  # the edit was taken back
    assert runs.collect().new_runs == 1


def test_what_has_yet_to_be_done_again_is_removed_early(runs: Runs) -> None:
    """With the first files of the new version."""
    for run in ("run-00001", "run-00002", "run-00003"):
        runs.end(run, {"deep/out.txt": "head 1"})
    runs.collect()
    runs.begin("run-00001", generation=2)
    runs.end("run-00002", {"deep/out.txt": "head 2"}, generation=2, minute=1)
    runs.collector.collect_files({"run-00002": runs.outcomes["run-00002"]})
    files = sorted((runs.folder / "runs").glob("*/deep/out.txt"))
    assert [file.read_text() for file in files] == ["head 2", "head 1"]


class InterruptedStorage(DirectoryStorage):
    """Is interrupted when the first file has come."""

    def get_files(
        self,
        container: str,
        files: Iterable[tuple[Blob, Path | str]],
        *,
        on_bytes: OnBytes = unheard,
    ) -> None:
        super().get_files(container, islice(files, 1), on_bytes=on_bytes)
        raise KeyboardInterrupt


def interrupt_fetching(runs: Runs) -> None:
    storage = runs.storage
    runs.storage = InterruptedStorage(runs.folder.parent / "storage")
    with pytest.raises(KeyboardInterrupt):
        runs.collect()
    runs.storage = storage


def interrupt_emptying(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def remove_one(folder: Path, **_: object) -> None:
        (folder / "b.txt").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", remove_one)
        with pytest.raises(KeyboardInterrupt):
            runs.collect()


def test_what_an_interruption_left_does_not_pass_for_an_edit_taken_back(runs: Runs) -> None:
    """A part of what the edited run left is in the folder."""
    runs.end("run-00001", {"a.txt": "1", "b.txt": "1"})
    runs.collect()
    runs.end("run-00001", {"a.txt": "2", "b.txt": "2"}, generation=2)
    interrupt_fetching(runs)
    runs.end("run-00001", {"a.txt": "1", "b.txt": "1"})
    assert runs.collect().new_runs == 1
    assert contents(runs, "run-00001", "[ab].txt") == ["1", "1"]


def test_a_folder_that_was_emptied_by_half_does_not_pass_for_whole(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.end("run-00001", {"a.txt": "1", "b.txt": "1"})
    runs.collect()
    runs.end("run-00001", {"a.txt": "2", "b.txt": "2"}, generation=2)
    interrupt_emptying(runs, monkeypatch)
    runs.end("run-00001", {"a.txt": "1", "b.txt": "1"})
    assert runs.collect().new_runs == 1
    assert contents(runs, "run-00001", "[ab].txt") == ["1", "1"]


@pytest.mark.parametrize("is_done", [True, False])
def test_what_a_first_interrupted_fetch_has_left_is_removed(runs: Runs, *, is_done: bool) -> None:
    """Where the run was done again meanwhile, or has yet to be."""
    runs.end("run-00001", {"a.txt": "1"})
    interrupt_fetching(runs)
    runs.begin("run-00001", generation=2)
    if is_done:
        runs.end("run-00001", {"b.txt": "2"}, generation=2)
    runs.collect()
    assert contents(runs, "run-00001", "[ab].txt") == ["2"] * is_done


def contents(runs: Runs, run: str, pattern: str) -> list[str]:
    return [file.read_text() for file in sorted((runs.folder / "runs" / run).glob(pattern))]


def test_a_run_that_the_study_no_longer_has_is_removed(
    runs: Runs, write_study: WriteStudy, tmp_path: Path
) -> None:
    """Its folder goes with its row, and comes back with it."""
    for number in range(1, 7):
        runs.end(f"run-0000{number}", {"deep/out.txt": "head 1"})
    runs.collect()
    longer, all_outcomes, all_jobs = runs.study, runs.outcomes, runs.jobs
    runs.study = write_study(STUDY.replace("0.5, 1, 2", "0.5"))
    runs.outcomes = {name: all_outcomes[name] for name in ("run-00001", "run-00002")}
    runs.jobs = {name: all_jobs[name] for name in runs.outcomes}
    runs.collect()
    folders = sorted(path.name for path in (runs.folder / "runs").iterdir())
    assert folders == [row["run"] for row in runs.table()] == ["run-00001", "run-00002"]
    runs.study, runs.outcomes, runs.jobs = longer, all_outcomes, all_jobs
    assert runs.collect().new_runs == 4


def test_what_the_account_has_forgotten_stays(runs: Runs) -> None:
    """A run of the study that was collected is not removed because nothing is known of it."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    runs.collect()
    runs.outcomes.clear()
    runs.collect()
    assert (runs.folder / "runs/run-00001/deep/out.txt").exists()


def test_each_result_is_plotted_against_each_parameter(runs: Runs) -> None:
    """Texts as strips side by side."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    runs.end("run-00004", {"deep/out.txt": "head 2"})
    plots = runs.collect().plots
    assert [path.name for path in plots] == ["head-X.png", "head-KIND.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in plots)


def test_without_results_there_is_nothing_to_plot(runs: Runs) -> None:
    """As long as no run has one."""
    assert runs.collect().plots == ()


def test_what_belongs_to_results_that_are_gone_is_removed(
    runs: Runs, write_study: WriteStudy
) -> None:
    """Only what was drawn for them: neither a user's own files nor a plot that was copied."""
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    head, _ = runs.collect().plots
    indices, own, copied = (
        head.parent / name for name in ("sensitivities/a.png", "b.png", "c.png")
    )
    indices.parent.mkdir()
    save_figure(new_figure(1, 1), indices)
    for table in ("sensitivities.csv", "sensitivities.parquet", "interactions.csv"):
        (runs.folder / table).write_text("result,parameter")
    new_figure(1, 1).savefig(own)
    shutil.copy(head, copied)
    (head.parent / "no image.png").write_text("by hand")

    def left() -> list[str]:
        return sorted(path.name for path in head.parent.rglob("*.png"))

    runs.study = write_study(STUDY.replace("  head:", "  level:"))
    runs.collect()
    assert not indices.parent.exists()
    kept = ["b.png", "c.png", "no image.png"]
    assert left() == sorted([*kept, "level-X.png", "level-KIND.png"])
    # The other has no second form: it was made by hand.
    assert sorted(path.name for path in runs.folder.glob("*.csv")) == [
        "interactions.csv",
        "runs.csv",
    ]
    runs.study = write_study(STUDY.partition("results:")[0])
    runs.collect()
    assert left() == kept


def test_many_plots_are_capped(write_study: WriteStudy, tmp_path: Path) -> None:
    """And a note says so."""
    parameters = "\n".join(f"  P{number}: {{values: [{number}]}}" for number in range(30))
    results = "results: {r: {file: stdout.txt, pattern: '(.+)'}}"
    runs = Runs(
        write_study(f"model: {{command: x}}\nparameters:\n{parameters}\n{results}"), tmp_path
    )
    runs.end("run-00001", {"stdout.txt": "1"})
    collected = runs.collect()
    assert len(collected.plots) == 24
    assert collected.notes == ("6 plots were left out; draw them from `runs.parquet`",)


@pytest.mark.filterwarnings("error::UserWarning")
def test_letters_that_plots_cannot_show_are_named(write_study: WriteStudy, tmp_path: Path) -> None:
    """Once for all of them, in our words."""
    study = STUDY.replace("[dry,", "[上海, Zürich,").replace(": m}", ": 度}")
    runs = Runs(write_study(study), tmp_path)
    for number in range(1, 4):
        runs.end(f"run-0000{number}", {"deep/out.txt": "head 1"})
    (note,) = runs.collect().notes
    assert note == (
        "plots have boxes in the place of letters that their font lacks (上, 度, 海); "
        "the table has them"
    )


def test_what_failed_runs_left_is_in_the_table_alone(runs: Runs) -> None:
    """It is drawn no more once the only runs that had succeeded have failed."""
    runs.end("run-00002", {"deep/out.txt": "head 3.5\n"})
    drawn = runs.collect().plots
    assert all(path.is_file() for path in drawn)
    assert len(drawn) == 2
    runs.end("run-00002", {"deep/out.txt": "head 4.5\n"}, generation=2, exit_code=3)
    assert runs.collect().plots == ()
    assert not any(path.is_file() for path in drawn)
    assert runs.table()[1]["head"] == "4.5"


def test_columns_of_the_same_name_are_told_apart(write_study: WriteStudy, tmp_path: Path) -> None:
    """A parameter may be called as one of our columns."""
    text = "model: {command: x}\nparameters: {state: {values: [7]}}"
    runs = Runs(write_study(text), tmp_path)
    runs.collect()
    assert runs.table()[0]["parameter_state"] == "7"


def test_results_are_told_apart_from_all_other_columns(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    """From our last one, too, and from parameters; plots find them all the same."""
    text = r"""
        model: {command: x}
        parameters: {Q: {values: [1, 2]}}
        results:
          error: {file: stdout.txt, pattern: 'error (\S+)'}
          result_Q: {file: stdout.txt, pattern: 'other (\S+)'}
          Q: {file: stdout.txt, pattern: 'flow (\S+)'}
    """
    runs = Runs(write_study(text), tmp_path)
    runs.end("run-00001", {"stdout.txt": "error 0.5\nother 7\nflow 30\n"})
    runs.end("run-00002", {"stdout.txt": "error 0.25\nother 8\nflow 40\n"})
    collected = runs.collect()
    row = runs.table()[0]
    assert [row["result_error"], row["result_Q"], row["result_result_Q"]] == ["0.5", "7.0", "30.0"]
    assert [row["Q"], row["error"]] == ["1", ""]
    assert len(collected.plots) == 3


def test_values_keep_their_kinds(write_study: WriteStudy, tmp_path: Path) -> None:
    """Truth values, whole numbers and mixtures."""
    text = """
        model: {command: x}
        parameters:
          B: {values: [true, false]}
          N: {values: [1, 2]}
          M: {values: [1, low]}
        design: zip
    """
    runs = Runs(write_study(text), tmp_path)
    columns: dict[str, Any] = pyarrow.parquet.read_table(runs.collect().parquet).to_pydict()
    assert (columns["B"], columns["N"], columns["M"]) == ([True, False], [1, 2], ["1", "low"])


def test_a_whole_number_may_be_of_any_length(write_study: WriteStudy, tmp_path: Path) -> None:
    """Longer ones than Parquet has are there without their last digits."""
    seeds = [2**64 + 1, -(2**63), 7]
    runs = Runs(
        write_study(f"model: {{command: ./model}}\nparameters: {{SEED: {seeds}}}"), tmp_path
    )
    runs.collect()
    table = pyarrow.parquet.read_table(runs.folder / "runs.parquet")
    assert [row["SEED"] for row in runs.table()] == list(map(str, seeds))
    assert table.column("SEED").to_pylist() == list(map(float, seeds))


def test_an_empty_text_is_a_text(write_study: WriteStudy, tmp_path: Path) -> None:
    runs = Runs(write_study('model: {command: ./model}\nparameters: {KIND: ["NA", ""]}'), tmp_path)
    runs.collect()
    table = pyarrow.parquet.read_table(runs.folder / "runs.parquet")
    assert table.column("KIND").to_pylist() == ["NA", ""]
    assert table.column("exit_code").to_pylist() == [None, None]


def test_the_table_tells_why_each_of_many_results_is_missing(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    names = [f"annual_water_balance_{number}" for number in range(1, 20)]
    results = "".join(f"  {name}: {{file: out.txt, column: Q}}\n" for name in names)
    runs = Runs(write_study(f"model: {{command: ./model}}\nresults:\n{results}"), tmp_path)
    runs.end("run-00001", {"out.txt": "t,H\n1,2\n"})
    runs.collect()
    reasons = runs.table()[0]["error"].split("; ")
    assert [reason.partition(":")[0] for reason in reasons if ":" in reason] == names


def test_files_are_fetched_while_other_runs_go_on(runs: Runs) -> None:
    """Only the tables, and what has come since, are left for the end."""
    asked: list[int] = []

    def news() -> Mapping[str, Outcome]:
        asked.append(len(runs.outcomes))
        return dict(runs.outcomes)

    early = EarlyCollector(news, runs.collector, pause=0)
    early.finish()
    early.keep_up(RunCounts(6, waiting=6))
    runs.end("run-00001", {"deep/out.txt": "head 1"})
    for ended in (1, 1, 6):
        early.keep_up(RunCounts(6, running=6 - ended, succeeded=ended))
        early.finish()
    assert (runs.folder / "runs/run-00001/deep/out.txt").read_text() == "head 1"
    assert not (runs.folder / "runs.csv").exists()
    runs.end("run-00002", {"deep/out.txt": "head 2"}, minute=1)
    early.keep_up(RunCounts(6, running=4, succeeded=2))
    early.finish()
    runs.end("run-00003", {"deep/out.txt": "head 3"}, minute=2)
    assert asked == [1, 2]
    assert runs.collect().new_runs == 1
    assert [row["head"] for row in runs.table()] == ["1.0", "2.0", "3.0", "", "", ""]


def test_what_cannot_be_fetched_early_is_told_at_the_end(runs: Runs) -> None:
    """The runs go on, and so does whoever watches them."""
    runs.folder.write_text("no folder")
    runs.end("run-00001", {})
    early = EarlyCollector(lambda: runs.outcomes, runs.collector, pause=0)
    early.finish()
    early.keep_up(RunCounts(6, running=5, succeeded=1))
    early.finish()
    with pytest.raises(LaunchError, match="the results cannot be written"):
        runs.collect()


def test_whoever_leaves_does_not_wait_for_a_storage_that_is_away(runs: Runs) -> None:
    begun = Event()

    def news() -> Mapping[str, Outcome]:
        begun.set()
        pause(900)
        return {}

    early = EarlyCollector(news, runs.collector, pause=0)
    early.finish()
    early.keep_up(RunCounts(6, running=5, succeeded=1))
    assert begun.wait(60)
    early.leave()
    early.finish()


def test_who_waits_for_another_that_collects_is_told_and_not_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A process that is suspended holds the lock of the folder."""
    place = ResultsFolder(tmp_path, "study", patience=4.0)
    with place.open(), pytest.raises(LaunchError) as raised, place.open():
        pass
    assert caplog.messages == [f"another process collects results in `{tmp_path}`"]
    assert raised.value.message == (
        f"another process has been collecting results in `{tmp_path}` for over 4 seconds"
    )


def test_a_damaged_index_costs_the_runs_that_it_no_longer_tells_of(tmp_path: Path) -> None:
    """As a crash of the machine leaves it."""
    (tmp_path / ".collected").write_bytes(b"study: rivers\nrun-1 rivers 1\nrun-2 riv\xff\xfe")
    with ResultsFolder(tmp_path, "rivers").open() as index:
        assert index.marks["run-1"] == "rivers 1"
