"""Where the libraries are that a program needs, and those that these need in turn."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runfleet.inspection.elf import read_elf
from runfleet.inspection.errors import InspectionError
from runfleet.inspection.known_libraries import advice_on, is_of_system, is_visual_runtime
from runfleet.inspection.pe import read_pe
from runfleet.inspection.program import Binary, Library, System, Whereabouts

_LINUX_FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib64",
        "/usr/lib64",
        "/usr/local/lib",
        "/usr/local/lib64",
        "/usr/lib",
    )
)
_MOST_LIBRARIES = 1000


@dataclass(frozen=True)
class Found:
    """
    A library, and what its header says.

    Parameters
    ----------
    library
        Where it is.
    binary
        None if it is the system's, missing, or cannot be read.
    """

    library: Library
    binary: Binary | None


def find_libraries(program: Path, binary: Binary) -> list[Found]:
    """
    Find all libraries that a program needs, itself or by way of others, each once.

    A Windows program finds what lies beside it.  A Linux program looks where it says itself, and
    then where this machine keeps its libraries; what only lies beside it counts as found, too, for
    it can be told to look there.
    """
    found: dict[str, Found] = {}
    waiting = [_User(program, binary)]
    for user in waiting:
        for library in _asked_for(user, program.parent):
            key = library.name.lower() if binary.system is System.WINDOWS else library.name
            if key in found or len(found) >= _MOST_LIBRARIES:
                continue
            found[key] = Found(library, _read(library, binary))
            if library.path is not None and (needed := found[key].binary) is not None:
                waiting.append(_User(library.path, needed, user.followed_folders))
    return list(found.values())


@dataclass(frozen=True)
class _User:
    """
    A program or library that needs others.

    Parameters
    ----------
    path
        The file.
    binary
        What its header says.
    inherited_folders
        Where those look that it is needed by, if it follows them.
    """

    path: Path
    binary: Binary
    inherited_folders: tuple[Path, ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where it looks; with a RUNPATH of its own it follows nobody."""
        own = self.binary
        is_alone = bool(own.folders) and not own.is_followed
        return own.folders if is_alone else (*own.folders, *self.inherited_folders)

    @property
    def followed_folders(self) -> tuple[Path, ...]:
        """Where those look, too, that it needs."""
        own = self.binary.folders if self.binary.is_followed else ()
        return (*own, *self.inherited_folders)


def _asked_for(user: _User, home: Path) -> Iterator[Library]:
    for name in user.binary.needs:
        whereabouts, path = _place(name, user, home)
        advice = advice_on(name, user.binary.system)
        yield Library(name, whereabouts, path, user.path.name, advice)


def _place(name: str, user: _User, home: Path) -> tuple[Whereabouts, Path | None]:
    """A file beside the program wins over the system's, as it does where they run."""
    binary = user.binary
    beside = _find_beside(name, user, home)
    if beside is not None:
        return Whereabouts.BESIDE, beside
    is_windows = binary.system is System.WINDOWS
    if is_of_system(name, binary.system) or (is_windows and is_visual_runtime(name)):
        return Whereabouts.SYSTEM, None
    here = _find_here(name, binary)
    return (Whereabouts.HERE, here) if here else (Whereabouts.MISSING, None)


def _find_beside(name: str, user: _User, home: Path) -> Path | None:
    if user.binary.system is System.WINDOWS:
        return _find_in_any_case(name, home)
    return _first_file(name, [*user.folders, home])


def _find_here(name: str, binary: Binary) -> Path | None:
    is_linux = sys.platform == "linux" and binary.system is System.LINUX
    is_ours = is_linux and binary.machine == "x86-64" and platform.machine() == "x86_64"
    return _first_file(name, _LINUX_FOLDERS) if is_ours else None


def _first_file(name: str, folders: Sequence[Path]) -> Path | None:
    if "\0" in name:
        return None
    paths = [Path(name)] if "/" in name else [folder / name for folder in folders]
    return next((path for path in paths if _is_file(path)), None)


def _find_in_any_case(name: str, folder: Path) -> Path | None:
    if not name or "/" in name or "\\" in name or "\0" in name:
        return None
    wanted = name.lower()
    files = (folder / entry for entry in sorted(os.listdir(folder)) if entry.lower() == wanted)
    return next(filter(_is_file, files), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read(library: Library, program: Binary) -> Binary | None:
    """Read a library's own needs; one that cannot be read is not looked into."""
    if library.path is None:
        return None
    read = read_pe if program.system is System.WINDOWS else read_elf
    try:
        return read(library.path)
    except (InspectionError, OSError):
        return None
