"""The files that a control file needs on the nodes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from runfleet.calibrate.control_files.found_files import find_file, find_program, leaves_folder
from runfleet.calibrate.control_files.named_files import BASE_CONTROL, base_files, covariance_files
from runfleet.calibrate.control_files.parts import FilePair
from runfleet.calibrate.control_files.problems import ControlError
from runfleet.calibrate.control_files.sections import ControlText, split_control
from runfleet.calibrate.control_files.tables import external_files

_SWEEP_INPUT = "sweep_in.csv"
"""What pestpp-swp reads unless an option names something else."""

_TELLING = (".bat", ".cmd", ".sh", ".unc")
"""Scripts, and lists of covariance matrices, name other files."""

_LARGEST_TEXT = 100_000
_WORD = re.compile(r'"[^"\n]+"|\'[^\'\n]+\'|[^\s"\'=;,&|<>()]+')
_OWN_FOLDER = re.compile(r"%~dp0\\?|%CD%[\\/]|\$\(dirname [^)]*\)/|\$PWD/", re.IGNORECASE)


def needed_files(
    file: Path, parts: ControlText, pairs: Sequence[FilePair], options: Mapping[str, str]
) -> Iterator[Path]:
    """
    Find the files beside a control file that it needs, each once, as absolute paths.

    These are what the file names, and what scripts and lists that it names do.  What the
    model reads and writes in between is made by each worker anew.

    Parameters
    ----------
    file
        The control file.
    parts
        Its sections.
    pairs
        Its template and instruction files.
    options
        What PEST++ is told beyond the sections: some of that are files.
    """
    folder = file.parent
    made = {find_file(folder, pair.model_file) for pair in pairs}
    found = chain(
        [file],
        external_files(parts.sections.values(), folder),
        _found(folder, [pair.pest_file for pair in pairs]),
        _with_named(folder, _found(folder, _command_words(parts)), made),
        _found(folder, (named.spelled for named in covariance_files(parts.sections))),
        _found(folder, _base_names(parts, folder)),
        _with_named(folder, _found(folder, [*options.values(), _SWEEP_INPUT]), made),
    )
    yield from dict.fromkeys(path.absolute() for path in found)


def _command_words(parts: ControlText) -> Iterator[str]:
    for section in ("model command line", "derivatives command line"):
        for row in parts.rows(section):
            yield from row.words


def _base_names(parts: ControlText, folder: Path) -> Iterator[str]:
    """List what SVD-assist needs: PARCALC, which the model's command calls, fills in templates."""
    for named in base_files(parts.sections):
        yield named.spelled
        if named.noun == BASE_CONTROL and (path := find_file(folder, named.spelled)):
            yield from _templates_of(path)


def _templates_of(base: Path) -> Iterator[str]:
    try:
        parts = split_control(base, base.read_text(encoding="latin-1"))
    except ControlError:  # none that PEST could read either
        return
    for section in ("model input", "model input/output"):
        for row in parts.rows(section):
            yield row.words[0]


def _found(folder: Path, named: Iterable[str]) -> Iterator[Path]:
    for name in named:
        if name and not leaves_folder(name):
            path = find_program(folder, name, is_windows=True)
            if path is not None:
                yield path


def _with_named(
    folder: Path, files: Iterable[Path], made: Collection[Path | None]
) -> Iterator[Path]:
    """Add what these files name, and what those name."""
    waiting, left_out = deque(files), {*made}
    while waiting:
        path = waiting.popleft()
        if path in left_out:
            continue
        left_out.add(path)
        yield path
        if path.suffix.lower() in _TELLING and path.stat().st_size <= _LARGEST_TEXT:
            waiting += _found(folder, _words_of(path))


def _words_of(file: Path) -> Iterator[str]:
    text = _OWN_FOLDER.sub("", file.read_text(encoding="latin-1"))
    for word in _WORD.findall(text):
        yield word.strip("\"'").removeprefix("@")
