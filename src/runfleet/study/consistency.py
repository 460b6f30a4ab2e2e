"""What only the whole of a study can tell: whether templates, parameters and names agree."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import repeat

from runfleet.study.designs import Drawn
from runfleet.study.document import Document
from runfleet.study.errors import InvalidValueError, StudyError, suggest
from runfleet.study.overlays import Overlay
from runfleet.study.parameters import Parameter
from runfleet.study.study import Study

_RUN_NAME = "run_name"


def check_overlays(study: Study, document: Document) -> None:
    """
    Refuse undefined and unused parameters, and templates that fail for the first run.

    Raises
    ------
    StudyError
        About the first of them.
    """
    if not study.model.overlays:
        return
    for overlay in study.model.overlays:
        _refuse_undefined(study, overlay)
    for parameter in study.parameters:
        if not (parameter.environment_only or _is_used(study, parameter)):
            raise _unused(document, parameter)


def _refuse_undefined(study: Study, overlay: Overlay) -> None:
    names = [parameter.name for parameter in study.parameters]
    known = {_folded(overlay, name) for name in (*names, _RUN_NAME)}
    for name, line in overlay.uses.items():
        if _folded(overlay, name) not in known:
            raise StudyError(
                f"`{name}` is no parameter of this study",
                file=overlay.template.file,
                line=line,
                hint=suggest(name, (*names, _RUN_NAME), "templates may use"),
            )


def _folded(overlay: Overlay, name: str) -> str:
    """PEST's names count in any case."""
    return name.lower() if overlay.kind == "ptf" else name


def _is_used(study: Study, parameter: Parameter) -> bool:
    for overlay in study.model.overlays:
        if _folded(overlay, parameter.name) in {_folded(overlay, name) for name in overlay.uses}:
            return True
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(parameter.name)}(?![A-Za-z0-9_])")
    texts = (study.model.command, *study.model.environment.values())
    return any(word.search(text) for text in texts)


def _unused(document: Document, parameter: Parameter) -> StudyError:
    name = parameter.name
    if document.line(("parameters", name)) == document.line(()):
        hint = "list the columns to take under `parameters`"
    else:
        hint = (
            f"use it as `{{{{ {name} }}}}`, remove it, or, if the model reads the environment "
            "variable, add `environment_only: true`"
        )
    return document.error(("parameters", name), f"no template uses the parameter `{name}`", hint)


def check_first_run(study: Study, document: Document) -> None:
    """
    Refuse a study whose first run cannot be named, or its overlays not be rendered.

    Raises
    ------
    StudyError
        If so.
    """
    try:
        run = next(study.runs())
    except InvalidValueError as invalid:
        raise _name_error(document, 1, invalid) from invalid
    for overlay in study.model.overlays:
        overlay.render(run.sample, run.name)


def check_run_names(study: Study, document: Document) -> None:
    """
    Refuse run names that Batch would, and names that two runs share but for case.

    All names are made once; eight bytes are kept of each.

    Raises
    ------
    StudyError
        About the first of them.
    """
    hashes = array("q")
    for number, name in _names(study, document):
        del number
        hashes.append(hash(name.lower()))
    shared = _values_twice(hashes)
    if shared:
        _refuse_twins(study, document, shared)


def _names(study: Study, document: Document) -> Iterator[tuple[int, str]]:
    varies = study.run_name.fields - {"number"}
    samples = study.samples() if varies else repeat({}, study.run_count())
    for number, sample in enumerate(samples, start=1):
        try:
            yield number, study.run_name.name(number, sample)
        except InvalidValueError as invalid:
            raise _name_error(document, number, invalid) from invalid


def _values_twice(values: array[int]) -> set[int]:
    # Imported late: only studies that name their runs need numpy for it.
    import numpy as np

    rising = np.sort(np.frombuffer(values, dtype=np.int64))
    return set(rising[1:][rising[1:] == rising[:-1]].tolist())


def _refuse_twins(study: Study, document: Document, shared: set[int]) -> None:
    """Find the first name that really stands there twice: different names can share a hash."""
    first: dict[str, int] = {}
    for number, name in _names(study, document):
        if hash(name.lower()) not in shared:
            continue
        earlier = first.setdefault(name.lower(), number)
        if earlier != number:
            raise document.error(
                ("run_name",),
                f"runs {earlier} and {number} would both be called `{name}`",
                "add `-{number}` to the pattern, or more digits: `{PARAMETER:.6f}`",
            )


def _name_error(document: Document, number: int, invalid: InvalidValueError) -> StudyError:
    return document.error(("run_name",), f"run {number}: {invalid.what}", invalid.hint)


def design_warnings(study: Study) -> Iterator[str]:
    """Say what is allowed but probably not meant."""
    count = study.run_count()
    if isinstance(study.design, Drawn) and study.design.method == "sobol" and count & (count - 1):
        lower = 1 << (count.bit_length() - 1)
        yield (
            f"a Sobol sequence is balanced only if its length is a power of two: "
            f"{lower} or {2 * lower} runs rather than {count}"
        )
