"""Files as control files spell them: with slashes either way, in any case."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath


def as_posix(spelled: str) -> PurePosixPath:
    """Spell a path with forward slashes, as both systems understand it."""
    return PurePosixPath(spelled.replace("\\", "/"))


def leaves_folder(spelled: str) -> bool:
    """Tell whether a path is absolute, on either system, or climbs out of its folder."""
    if PureWindowsPath(spelled).drive or as_posix(spelled).is_absolute():
        return True
    return os.path.normpath(as_posix(spelled)).startswith("..")


def find_file(folder: Path, spelled: str) -> Path | None:
    """
    Find a file as Windows would: capitals do not matter.

    Parameters
    ----------
    folder
        What the path is relative to.
    spelled
        The path as it stands in a file, with slashes of either kind.

    Returns
    -------
    path : Path or None
        The file as it is really called; None if there is none.
    """
    found = folder
    try:
        for part in as_posix(spelled).parts:
            found = _entry(found, part)
        return found if found.is_file() else None
    except (OSError, ValueError):  # no such folder, or a name that no file can have
        return None


def find_program(folder: Path, spelled: str, *, is_windows: bool) -> Path | None:
    """Find a program as a command line names it; on Windows without its ending, too."""
    for ending in program_endings(is_windows=is_windows):
        if path := find_file(folder, spelled + ending):
            return path
    return None


def program_endings(*, is_windows: bool) -> tuple[str, ...]:
    """List what the name of a program may lack at its end where a command line names it."""
    return ("", *_ENDINGS) if is_windows else ("",)


def words(line: str) -> list[str]:
    """Split a line at blanks, but not inside of quotes, which are removed."""
    return [word[1:-1] if word[0] in "\"'" else word for word in _WORD.findall(line)]


def _entry(folder: Path, name: str) -> Path:
    exact = folder / name
    if name == ".." or exact.exists():
        return exact
    lower = name.lower()
    return next((entry for entry in folder.iterdir() if entry.name.lower() == lower), exact)


_WORD = re.compile(r""""[^"]+"|'[^']+'|\S+""")
_ENDINGS = (".exe", ".bat", ".cmd", ".com")
