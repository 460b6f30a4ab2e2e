"""From a study file to the parts of a study."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from runfleet.documents.document import Document, Place, parse_document
from runfleet.documents.errors import InvalidValueError
from runfleet.documents.mistakes import Mistakes, for_each
from runfleet.documents.validation import check, located
from runfleet.study.consistency import find_mistakes
from runfleet.study.design_loader import load_design
from runfleet.study.designs import Design
from runfleet.study.errors import StudyError
from runfleet.study.files import (
    Expanded,
    existing_file,
    expand,
    inner_file,
    inner_path,
    is_utf8,
    stored_file,
    stored_pattern,
)
from runfleet.study.forms import InputForm, ModelForm, OutputForm, ResultForm, StudyForm
from runfleet.study.model import Model, Output, SharedInput
from runfleet.study.mpi import Mpi
from runfleet.study.names import NamePattern, default_pattern
from runfleet.study.overlays import Overlay
from runfleet.study.parameters import Parameter
from runfleet.study.pest import Pest
from runfleet.study.pest_loader import load_pest
from runfleet.study.pool import is_windows
from runfleet.study.result_files import as_pattern, unnamed_files
from runfleet.study.results import Result
from runfleet.study.run import RUN_VARIABLE

_MOST_BYTES = 1_000_000
_WHEN_LARGE = "put samples into a CSV file and write `design: {csv: samples.csv}`"
_ALWAYS_KEPT = {"stdout.txt", "stderr.txt"}


def read_study_file(file: Path) -> tuple[StudyForm, Document]:
    """
    Read a study file and check it as far as it stands for itself.

    Raises
    ------
    StudyError
        If it cannot be read or is no study file.
    """
    return _checked(_read(file), file)


def _checked(text: str, file: Path) -> tuple[StudyForm, Document]:
    document = parse_document(text, file, when_large=_WHEN_LARGE)
    if document.data is None:
        raise StudyError("the file is empty", file=file, hint="`runfleet init` writes a first one")
    return check(StudyForm, document), document


def _read(file: Path) -> str:
    if not is_utf8(str(file.absolute())):
        what = "the name of this file, or of a folder it is in, is not UTF-8"
        raise StudyError(what, file=file, hint="rename it")
    try:
        _refuse_no_file(file)
        size = file.stat().st_size
        if size > _MOST_BYTES:
            what = f"the file has {size:,} bytes, a study file may have {_MOST_BYTES:,}"
            raise StudyError(what, file=file, hint=_WHEN_LARGE)
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


def _refuse_no_file(file: Path) -> None:
    if file.is_symlink() and not file.exists():
        hint = "mend or remove the link"
        raise StudyError("this is a link to nothing", file=file, hint=hint)
    # Of a pipe, one would wait for ever for what is in it.
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise StudyError("this is no file that holds text", file=file, hint="name a study file")


@dataclass(frozen=True)
class Parts:
    """
    The parts of a study, which go together.

    Parameters
    ----------
    design, parameters, results, model, run_name, pest
        As `Study` has them.
    unnamed_files
        The files that results are read from, and that are outputs only for that reason.
    """

    design: Design
    parameters: tuple[Parameter, ...]
    results: tuple[Result, ...]
    model: Model
    run_name: NamePattern
    pest: Pest | None
    unnamed_files: tuple[str, ...]


def load_parts(form: StudyForm, document: Document, folder: Path) -> Parts:
    """
    Make all parts of a study.

    Raises
    ------
    StudyError
        If anything is wrong with one of them, or they do not go together; what does not follow from
        another mistake is told with it.
    """
    with Mistakes() as mistakes:
        pest = mistakes.of(load_pest, form, document, folder)
        designed = mistakes.of(load_design, form, document, folder)
        results = mistakes.of(_load_results, form, document) or ()
        parameters = designed[1] if designed else ()
        named = mistakes.of(_named_outputs, form.model, document) or []
        unnamed = _unnamed_files(form, results, named)
        outputs = [*named, *map(Output, map(as_pattern, unnamed))]
        model = mistakes.of(_load_model, form.model, outputs, parameters, document, folder)
        if designed and model:
            mistakes.add(find_mistakes(form, model, parameters, document))
    assert designed is not None, "what is wrong has been told"
    assert model is not None, "what is wrong has been told"
    run_name = _load_run_name(form, parameters, designed[0].count, document)
    return Parts(designed[0], parameters, results, model, run_name, pest, unnamed)


def load_sampling(
    text: str, file: Path, table: Path | None
) -> tuple[Design, tuple[Parameter, ...], NamePattern]:
    """
    Make those parts of a study that decide the names of its runs and their samples.

    Parameters
    ----------
    text, file
        The study file; the text need not be that which is in the file now.
    table
        Takes the place of the CSV file of the design, if it has one.

    Raises
    ------
    StudyError
        If anything is wrong with them.
    """
    form, document = _checked(text, file)
    folder = file.absolute().parent
    if table is not None and form.design is not None and form.design.csv is not None:
        design_form = form.design.model_copy(update={"csv": table.name})
        form, folder = form.model_copy(update={"design": design_form}), table.parent
    design, parameters = load_design(form, document, folder)
    return design, parameters, _load_run_name(form, parameters, design.count, document)


def _load_run_name(
    form: StudyForm, parameters: Iterable[Parameter], count: int, document: Document
) -> NamePattern:
    if form.run_name is None:
        return default_pattern(count)
    names = [parameter.name for parameter in parameters]
    return located(document, ("run_name",), NamePattern.parse, form.run_name, names)


def _load_results(form: StudyForm, document: Document) -> tuple[Result, ...]:
    """Make the results, whose files are within a run's folder."""

    def load(named: tuple[str, ResultForm]) -> Result:
        name, result = named
        path = located(document, ("results", name, "file"), stored_file, result.file)
        return replace(result.result(name), file=str(path))

    return tuple(for_each(form.results.items(), load))


def _load_model(
    form: ModelForm,
    outputs: Iterable[Output],
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
    outputs
        What is kept of its files.
    parameters
        All processes of a run need them, and templates write them.
    document
        The study file, for messages.
    folder
        The folder of the study file.

    Raises
    ------
    StudyError
        If a file is missing or outside of the folder, or a template is wrong.
    """
    with Mistakes() as mistakes:
        overlays = mistakes.of(_overlays, form, parameters, document, folder)
        inputs = mistakes.of(_inputs, form, document, folder)
    return Model(
        command=form.command or "",
        packages=tuple(form.packages),
        inputs=inputs.files if inputs else (),
        folders=inputs.folders if inputs else (),
        overlays=tuple(overlays or ()),
        outputs=tuple(outputs),
        environment=dict(form.environment),
        retries=form.retries,
        time_limit=form.time_limit,
        mpi=_mpi(form, parameters),
    )


def _mpi(form: ModelForm, parameters: Iterable[Parameter]) -> Mpi | None:
    names = (parameter.name for parameter in parameters)
    return None if form.mpi is None else form.mpi.mpi([*form.environment, *names, RUN_VARIABLE])


class _Inputs(NamedTuple):
    files: tuple[SharedInput, ...]
    folders: tuple[PurePosixPath, ...]


def _inputs(form: ModelForm, document: Document, folder: Path) -> _Inputs:
    """Expand the inputs, a later mention of a file winning over an earlier one."""
    overlaid = {PurePosixPath(target) for target in form.overlays}

    def found_by(numbered: tuple[int, InputForm]) -> tuple[Expanded, bool]:
        index, item = numbered
        place: Place = ("model", "inputs", index)
        return located(document, place, _expand_input, item, document, folder, overlaid), item.link

    links: dict[PurePosixPath, bool] = {}
    folders: set[PurePosixPath] = set()
    for found, link in for_each(enumerate(form.inputs), found_by):
        links |= dict.fromkeys(found.files, link)
        folders.update(found.folders)
    paths = sorted(links.keys() - overlaid)
    files = (SharedInput(path, folder / path, links[path]) for path in paths)
    filled = {parent for path in (*links, *overlaid, *folders) for parent in path.parents}
    return _Inputs(tuple(files), tuple(sorted(folders - filled - overlaid)))


def _expand_input(
    item: InputForm, document: Document, folder: Path, overlaid: set[PurePosixPath]
) -> Expanded:
    # An overlaid file need not be there: it is made for each run.
    path = inner_path(item.path)
    if path in overlaid and not (folder / path).is_dir():
        return Expanded([], [])
    return expand(folder, item.path, without=document.file.absolute())


def _overlays(
    form: ModelForm, parameters: Iterable[Parameter], document: Document, folder: Path
) -> list[Overlay]:
    seen: set[PurePosixPath] = set()
    whole = [parameter.name for parameter in parameters if parameter.is_whole]

    def load(item: tuple[str, str]) -> Overlay:
        target, template = item
        place = ("model", "overlays", target)
        path = located(document, place, inner_file, target)
        if path in seen:
            raise document.error(place, f"the file `{path}` is made twice", "remove one overlay")
        seen.add(path)
        located(document, place, existing_file, folder, template)
        shown = document.file.parent / template
        return Overlay.read(path, folder / template, shown=shown, whole=whole)

    return for_each(form.overlays.items(), load)


def _named_outputs(form: ModelForm, document: Document) -> list[Output]:
    def load(numbered: tuple[int, OutputForm]) -> Output:
        index, item = numbered
        place = ("model", "outputs", index)
        return Output(str(located(document, place, _output_path, item.pattern)), item.required)

    return for_each(enumerate(form.outputs), load)


def _unnamed_files(
    form: StudyForm, results: Iterable[Result], named: Iterable[Output]
) -> tuple[str, ...]:
    files = (result.file for result in results)
    kept = [*_ALWAYS_KEPT, *(output.pattern for output in named)]
    return tuple(unnamed_files(files, kept, ignores_case=is_windows(form.pool.image)))


def _output_path(text: str) -> PurePosixPath:
    path = stored_pattern(text)
    if str(path) in _ALWAYS_KEPT:
        # A file of the model's own would take the place of what it has printed.
        raise InvalidValueError(
            f"`{path}` is what a run prints, and kept anyway",
            hint="leave it out, and let the model write no file of this name itself",
        )
    return path
