"""The files and folders beside a study file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from runfleet.study.errors import InvalidValueError, nearest

_DRIVE = re.compile(r"[A-Za-z]:")
_GLOB = re.compile(r"[*?\[]")
RESULTS_FOLDER = "results"
"""Where results are collected, beside the study file: never an input of the study."""


def inner_path(text: str) -> PurePosixPath:
    """
    Read a path that stays within the folder it is relative to.

    Raises
    ------
    InvalidValueError
        If the path is absolute, leads outside or is spelled with backslashes.
    """
    if "\\" in text:
        raise InvalidValueError(f"`{text}` is spelled with `\\`", hint="write `/`, on Windows too")
    if "\0" in text or "\n" in text:
        raise InvalidValueError("a path holds a line break or a null character", hint="remove it")
    path = PurePosixPath(text)
    if path.is_absolute() or _DRIVE.match(text) or text.startswith("~"):
        raise InvalidValueError(
            f"`{text}` is an absolute path",
            hint="give a path relative to the study file, and put the file there",
        )
    if ".." in path.parts:
        raise InvalidValueError(
            f"`{text}` leads out of its folder",
            hint="put the file into the folder of the study file, or below",
        )
    return path


def existing_file(folder: Path, text: str) -> Path:
    """
    Find a file in the folder of the study.

    Raises
    ------
    InvalidValueError
        If the path leads outside or there is no such file.
    """
    path = folder / inner_path(text)
    if path.is_dir():
        raise InvalidValueError(f"`{text}` is a folder", hint="name a file")
    if not path.is_file():
        raise InvalidValueError(f"there is no file `{text}`", hint=_near(folder, text))
    return path


def expand(folder: Path, text: str, *, without: Path) -> list[PurePosixPath]:
    """
    Find the files that a path, a folder or a pattern stands for, sorted.

    Parameters
    ----------
    folder
        The folder of the study.
    text
        The path or pattern, relative to it.
    without
        The study file, which a folder or a pattern leaves out.

    Raises
    ------
    InvalidValueError
        If the path leads outside or there is no such file.
    """
    asked = inner_path(text)
    if (folder / asked).is_file():
        return [asked]
    if (folder / asked).is_dir():
        found = _files_below(folder / asked)
    elif _GLOB.search(text):
        matches = folder.glob(str(asked))
        found = (file for match in matches for file in _files_of(match))
    else:
        raise InvalidValueError(f"there is no file `{text}`", hint=_near(folder, text))
    paths = {
        PurePosixPath(file.relative_to(folder).as_posix()) for file in found if file != without
    }
    kept = sorted(path for path in paths if not _is_left_out(path, asked))
    if not kept:
        raise InvalidValueError(f"`{text}` stands for no file", hint="check it, or add the files")
    return kept


def _is_left_out(path: PurePosixPath, asked: PurePosixPath) -> bool:
    """Leave out collected results, and hidden files unless the user spelled their dot."""
    return path.parts[0] == RESULTS_FOLDER or (_is_hidden(path) and not _is_hidden(asked))


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _files_of(path: Path) -> Iterator[Path]:
    return _files_below(path) if path.is_dir() else iter([path])


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _near(folder: Path, text: str) -> str:
    path = folder / text
    names = sorted(other.name for other in path.parent.iterdir()) if path.parent.is_dir() else []
    meant = nearest(path.name, names)
    if meant is None:
        return "put it into the folder of the study file, or correct the path"
    return f"did you mean `{PurePosixPath(text).parent / meant}`?"
