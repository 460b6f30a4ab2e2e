"""What `runfleet plan` shows of a calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from runfleet.calibrate import Control
from runfleet.calibrate.checks import check_before_submitting
from runfleet.calibrate.places import check_places
from runfleet.calibrate.scripts import manager_command, worker_command
from runfleet.calibrate.tasks import manager_state
from runfleet.cli.pool_texts import pool_text
from runfleet.cli.printer import Printer
from runfleet.cli.words import count_text, duration_text, size_text
from runfleet.launch.pool import PoolPlan
from runfleet.study import Pest, Study


def show_calibration_plan(
    printer: Printer, study: Study, pool: PoolPlan, *, as_json: bool, whole: bool = False
) -> None:
    """
    Show what a calibration would do, and start nothing.

    Parameters
    ----------
    printer
        What prints.
    study, pool
        The study, and the pool it would get.
    as_json
        Whether for programs.
    whole
        Whether to show, beside the commands of PEST, what nodes do before them.
    """
    pest = study.pest
    if pest is None:
        return
    control, problems = check_before_submitting(study, pool.operating_system)
    check_places(pool)
    if as_json:
        printer.json(_json_facts(study, pest, control, pool))
        return
    printer.facts(_facts(study, pest, control, pool))
    for title, command in _commands(study, pest, control, pool).items():
        printer.data("")
        printer.data(f"How {title} is started:")
        printer.data("")
        lines = command.splitlines()
        for line in lines if whole else lines[-1:]:
            printer.data(f"    {line}")
    if not whole:
        printer.data("")
        printer.data("Before it the node looks for what it needs; `--script` shows how.")
    for problem in problems:
        printer.warning(str(problem))


def _facts(study: Study, pest: Pest, control: Control, pool: PoolPlan) -> Iterator[tuple[str, str]]:
    yield "Study", f"{study.name}, a calibration by {pest.program}"
    counts = (
        count_text(len(control.adjustable), "adjustable parameter"),
        count_text(len(control.observations), "observation"),
    )
    yield "Control file", f"{pest.control}: {', '.join(counts)}"
    yield "Model", "; ".join(row.text for row in control.commands)
    yield "Workers", f"{pest.workers}, each started again up to {pest.restarts} times"
    if study.model.packages:
        yield "Packages", ", ".join(map(str, study.model.packages))
    files = {*control.files, *(shared.source for shared in study.model.inputs)}
    size = size_text(sum(file.stat().st_size for file in files))
    yield "Files", f"{count_text(len(files), 'file')}, {size}, staged once on each node"
    if study.model.time_limit:
        yield "Time limit", duration_text(study.model.time_limit)
    yield "Pool", pool_text(pool, f"{count_text(pool.slots, 'task')} at a time on each")


def _commands(study: Study, pest: Pest, control: Control, pool: PoolPlan) -> dict[str, str]:
    system = pool.operating_system
    return {
        "the manager": manager_command(
            pest, control.model_folders, manager_state(study.name), "", system
        ),
        "a worker": worker_command(pest, control.model_folders, system),
    }


def _json_facts(study: Study, pest: Pest, control: Control, pool: PoolPlan) -> dict[str, Any]:
    return {
        "study": study.name,
        "program": pest.program,
        "control": str(control.file),
        "adjustable": [parameter.name for parameter in control.adjustable],
        "observations": len(control.observations),
        "files": [str(file) for file in control.files],
        "workers": {"min": pest.workers.min, "max": pest.workers.max},
        "port": pest.port,
        "packages": [str(package) for package in study.model.packages],
        "commands": _commands(study, pest, control, pool),
        "pool": asdict(pool),
    }
