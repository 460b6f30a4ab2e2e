"""What only the whole of a study can tell: whether templates, parameters and names agree."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from pathlib import PurePosixPath

from runfleet.documents.document import Document
from runfleet.documents.errors import DocumentError, InvalidValueError, suggest
from runfleet.study.errors import StudyError
from runfleet.study.forms import StudyForm
from runfleet.study.model import Model
from runfleet.study.mpi import WHERE_EACH_IS
from runfleet.study.names import NamePattern
from runfleet.study.overlays import Overlay
from runfleet.study.parameters import Parameter
from runfleet.study.pest_template import PestTemplate
from runfleet.study.pool import is_windows
from runfleet.study.run import Run
from runfleet.study.values import Sample

_RUN_NAME = "run_name"
_LAUNCHER = re.compile(r"(\S*/)?(mpirun|mpiexec(\.hydra)?|srun|prterun)\s")
_TRIAL_RUNS = 1000
_FEWEST_TRIAL_RUNS = 2
_TRIAL_BYTES = 10_000_000
_MOST_RENDERED_BYTES = 50_000_000
_MOST_FIELDS = 3


def find_mistakes(
    form: StudyForm, model: Model, parameters: Sequence[Parameter], document: Document
) -> Iterator[DocumentError]:
    """Find what does not go together: of the model, its templates, the parameters and the pool."""
    yield from _names_taken(model, parameters, document)
    yield from _mpi_mistakes(form, document)
    if model.overlays:
        names = [parameter.name for parameter in parameters]
        for overlay in model.overlays:
            yield from _undefined(overlay, names)
        unused = (
            parameter.name
            for parameter in parameters
            if not (parameter.environment_only or _is_used(model, parameter.name))
        )
        for name in unused:
            yield _unused(document, name, model.overlays)
        yield from _files_as_folders(model, document)


def _names_taken(
    model: Model, parameters: Iterable[Parameter], document: Document
) -> Iterator[DocumentError]:
    """Find environment variables that a parameter sets, too."""
    names = {parameter.name.upper() for parameter in parameters}
    for name in model.environment:
        if name.upper() in names:
            yield document.error(
                ("model", "environment", name),
                f"`{name}` is also a parameter, which sets the same environment variable",
                "rename one of them",
            )


def _mpi_mistakes(form: StudyForm, document: Document) -> Iterator[DocumentError]:
    """Find a command and a pool that do not go with runs on several nodes."""
    mpi, pool = form.model.mpi, form.pool
    if mpi is None:
        return
    if _LAUNCHER.match(form.model.command or ""):
        what = "the command starts processes by MPI itself, and so does `mpi`"
        yield document.error(("model", "command"), what, "write only the program and its arguments")
    if pool.tasks_per_node not in (None, 1):
        what = "runs on several nodes have each node for themselves"
        place = ("pool", "tasks_per_node")
        yield document.error(place, what, "write `tasks_per_node: 1`, or leave it out")
    if "max" in pool.nodes.model_fields_set and pool.nodes.max < mpi.nodes:
        what = f"a run takes {mpi.nodes} nodes, and the pool has only {pool.nodes.max}"
        yield document.error(("pool", "nodes", "max"), what, f"write `max: {mpi.nodes}` or more")
    if mpi.implementation.is_for_windows is not is_windows(pool.image):
        system = "Windows" if is_windows(pool.image) else "Linux"
        what = f"{mpi.implementation.label} is not for the {system} nodes of `{pool.image}`"
        yield document.error(("model", "mpi", "implementation"), what, WHERE_EACH_IS)


def _files_as_folders(model: Model, document: Document) -> Iterator[DocumentError]:
    """Find overlays that are the folder of another file of the run, or that are in a file."""
    made = {overlay.target for overlay in model.overlays}
    files = sorted(made.union(shared.path for shared in model.inputs))
    first_below: dict[PurePosixPath, PurePosixPath] = {}
    for file in files:
        for folder in file.parents:
            first_below.setdefault(folder, file)
    for file in files:
        below = first_below.get(file)
        if below is not None:
            place = ("model", "overlays", str(file if file in made else below))
            what = f"`{file}` would be a file, and the folder of `{below}`, too"
            yield document.error(place, what, "change the path of one of them")


def _undefined(overlay: Overlay, parameters: Sequence[str]) -> Iterator[DocumentError]:
    """Find names in a template that are no parameters."""
    names = (*parameters, _RUN_NAME)
    template = overlay.template
    known = {template.folded(name) for name in names}
    for name, line in template.uses.items():
        if template.folded(name) not in known:
            yield StudyError(
                f"`{name}` is no parameter of this study",
                file=template.file,
                line=line,
                hint=suggest(name, names, "templates may use"),
            )


def _is_used(model: Model, name: str) -> bool:
    for template in (overlay.template for overlay in model.overlays):
        if template.folded(name) in map(template.folded, template.uses):
            return True
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")
    return any(word.search(text) for text in (model.command, *model.environment.values()))


def _unused(document: Document, name: str, overlays: Sequence[Overlay]) -> DocumentError:
    what = f"no template uses the parameter `{name}`"
    place = ("parameters", name)
    if place not in document.lines:
        return document.error(("design",), what, "list the columns to take under `parameters`")
    template = overlays[0].template
    use = f"use it as `{template.field(name)}`, remove it"
    if not template.can_read(name):
        what += f": to Jinja2 `{name}` means something else"
        use = "rename it"
    hint = f"{use}, or, if the model reads the environment variable, add `environment_only: true`"
    headless = next(filter(_lacks_header, overlays), None)
    if headless is not None:
        what += f", as `{headless.source.name}` is read as one of Jinja2"
        hint = "let a template of PEST begin with a line `ptf` and its marker, as in `ptf ~`"
    return document.error(place, what, hint)


def _lacks_header(overlay: Overlay) -> bool:
    """Tell whether a template is one of PEST by its name alone."""
    is_pest = overlay.source.suffix.lower() == ".tpl"
    return is_pest and not (isinstance(overlay.template, PestTemplate) or overlay.template.uses)


def try_runs(
    runs_at: Callable[[Sequence[int]], Iterator[Run]],
    count: int,
    overlays: Sequence[Overlay],
    document: Document,
) -> None:
    """
    Refuse a study of whose runs some cannot be named, or their overlays not be rendered.

    Of a study with templates so many runs are tried as take little time: the first ones, the last,
    and some evenly spread between them.  Of one without, the first run is.

    Parameters
    ----------
    runs_at
        Makes the runs of some indices, see `Study.runs_at`.
    count
        How many runs there are.
    overlays
        Are rendered for each run that is tried.
    document
        The study file, for messages.

    Raises
    ------
    StudyError
        About the first run that cannot be made.
    """
    rendered = 0
    indices = _tried(count, overlays)
    next_index = iter(indices)
    try:
        for run in runs_at(indices):
            next(next_index)
            rendered += sum(len(overlay.render(run.sample, run.name)) for overlay in overlays)
            if rendered > _MOST_RENDERED_BYTES:
                return
    except InvalidValueError as invalid:
        raise _name_error(document, next(next_index) + 1, invalid) from invalid


def _tried(count: int, overlays: Sequence[Overlay]) -> list[int]:
    """Choose the runs to try, fewer where the templates are large."""
    if not overlays:
        return [0]
    size = sum(overlay.source.stat().st_size for overlay in overlays)
    most = min(count, _TRIAL_RUNS, max(_FEWEST_TRIAL_RUNS, _TRIAL_BYTES // max(size, 1)))
    first = (most + 1) // 2
    rest, spread = count - first, most - first
    return [*range(first), *(first + rest * part // spread - 1 for part in range(1, spread + 1))]


def check_run_names(
    pattern: NamePattern,
    samples: Callable[[], Iterable[Sample]],
    run_count: int,
    parameters: Sequence[Parameter],
    document: Document,
) -> None:
    """
    Refuse run names that Batch would, and names that two runs share but for case.

    All names are made once; eight bytes are kept of each.

    Raises
    ------
    StudyError
        About the first of them.
    """
    varies = bool(pattern.fields - {"number"})

    def names() -> Iterator[tuple[int, str]]:
        return _names(pattern, samples() if varies else repeat({}, run_count), document)

    # In small letters, as Batch tells no others apart.
    shared = _values_twice(array("q", (hash(name.lower()) for _, name in names())))
    if shared:
        suspects = (item for item in names() if hash(item[1].lower()) in shared)
        _refuse_twins(suspects, _added_fields(pattern, parameters), document)


def _names(
    pattern: NamePattern, samples: Iterable[Sample], document: Document
) -> Iterator[tuple[int, str]]:
    for number, sample in enumerate(samples, start=1):
        try:
            yield number, pattern.name(number, sample)
        except InvalidValueError as invalid:
            raise _name_error(document, number, invalid) from invalid


def _values_twice(values: array[int]) -> set[int]:
    # Imported late: only studies that name their runs need numpy for it.
    import numpy as np

    rising = np.sort(np.frombuffer(values, dtype=np.int64))
    return set(rising[1:][rising[1:] == rising[:-1]].tolist())


def _added_fields(pattern: NamePattern, parameters: Sequence[Parameter]) -> str:
    """Write what could be added to a pattern: parameters, unless they are many, or the number."""
    varying = (parameter.name for parameter in parameters if not parameter.is_fixed)
    lacking = [f"-{{{name}}}" for name in varying if name not in pattern.fields]
    number = "`-{number}`"
    return f"`{''.join(lacking)}` or {number}" if 0 < len(lacking) <= _MOST_FIELDS else number


def _refuse_twins(suspects: Iterable[tuple[int, str]], added: str, document: Document) -> None:
    """Find the first name that really stands there twice: different names can share a hash."""
    first: dict[str, tuple[int, str]] = {}
    for number, name in suspects:
        earlier, twin = first.setdefault(name.lower(), (number, name))
        if earlier == number:
            continue
        runs = f"runs {earlier} and {number} would"
        if twin == name:
            what = f"{runs} both be called `{name}`"
            hint = f"add {added} to the pattern, or more digits: `{{PARAMETER:.6f}}`"
        else:
            what = f"{runs} be called `{twin}` and `{name}`, which Batch does not tell apart"
            hint = f"add {added} to the pattern, or change one of the values"
        raise document.error(("run_name",), what, hint)


def _name_error(document: Document, number: int, invalid: InvalidValueError) -> DocumentError:
    return document.error(("run_name",), f"run {number}: {invalid.message}", invalid.hint)
