"""Whether the files that a control file names are where they should be."""

from __future__ import annotations

from collections.abc import Iterator

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import as_posix, find_file, leaves_folder
from runfleet.calibrate.control_files.named_files import (
    NamedFile,
    base_files,
    covariance_files,
)
from runfleet.calibrate.control_files.parts import FilePair
from runfleet.calibrate.control_files.pestpp_options import FILES_READ
from runfleet.calibrate.control_files.problems import Place, Problem


def check_paths(control: Control, *, is_windows: bool, is_pestpp: bool) -> Iterator[Problem]:
    """Find files that are missing, lie elsewhere, or that a Linux node would not find."""
    for name in sorted(FILES_READ & control.options.keys()):
        yield from _check_option(control, name)
    if not is_pestpp:
        for named in (*covariance_files(control.sections), *base_files(control.sections)):
            yield from _check_named(control, named, is_windows=is_windows)
    for noun, pairs in (("template", control.templates), ("instruction", control.instructions)):
        for pair in pairs:
            yield from _check_pair(control, pair, noun, is_windows=is_windows)
    yield from _check_own_files(control, is_windows=is_windows)
    yield from _check_model_files(control, is_windows=is_windows)
    if not is_pestpp:
        yield from _check_outputs(control, is_windows=is_windows)


def _check_own_files(control: Control, *, is_windows: bool) -> Iterator[Problem]:
    """Find files of PEST that are written over, or removed before the model runs."""
    pairs = (*control.templates, *control.instructions)
    spelled = (control.file.name, *(pair.pest_file for pair in pairs))
    own = {_same(name, is_windows=is_windows): name for name in spelled}
    for pair in pairs:
        if name := own.get(_same(pair.model_file, is_windows=is_windows)):
            what = f"the model's file `{pair.model_file}` is `{name}` itself, which is lost"
            yield Problem.at(pair.place, what, "give the model's file another name")


def _check_outputs(control: Control, *, is_windows: bool) -> Iterator[Problem]:
    """Find outputs of the model that are inputs of it, too; PEST removes outputs before a run."""
    written = {_same(pair.model_file, is_windows=is_windows): pair for pair in control.templates}
    for pair in control.instructions:
        if template := written.get(_same(pair.model_file, is_windows=is_windows)):
            what = (
                f"`{pair.pest_file}` reads `{pair.model_file}`, which `{template.pest_file}` in "
                f"line {template.place.line} writes: PEST removes it before the model runs"
            )
            hint = "name a file that the model writes, or have it write a copy"
            yield Problem.at(pair.place, what, hint)


def _same(spelled: str, *, is_windows: bool) -> str:
    """Spell a path in the one way by which it is known again."""
    path = str(as_posix(spelled))
    return path.lower() if is_windows else path


def _check_model_files(control: Control, *, is_windows: bool) -> Iterator[Problem]:
    """Find templates that write over what another one has written, as no program tells."""
    written: dict[str, FilePair] = {}
    for pair in control.templates:
        earlier = written.setdefault(_same(pair.model_file, is_windows=is_windows), pair)
        if earlier is not pair:
            what = (
                f"`{pair.pest_file}` writes the model's file `{pair.model_file}`, and so does "
                f"`{earlier.pest_file}` in line {earlier.place.line}: only one of them stays"
            )
            hint = "give each a file of its own, or put both into one template"
            yield Problem.at(pair.place, what, hint, is_error=False)


def _check_pair(
    control: Control, pair: FilePair, noun: str, *, is_windows: bool
) -> Iterator[Problem]:
    if leaves_folder(pair.model_file):
        yield _outside(pair.place, pair.model_file)
        return
    yield from _check_slashes(pair.place, pair.model_file, is_windows=is_windows)
    named = NamedFile(f"{noun} file", pair.pest_file, pair.place)
    yield from _check_named(control, named, is_windows=is_windows)


def _check_named(control: Control, named: NamedFile, *, is_windows: bool) -> Iterator[Problem]:
    noun, spelled, place = named.noun, named.spelled, named.place
    if leaves_folder(spelled):
        yield _outside(place, spelled)
        return
    yield from _check_slashes(place, spelled, is_windows=is_windows)
    found = find_file(control.folder, spelled)
    if found is None:
        what = f"there is no {noun} `{spelled}` beside the control file"
        yield Problem.at(place, what, "put it there, or mend its name")
    elif not is_windows and not (control.folder / as_posix(spelled)).exists():
        real = found.relative_to(control.folder).as_posix()
        what = f"the {noun} `{spelled}` is called `{real}`"
        yield Problem.at(place, what, "spell it so: capitals count on Linux nodes")


def _check_slashes(place: Place, spelled: str, *, is_windows: bool) -> Iterator[Problem]:
    if not is_windows and "\\" in spelled:
        what = f"`{spelled}` has back-slashes, which Linux nodes take for a part of the name"
        yield Problem.at(place, what, f"write `{as_posix(spelled)}`")


def _check_option(control: Control, name: str) -> Iterator[Problem]:
    value, place = control.options[name], control.option_places[name]
    if value and find_file(control.folder, value) is None:
        what = f"there is no file `{value}` beside the control file, which `{name}` names"
        yield Problem.at(place, what, "put it there, mend its name, or remove the option")


def _outside(place: Place, spelled: str) -> Problem:
    what = f"`{spelled}` lies outside of the folder of the control file"
    hint = (
        "each worker has a copy of that folder alone: put the file into it, and name it from there"
    )
    return Problem.at(place, what, hint)
