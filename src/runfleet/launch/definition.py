"""What a study asks for, in plain data: to tell an edited study from an unchanged one, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from runfleet.launch.mpi import launch_line
from runfleet.study import Run, Study
from runfleet.study.designs import FromCsv
from runfleet.study.mpi import Mpi
from runfleet.study.pest import Pest
from runfleet.study.pool import is_windows

_FINGERPRINT_BYTES = 8

Outputs: TypeAlias = Sequence[tuple[str, bool] | list[Any]]
"""The outputs of a definition: the pattern of each, and whether it is required."""


@dataclass(frozen=True)
class Definition:
    """
    A study as it was submitted.

    Parameters
    ----------
    model
        What makes a finished run worth keeping, besides its own parameters: the command,
        packages, inputs and overlay templates with their hashes, outputs, environment, and
        whether it is one for Windows.
    limits
        Retries, time limit and the image of the nodes. They do not change what a run computes.
    parameters
        For each, a hash of where its values come from.
    design
        A hash of how its samples are chosen.
    """

    model: Mapping[str, Any]
    limits: Mapping[str, Any]
    parameters: Mapping[str, str]
    design: str


def define(study: Study, digest: Callable[[Path], str]) -> Definition:
    """
    Describe a study.

    Parameters
    ----------
    study
        The study.
    digest
        Hashes a file's content.
    """
    model = study.model
    limit = model.time_limit
    return Definition(
        model={
            "command": model.command,
            "packages": [str(package) for package in model.packages],
            "inputs": {str(shared.path): digest(shared.source) for shared in model.inputs},
            "links": sorted(str(shared.path) for shared in model.inputs if shared.link),
            "overlays": {str(item.target): item.digest for item in model.overlays},
            "outputs": [[output.pattern, output.required] for output in model.outputs],
            "environment": dict(model.environment),
            "mpi": _mpi(model.mpi),
            # Only where it is so: others that were submitted before stay as they are.
            **({"folders": sorted(map(str, model.folders))} if model.folders else {}),
            **({"is for Windows": True} if is_windows(study.pool.image) else {}),
            **_calibration(study.pest),
        },
        limits={
            "retries": model.retries,
            "time limit": limit.total_seconds() if limit is not None else None,
            "image": study.pool.image,
        },
        **sampling_of(study, digest),
    )


def sampling_of(study: Study, digest: Callable[[Path], str]) -> dict[str, Any]:
    """Describe what decides the names of the runs and their samples; see `define`."""
    return {
        "parameters": {item.name: _hash(repr(item.distribution)) for item in study.parameters},
        "design": _design_hash(study, digest),
    }


def fingerprints(study: Study, definition: Definition) -> Iterator[tuple[str, bytes]]:
    """
    Tell the name of each run and a hash of what decides its outcome.

    Two runs of the same name and fingerprint, in two versions of a study, are the same run.
    """
    model = orjson.dumps(definition.model, option=orjson.OPT_SORT_KEYS)
    start = hashlib.blake2b(model, digest_size=_FINGERPRINT_BYTES)
    has_templates = bool(study.model.overlays)
    for run in study.runs():
        yield run.name, _fingerprint(start, run, has_templates=has_templates)


def with_more_outputs(definition: Definition, asked_for: Iterable[Outputs]) -> Iterator[Definition]:
    """
    Describe the same study as it may have been when more was kept of its runs, or was required.

    What a run has left by such a definition is all that it would leave by this one.

    Parameters
    ----------
    definition
        The study as it is now.
    asked_for
        Outputs that it had before.
    """
    wanted = definition.model["outputs"]
    for outputs in asked_for:
        if outputs != wanted and _suffice(outputs, wanted):
            yield replace(definition, model={**definition.model, "outputs": outputs})


def _suffice(outputs: Outputs, wanted: Outputs) -> bool:
    """Patterns are compared as texts: whether one matches all that another does is not guessed."""
    kept = {pattern for pattern, _ in outputs}
    required = {pattern for pattern, is_required in outputs if is_required}
    return all(pattern in (required if is_required else kept) for pattern, is_required in wanted)


def _fingerprint(start: hashlib.blake2b, run: Run, *, has_templates: bool) -> bytes:
    hashed = start.copy()
    hashed.update(orjson.dumps(run.environment))
    truths = [name for name, value in run.sample.items() if isinstance(value, bool)]
    if truths and has_templates:  # which can tell them from the texts in the environment
        hashed.update(orjson.dumps(truths))
    return hashed.digest()


def _mpi(mpi: Mpi | None) -> str | None:
    """What starts the processes; which variables they are handed follows from all the rest."""
    return None if mpi is None else launch_line(replace(mpi, variables=()), "")


def _calibration(pest: Pest | None) -> dict[str, str]:
    """What decides a calibration besides its files; how many workers it has does not."""
    if pest is None:
        return {}
    return {
        "control": str(pest.control),
        "program": pest.program,
        "switches": f"{pest.switches} {pest.worker_switches}".strip(),
    }


def _design_hash(study: Study, digest: Callable[[Path], str]) -> str:
    design = study.design
    if isinstance(design, FromCsv):
        # Where the table lies does not matter, what is in it does.
        return _hash(f"{design.columns} {digest(design.table.file)} {study.run_name.text}")
    return _hash(f"{design} {study.run_name.text}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
