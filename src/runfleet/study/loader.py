"""From the text of a study file to a `Study` that holds together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TypeVar

from runfleet.study.consistency import (
    check_first_run,
    check_overlays,
    check_run_names,
    design_warnings,
)
from runfleet.study.design_loader import load_design
from runfleet.study.document import Document, Place, parse_document
from runfleet.study.errors import InvalidValueError, StudyError
from runfleet.study.files import existing_file, expand, inner_path
from runfleet.study.forms import InputForm, ModelForm, StudyForm
from runfleet.study.model import Model, Output, SharedInput
from runfleet.study.names import NamePattern, default_pattern, study_name_from
from runfleet.study.overlays import Overlay
from runfleet.study.parameters import Parameter
from runfleet.study.results import Result
from runfleet.study.study import Study
from runfleet.study.validation import check, spelled

T = TypeVar("T")

_ALWAYS_KEPT = {"stdout.txt", "stderr.txt"}


def load_study(file: Path) -> Study:
    """
    Read a study file and check it whole.

    Raises
    ------
    StudyError
        If anything is wrong.
    """
    text = _read(file)
    document = parse_document(text, file)
    if document.data is None:
        raise StudyError("the file is empty", file=file, hint="`runfleet init` writes a first one")
    form = check(StudyForm, document)
    study = _build(form, document, text)
    check_overlays(study, document)
    check_first_run(study, document)
    if form.run_name is not None:
        check_run_names(study, document)
    return study


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        hint = "check the path, or write a first study file with `runfleet init`"
        raise StudyError("there is no such file", file=file, hint=hint) from None
    except IsADirectoryError:
        raise StudyError("this is a folder", file=file, hint="name a study file in it") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        hint = "save the file in UTF-8"
        raise StudyError("this is not UTF-8", file=file, line=line, hint=hint) from error
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise StudyError(what, file=file, hint="check its permissions") from error


def _build(form: StudyForm, document: Document, text: str) -> Study:
    folder = document.file.absolute().parent
    design, parameters = load_design(form, document, folder)
    results = tuple(_results(form, document))
    study = Study(
        name=form.study or study_name_from(document.file.stem),
        folder=folder,
        model=_model(form.model, results, document, folder),
        parameters=parameters,
        design=design,
        results=results,
        pool=form.pool.request(),
        run_name=_run_name(form, parameters, design.count, document),
        source=text,
    )
    return replace(study, warnings=tuple(design_warnings(study)))


def _run_name(
    form: StudyForm, parameters: Iterable[Parameter], count: int, document: Document
) -> NamePattern:
    if form.run_name is None:
        return default_pattern(count)
    names = [parameter.name for parameter in parameters]
    return _located(document, ("run_name",), NamePattern.parse, form.run_name, names)


def _results(form: StudyForm, document: Document) -> Iterator[Result]:
    for name, result in form.results.items():
        place = ("results", name, "file")
        path = _located(document, place, inner_path, result.file)
        yield replace(result.result(name), file=str(path))


def _model(form: ModelForm, results: Iterable[Result], document: Document, folder: Path) -> Model:
    overlays = tuple(_overlays(form, document, folder))
    targets = {overlay.target for overlay in overlays}
    return Model(
        command=form.command,
        packages=tuple(form.packages),
        inputs=tuple(_inputs(form, document, folder, targets)),
        overlays=overlays,
        outputs=tuple(_outputs(form, results, document)),
        environment=_environment(form, document),
        retries=form.retries,
        time_limit=form.time_limit,
    )


def _inputs(
    form: ModelForm, document: Document, folder: Path, overlaid: set[PurePosixPath]
) -> Iterator[SharedInput]:
    """Expand the inputs, a later mention of a file winning over an earlier one."""
    links: dict[PurePosixPath, bool] = {}
    for index, item in enumerate(form.inputs):
        place: Place = ("model", "inputs", index)
        for path in _located(document, place, _input_paths, item, document, folder, overlaid):
            links[path] = item.link
    for path in sorted(links.keys() - overlaid):
        yield SharedInput(path, folder / path, links[path])


def _input_paths(
    item: InputForm, document: Document, folder: Path, overlaid: set[PurePosixPath]
) -> list[PurePosixPath]:
    # An overlaid file need not be there: it is made for each run.
    if inner_path(item.path) in overlaid:
        return []
    return expand(folder, item.path, without=document.file.absolute())


def _overlays(form: ModelForm, document: Document, folder: Path) -> Iterator[Overlay]:
    for target, template in form.overlays.items():
        place = ("model", "overlays", target)
        path = _located(document, place, inner_path, target)
        _located(document, place, existing_file, folder, template)
        shown = document.file.parent / template
        yield Overlay.read(path, folder / template, shown=shown)


def _outputs(form: ModelForm, results: Iterable[Result], document: Document) -> Iterator[Output]:
    patterns: list[str] = []
    for index, item in enumerate(form.outputs):
        place = ("model", "outputs", index)
        patterns.append(str(_located(document, place, inner_path, item.pattern)))
        yield Output(patterns[-1], item.required)
    for file in dict.fromkeys(result.file for result in results):
        if file not in _ALWAYS_KEPT and not any(_matches(file, pattern) for pattern in patterns):
            yield Output(file)


def _matches(file: str, pattern: str) -> bool:
    # A `*` that crosses folders would be taken for one that does not, so depths are compared.
    deep = "**" in pattern or file.count("/") == pattern.count("/")
    return deep and fnmatchcase(file, pattern.replace("**/", "*"))


def _environment(form: ModelForm, document: Document) -> dict[str, str]:
    parameters = document.data.get("parameters") if isinstance(document.data, dict) else None
    names = {name.upper(): name for name in parameters or ()}
    for name in form.environment:
        if name.upper() in names:
            raise document.error(
                ("model", "environment", name),
                f"`{name}` is also a parameter, which sets the same environment variable",
                "rename one of them",
            )
    return dict(form.environment)


def _located(document: Document, place: Place, function: Callable[..., T], *arguments: object) -> T:
    """Call a function and turn what is wrong into an error about `place`."""
    try:
        return function(*arguments)
    except InvalidValueError as invalid:
        raise document.error(place, f"{spelled(place)}: {invalid.what}", invalid.hint) from invalid
