"""From a study file to the parts of a study."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from runfleet.documents.document import CSV_HINT, Document, Place, parse_document
from runfleet.documents.errors import InvalidValueError
from runfleet.documents.validation import check, located
from runfleet.study.errors import StudyError
from runfleet.study.files import existing_file, expand, inner_file, inner_path
from runfleet.study.forms import InputForm, ModelForm, StudyForm
from runfleet.study.model import Model, Output, SharedInput
from runfleet.study.mpi import Mpi
from runfleet.study.names import NamePattern, default_pattern
from runfleet.study.overlays import Overlay
from runfleet.study.parameters import Parameter
from runfleet.study.results import Result

_MOST_BYTES = 1_000_000
_RUN_NAME = "RUNFLEET_RUN"
_ALWAYS_KEPT = {"stdout.txt", "stderr.txt"}


def read_study_file(file: Path) -> tuple[StudyForm, Document]:
    """
    Read a study file and check it as far as it stands for itself.

    Raises
    ------
    StudyError
        If it cannot be read or is no study file.
    """
    document = parse_document(_read(file), file)
    if document.data is None:
        raise StudyError("the file is empty", file=file, hint="`runfleet init` writes a first one")
    return check(StudyForm, document), document


def _read(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > _MOST_BYTES:
            what = f"the file has {size:,} bytes, a study file may have {_MOST_BYTES:,}"
            raise StudyError(what, file=file, hint=CSV_HINT)
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


def load_run_name(
    form: StudyForm, parameters: Iterable[Parameter], count: int, document: Document
) -> NamePattern:
    """Read the pattern of the runs' names, or take the default one for so many runs."""
    if form.run_name is None:
        return default_pattern(count)
    names = [parameter.name for parameter in parameters]
    return located(document, ("run_name",), NamePattern.parse, form.run_name, names)


def load_results(form: StudyForm, document: Document) -> tuple[Result, ...]:
    """Make the results, whose files are within a run's folder."""
    results = []
    for name, result in form.results.items():
        place = ("results", name, "file")
        path = located(document, place, inner_file, result.file)
        results.append(replace(result.result(name), file=str(path)))
    return tuple(results)


def load_model(
    form: ModelForm,
    results: Iterable[Result],
    parameters: Iterable[Parameter],
    document: Document,
    folder: Path,
) -> Model:
    """
    Make the model, whose inputs and templates are there.

    Parameters
    ----------
    form
        What the study file says of it.
    results
        The files they are read from are outputs, too.
    parameters
        All processes of a run need them.
    document
        The study file, for messages.
    folder
        The folder of the study file.

    Raises
    ------
    StudyError
        If a file is missing or outside of the folder, or a template is wrong.
    """
    overlays = tuple(_overlays(form, document, folder))
    targets = {overlay.target for overlay in overlays}
    return Model(
        command=form.command or "",
        packages=tuple(form.packages),
        inputs=tuple(_inputs(form, document, folder, targets)),
        overlays=overlays,
        outputs=tuple(_outputs(form, results, document)),
        environment=dict(form.environment),
        retries=form.retries,
        time_limit=form.time_limit,
        mpi=_mpi(form, parameters),
    )


def _mpi(form: ModelForm, parameters: Iterable[Parameter]) -> Mpi | None:
    names = (parameter.name for parameter in parameters)
    return None if form.mpi is None else form.mpi.mpi([*form.environment, *names, _RUN_NAME])


def _inputs(
    form: ModelForm, document: Document, folder: Path, overlaid: set[PurePosixPath]
) -> Iterator[SharedInput]:
    """Expand the inputs, a later mention of a file winning over an earlier one."""
    links: dict[PurePosixPath, bool] = {}
    for index, item in enumerate(form.inputs):
        place: Place = ("model", "inputs", index)
        for path in located(document, place, _input_paths, item, document, folder, overlaid):
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
    seen: set[PurePosixPath] = set()
    for target, template in form.overlays.items():
        place = ("model", "overlays", target)
        path = located(document, place, inner_file, target)
        if path in seen:
            raise document.error(place, f"the file `{path}` is made twice", "remove one overlay")
        seen.add(path)
        located(document, place, existing_file, folder, template)
        shown = document.file.parent / template
        yield Overlay.read(path, folder / template, shown=shown)


def _outputs(form: ModelForm, results: Iterable[Result], document: Document) -> Iterator[Output]:
    patterns: list[str] = []
    for index, item in enumerate(form.outputs):
        place = ("model", "outputs", index)
        patterns.append(str(located(document, place, _output_path, item.pattern)))
        yield Output(patterns[-1], item.required)
    for file in dict.fromkeys(result.file for result in results):
        if file not in _ALWAYS_KEPT and not any(_matches(file, pattern) for pattern in patterns):
            yield Output(file)


def _output_path(text: str) -> PurePosixPath:
    path = inner_path(text)
    if text.endswith("/") or not path.parts:
        raise InvalidValueError(f"`{text}` is a folder", hint=f"write `{path / '**'}` to keep it")
    return path


def _matches(file: str, pattern: str) -> bool:
    # A `*` that crosses folders would be taken for one that does not, so depths are compared.
    deep = "**" in pattern or file.count("/") == pattern.count("/")
    return deep and fnmatchcase(file, pattern.replace("**/", "*"))
