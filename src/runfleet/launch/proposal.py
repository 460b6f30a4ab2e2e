"""From an executable to the study that runs it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runfleet.azure import OperatingSystem
from runfleet.azure.commands import package_variable
from runfleet.azure.settings import PackageReference as AzureReference
from runfleet.inspection import Kind, Program, System, Whereabouts
from runfleet.inspection.problems import ubuntu_for
from runfleet.study import PackageReference, starter_text, study_name_from
from runfleet.study.pool import WINDOWS_IMAGE

_NEWEST_UBUNTU = "24.04"
_FIRST_VERSION = "1.0"
_LARGEST_INPUT_BYTES = 20_000_000
# `swat-2012.10.exe`, `model_v3.1`
_NAME_AND_VERSION = re.compile(r"(?P<name>.*?[A-Za-z0-9])[-_ ]+v?(?P<version>\d+(?:\.\d+)+)")
_PLAIN_WORD = re.compile(r"[\w.:=/\\-]+")


@dataclass(frozen=True)
class Proposal:
    """
    How an executable is best run.

    Parameters
    ----------
    program
        What it is.
    command
        The command of the model.
    image
        What its nodes have to run.
    package
        The application package to make of it; None where it is an input of the study.
    package_files
        What goes into the package: the program, and the libraries that come with it.
    inputs
        The inputs of the study.
    outside
        Files that the program is told of and that cannot be inputs, for they are elsewhere.
    """

    program: Program
    command: str
    image: str
    package: PackageReference | None = None
    package_files: tuple[Path, ...] = ()
    inputs: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    def study_text(self, name: str | None) -> str:
        """
        Write the study file.

        Parameters
        ----------
        name
            The name of the study; that of its file if None.
        """
        packages = [str(self.package)] if self.package else []
        return starter_text(
            self.command, name=name, inputs=self.inputs, packages=packages, image=self.image
        )


@dataclass(frozen=True)
class Arguments:
    """
    What a program is told.

    Parameters
    ----------
    words
        As they stand in its command.
    inputs, outside
        See `Proposal`.
    """

    words: tuple[str, ...]
    inputs: tuple[str, ...]
    outside: tuple[str, ...]

    @classmethod
    def read(
        cls, folder: Path, arguments: Sequence[str], system: System = System.LINUX
    ) -> Arguments:
        """
        Tell the files among arguments, which become inputs if they are in the folder.

        What a program of Windows is told may have backslashes, and keeps them.
        """
        found = {one: _file_of(one, system) for one in arguments}
        files = {one: _place_in(folder, file) for one, file in found.items() if file is not None}
        return cls(
            tuple(_spelled_as(one, files.get(one) or one) for one in arguments),
            tuple(place for place in files.values() if place is not None),
            tuple(one for one, place in files.items() if place is None),
        )


def propose(program: Program, folder: Path, arguments: Sequence[str] = ()) -> Proposal:
    """
    Propose how to run an executable.

    Parameters
    ----------
    program
        What it is.
    arguments
        What it is told.  Those that are files in the folder become inputs.
    folder
        The folder of the study file.  Scripts and small programs in it become inputs, which follow
        every change of theirs; all else becomes a package, which every node unpacks once.
    """
    given = Arguments.read(folder, arguments, program.system)
    told = _quoted(program, given.words)
    own = _place_in(folder, program.path)
    if own is not None and _is_small(program):
        command = _input_command(program, own) + told
        return Proposal(
            program, command, _image(program), inputs=(own, *given.inputs), outside=given.outside
        )
    package = _package(program)
    libraries = program.found(Whereabouts.BESIDE, Whereabouts.HERE)
    brought = [library.path for library in libraries if library.path is not None]
    return Proposal(
        program,
        _package_command(program, package) + told,
        _image(program),
        package,
        (program.path, *brought),
        given.inputs,
        given.outside,
    )


def _file_of(argument: str, system: System) -> Path | None:
    """Find the file that an argument names, if it names one."""
    names = [argument, *([argument.replace("\\", "/")] if system is System.WINDOWS else [])]
    return next((Path(name) for name in names if _is_file(name)), None)


def _is_file(argument: str) -> bool:
    try:
        return Path(argument).is_file()
    except (OSError, ValueError):
        # It is no path at all, but a long text, for example.
        return False


def _spelled_as(typed: str, place: str) -> str:
    return place.replace("/", "\\") if "\\" in typed else place


def _place_in(folder: Path, file: Path) -> str | None:
    """Name a file relative to a folder that it is in."""
    path, home = file.resolve(), folder.resolve()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else None


def _is_small(program: Program) -> bool:
    """Tell whether runs may well have copies of a program: a file of its own, and no large one."""
    if program.kind is not Kind.BINARY:
        return True
    needs_more = program.found(Whereabouts.BESIDE, Whereabouts.HERE, Whereabouts.MISSING)
    return not needs_more and program.path.stat().st_size <= _LARGEST_INPUT_BYTES


def _quoted(program: Program, arguments: Sequence[str]) -> str:
    quote = _windows_word if program.system is System.WINDOWS else shlex.quote
    return "".join(f" {quote(argument)}" for argument in arguments)


def stem_of(path: Path) -> str:
    """Take the suffix off a file's name; the `.1` of `model-3.1` is none."""
    return path.stem if path.suffix[1:].isalpha() else path.name


def _image(program: Program) -> str:
    if program.system is System.WINDOWS:
        return WINDOWS_IMAGE
    return f"ubuntu-{ubuntu_for(program.glibc) or _NEWEST_UBUNTU}"


def _package(program: Program) -> PackageReference:
    stem = stem_of(program.path)
    match = _NAME_AND_VERSION.fullmatch(stem)
    name, version = (match["name"], match["version"]) if match else (stem, _FIRST_VERSION)
    if stem != program.path.name and program.path.with_name(stem).is_file():
        # `model.exe` beside `model`: they are for different systems, and each has its package.
        name = f"{name}-{program.path.suffix[1:].lower()}"
    return PackageReference(study_name_from(name), program.version or version)


def _input_command(program: Program, shared: str) -> str:
    """Start a file in the run's folder."""
    if program.system is System.WINDOWS:
        place = _windows_word(shared.replace("/", "\\"))
        return f"{program.interpreter} {place}".strip()
    place = shlex.quote(shared)
    return f"{program.interpreter} {place}" if program.interpreter else f"./{place}"


def _package_command(program: Program, package: PackageReference) -> str:
    """Start a file of a package, whose folder is on PATH."""
    name = program.path.name
    if program.system is System.WINDOWS:
        return f"{program.interpreter} {_windows_word(name)}".strip()
    folder = _folder_of(package)
    if program.interpreter:
        return f'{program.interpreter} "{folder}"/{shlex.quote(name)}'
    looks_elsewhere = f'LD_LIBRARY_PATH="{folder}" ' if _brings_libraries(program) else ""
    return looks_elsewhere + shlex.quote(name)


def _folder_of(package: PackageReference) -> str:
    reference = AzureReference(package.id, package.version)
    return f"${package_variable(reference, OperatingSystem.LINUX)}"


def _brings_libraries(program: Program) -> bool:
    """Tell whether it has libraries in its package that would not be looked for there."""
    brought = program.found(Whereabouts.BESIDE, Whereabouts.HERE)
    binary = program.binary
    if binary is None or program.path.absolute().parent not in binary.folders:
        return bool(brought)
    needed_by_others = (library.needed_by != program.path.name for library in brought)
    return not binary.is_followed and any(needed_by_others)


def _windows_word(word: str) -> str:
    return word if _PLAIN_WORD.fullmatch(word) else f'"{word}"'
