"""`runfleet plan`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from typing import Annotated, Any

import typer

from runfleet.azure import OperatingSystem
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, StudyName, addressed, as_typed
from runfleet.cli.following import check_place
from runfleet.cli.pool_texts import pool_text
from runfleet.cli.printer import Printer, json_text
from runfleet.cli.studies import load_to_look_at, open_account, place_of_results
from runfleet.cli.study_files import warn
from runfleet.cli.words import count_text, duration_text, size_text, value_text
from runfleet.documents.errors import joined
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.checks.secrets import without_secrets
from runfleet.launch.errors import LaunchError
from runfleet.launch.mpi import launch_line
from runfleet.launch.pool import PoolPlan
from runfleet.launch.scripts import coordination_script
from runfleet.launch.tasks import command_line, run_script
from runfleet.study import Run, Study
from runfleet.study.mpi import Mpi
from runfleet.study.sensitivity import SensitivityDesign
from runfleet.study.units import with_unit
from runfleet.study.values import truth_as_text

app = new_app()

_FIRST_RUNS = 5
_LAST_RUNS = 2


@app.command(epilog=example("runfleet plan study.yaml"))
def plan(
    study: StudyName,
    script: Annotated[
        bool, typer.Option("--script", help="Show all that a node carries out for a run.")
    ] = False,
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    Show what a study would run, and start nothing.

    Shows its files and their sizes, its pool, the first and last runs with their parameters, and
    the command of the first run: the study's own, or with `--script` also what is done before and
    after it. With `--json`, all runs.
    """
    printer = Printer.standard()
    account = open_account(on)
    loaded = load_to_look_at(account, study)
    pool = account.plan_pool(loaded)
    warn(printer, loaded, account, pool)
    account.check_unasked(loaded)
    _warn_of_place(printer, loaded, on)
    if loaded.pest:
        from runfleet.cli.calibration_plan import show_calibration_plan

        show_calibration_plan(printer, loaded, pool, as_json=as_json, whole=script)
    elif as_json:
        for line in _json_lines(loaded, pool):
            printer.data(line)
    else:
        printer.facts(_facts(loaded, pool))
        printer.data("")
        first = _show_runs(printer, loaded, as_typed(study, on=on))
        _show_start(printer, loaded, first, pool.operating_system, whole=script)
    if not as_json:
        _say_what_is_next(printer, as_typed(study, on=on), on)


def _warn_of_place(printer: Printer, study: Study, on: str) -> None:
    """Say what `run` refuses unless it is to leave, and what it leaves is collected elsewhere."""
    control = study.pest.control if study.pest else None
    try:
        check_place(place_of_results(study.folder, study.name, control))
    except LaunchError as error:
        printer.warning(f"{error.message}; {addressed(error.hint or '', on)}")


def _say_what_is_next(printer: Printer, called: str, on: str) -> None:
    """Say who runs a study, and who looks at what a plan cannot see."""
    printer.say()
    printer.say(f"Nothing was started; `runfleet run {called}` runs it.")
    if on != LOCAL:
        printer.say(f"Whether the account has image, packages and quota: runfleet doctor {called}")


def _facts(study: Study, pool: PoolPlan) -> Iterator[tuple[str, str]]:
    """What the study is, as names and texts; what it does not have is left out."""
    yield "Study", f"{study.name}, {count_text(study.run_count(), 'run')}"
    if isinstance(study.design, SensitivityDesign):
        yield "Design", study.design.summary
    yield from _model_facts(study)
    yield from _file_facts(study)
    yield "Pool", pool_text(pool, _places_text(pool))


def _model_facts(study: Study) -> Iterator[tuple[str, str]]:
    model = study.model
    yield "Command", model.command.strip()
    if model.mpi:
        yield "MPI", _mpi_text(model.mpi)
    if model.packages:
        yield "Packages", ", ".join(map(str, model.packages))
    if model.environment:
        shown = without_secrets(model.environment).items()
        yield "Environment", " ".join(f"{name}={text}" for name, text in shown)
    if model.retries:
        yield "Retries", f"{model.retries} for each run"
    if model.time_limit:
        yield "Time limit", f"{duration_text(model.time_limit)} for each run"


def _mpi_text(mpi: Mpi) -> str:
    nodes = count_text(mpi.nodes, "node")
    return f"{nodes} a run, processes on each: {mpi.processes_per_node}; {mpi.implementation.label}"


def _file_facts(study: Study) -> Iterator[tuple[str, str]]:
    model = study.model
    if model.inputs:
        files, size = count_text(len(model.inputs), "file"), size_text(_inputs_size(study))
        yield "Inputs", f"{files}, {size}, staged once on each node"
    if model.folders:
        yield "Empty folders", ", ".join(map(str, model.folders))
    if model.overlays:
        targets = ", ".join(str(overlay.target) for overlay in model.overlays)
        yield "Overlays", f"{targets}; {size_text(_overlays_size(study))} for each run"
    if model.outputs:
        yield (
            "Outputs",
            ", ".join(
                output.pattern if output.required else f"{output.pattern} (if there)"
                for output in model.outputs
            ),
        )
    if study.results:
        yield "Results", ", ".join(f"{result.name} from {result.file}" for result in study.results)


def _inputs_size(study: Study) -> int:
    return sum(shared.source.stat().st_size for shared in study.model.inputs)


def _overlays_size(study: Study) -> int:
    """The size of the first run's overlays, in bytes; the others are about as large."""
    first = next(study.runs())
    return sum(len(overlay.render(first.sample, first.name)) for overlay in study.model.overlays)


def _places_text(pool: PoolPlan) -> str:
    if pool.nodes_per_run:
        return f"{count_text(pool.nodes_per_run, 'node')} a run"
    return f"{count_text(pool.slots, 'run')} at a time on each"


def _show_runs(printer: Printer, study: Study, called: str) -> Run:
    """Show the first and the last runs as a table; returns the first one."""
    count = study.run_count()
    last = range(max(_FIRST_RUNS, count - _LAST_RUNS), count)
    shown = [*range(min(_FIRST_RUNS, count)), *last]
    runs = list(study.runs_at(shown))
    columns = [with_unit(item.name, item.unit) for item in study.parameters]
    rows = [_row(run) for run in runs]
    if count > len(runs):
        rows.insert(_FIRST_RUNS, ["...", *("" for _ in columns)])
    if left_out := printer.named_table(["run", *columns], rows):
        printer.say(
            f"There is no room for {count_text(left_out, 'more parameter')}: "
            f"`runfleet plan {called} > plan.txt` writes all of them."
        )
    return runs[0]


def _row(run: Run) -> list[str]:
    return [run.name, *(value_text(value) for value in truth_as_text(run.sample).values())]


def _show_start(
    printer: Printer, study: Study, run: Run, system: OperatingSystem, *, whole: bool
) -> None:
    """Show how a run is started: by the study's command, or by the whole script around it."""
    printer.data("")
    printer.data(f"How {run.name} is started:")
    printer.data("")
    lines = _script_lines(study, system) if whole else _command_lines(study)
    environment = {**run.environment, **without_secrets(study.model.environment)}
    for line in chain((f"{name}={text}" for name, text in environment.items()), lines):
        printer.data(f"    {line}")
    around = " and ".join(_done_around(study))
    if around and not whole:
        printer.data("")
        printer.data(f"The node {around}; `--script` shows how.")


def _command_lines(study: Study) -> list[str]:
    model = study.model
    command = launch_line(model.mpi, model.command) if model.mpi else model.command
    return command.strip().splitlines()


def _done_around(study: Study) -> Iterator[str]:
    """Say what a node does besides carrying out the command."""
    model = study.model
    brought = {"inputs": model.inputs, "overlays": model.overlays, "packages": model.packages}
    if nouns := [noun for noun, items in brought.items() if items]:
        yield f"brings {joined(nouns)} before it"
    if any(output.required for output in model.outputs):
        yield "looks for outputs after it"


def _script_lines(study: Study, system: OperatingSystem) -> Iterator[str]:
    if study.model.mpi is not None:
        yield "# on each node"
        yield from coordination_script(study.model).splitlines()
        yield "# on the first node"
    yield from run_script(study.model, system).splitlines()


def _json_lines(study: Study, pool: PoolPlan) -> Iterator[str]:
    """The plan as one JSON object, a run a line, so that no number of runs fills the memory."""
    head = json_text(_json_facts(study, pool))
    yield head.removesuffix("\n}") + ',\n  "runs": ['
    last = study.run_count()
    for run in study.runs():
        facts = {"run": run.name, "sample": run.sample}
        yield f"    {json.dumps(facts, ensure_ascii=False)}{',' if run.number < last else ''}"
    yield "  ]\n}"


def _json_facts(study: Study, pool: PoolPlan) -> dict[str, Any]:
    model = study.model
    return {
        "study": study.name,
        "run_count": study.run_count(),
        "command": model.command,
        "command_line": command_line(model, pool.operating_system),
        "packages": [str(package) for package in model.packages],
        "inputs": [str(shared.path) for shared in model.inputs],
        "inputs_size_bytes": _inputs_size(study),
        "overlays": [str(overlay.target) for overlay in model.overlays],
        "overlays_size_bytes_per_run": _overlays_size(study),
        "outputs": [output.pattern for output in model.outputs],
        "environment": without_secrets(model.environment),
        "retries": model.retries,
        "mpi": model.mpi and asdict(model.mpi),
        "time_limit_seconds": model.time_limit and model.time_limit.total_seconds(),
        "pool": asdict(pool),
    }
