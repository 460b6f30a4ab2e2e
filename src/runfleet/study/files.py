"""The files and folders beside a study file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from os import R_OK, access, fsencode
from pathlib import Path, PurePosixPath
from posixpath import normpath

from runfleet.documents.errors import InvalidValueError
from runfleet.documents.texts import shortened
from runfleet.nearest_word import nearest

_DRIVE = re.compile(r"[A-Za-z]:")
_ROOTED = re.compile(r"[A-Za-z]:/")
_GLOB = re.compile(r"[*?\[]")
_IN_STUDY = "put the file into the folder of the study file, or below, and give its path from there"
_IN_RUN = "give a path from the folder in which a run is started"
_RENAME_IN_RUN = "rename it, or copy it to another name, at the end of the command"
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_NAME = 254
_LONGEST_PATH = 1024
_MOST_BYTES = 255  # of the name of a file, on all systems
_RENAME = "rename it, or leave it out of the inputs"
RESULTS_FOLDER = "results"
"""Where results are collected, beside the study file: never an input of the study."""


@dataclass(frozen=True)
class Expanded:
    """
    What a path, a folder or a pattern stands for, sorted.

    Parameters
    ----------
    files
        The files.
    folders
        All folders that these may be in, empty ones too.
    """

    files: list[PurePosixPath]
    folders: list[PurePosixPath]


def inner_path(text: str, *, of_run: bool = False) -> PurePosixPath:
    """
    Read a path that stays within the folder it is relative to.

    Parameters
    ----------
    text
        The path.
    of_run
        Whether that is the folder of a run, and not that of the study file.

    Raises
    ------
    InvalidValueError
        If the path is absolute or from a home folder, leads outside, is spelled with backslashes,
        or is longer than systems allow.
    """
    if "\\" in text:
        raise InvalidValueError(f"`{text}` is spelled with `\\`", hint="write `/`, on Windows too")
    if "\0" in text or "\n" in text:
        raise InvalidValueError("a path holds a line break or a null character", hint="remove it")
    path = PurePosixPath(text)
    if len(text) > _LONGEST_PATH or any(len(fsencode(part)) > _MOST_BYTES for part in path.parts):
        raise InvalidValueError(f"`{shortened(text)}` is too long for a path", hint="shorten it")
    hint = _IN_RUN if of_run else _IN_STUDY
    if text == "~" or text.startswith("~/"):
        raise InvalidValueError(
            f"`{text}` begins with a tilde, which stands for no home folder here", hint=hint
        )
    if path.is_absolute() or _ROOTED.match(text):
        raise InvalidValueError(f"`{text}` is an absolute path", hint=hint)
    if _DRIVE.match(text):
        what = f"`{text}` begins as paths on the drive `{text[:2]}` of Windows do"
        raise InvalidValueError(what, hint="rename it")
    if ".." in path.parts:
        _refuse_detour(text)
        raise InvalidValueError(f"`{text}` leads out of its folder", hint=hint)
    return path


def _refuse_detour(text: str) -> None:
    straight = normpath(text)
    if not straight.startswith(".."):
        raise InvalidValueError(f"`{text}` goes up by `..`", hint=f"write `{straight}`")


def inner_file(text: str) -> PurePosixPath:
    """
    Read the path of one file of a run that stays within the folder of the run.

    Raises
    ------
    InvalidValueError
        If the path leads outside, or is a folder's or a pattern.
    """
    path = inner_path(text, of_run=True)
    if text.endswith("/") or not path.parts:
        raise InvalidValueError(f"`{text}` is a folder", hint="name a file")
    if "*" in text or "?" in text:
        raise InvalidValueError(f"`{text}` is a pattern", hint="name one file")
    return path


def stored_file(text: str) -> PurePosixPath:
    """
    Read the path of one file of a run that is kept of it.

    Raises
    ------
    InvalidValueError
        As by `inner_file`, or if a name in it ends in a dot.
    """
    path = inner_file(text)
    _refuse_last_dots(path, _RENAME_IN_RUN)
    return path


def stored_pattern(text: str) -> PurePosixPath:
    """
    Read the pattern of files of a run that are kept of it.

    Raises
    ------
    InvalidValueError
        If it leads outside, is a folder's, or a name in it ends in a dot.
    """
    path = inner_path(text, of_run=True)
    if text.endswith("/") or not path.parts:
        raise InvalidValueError(f"`{text}` is a folder", hint=f"write `{path / '**'}` to keep it")
    _refuse_last_dots(path, _RENAME_IN_RUN)
    return path


def _refuse_last_dots(path: PurePosixPath, hint: str) -> None:
    name = next((part for part in path.parts if part.endswith(".")), None)
    if name is not None:
        raise InvalidValueError(
            f"`{path}` has a name that ends in a dot, `{name}`, and no storage account takes such",
            hint=hint,
        )


def existing_file(folder: Path, text: str) -> Path:
    """
    Find a file in the folder of the study.

    Raises
    ------
    InvalidValueError
        If the path leads outside or there is no such file.
    """
    asked = inner_path(text)
    if (folder / asked).is_dir():
        raise InvalidValueError(f"`{text}` is a folder", hint="name a file")
    if not (folder / asked).is_file():
        raise _missing(folder, text)
    _refuse_unusable(folder, asked)
    return folder / asked


def expand(folder: Path, text: str, *, without: Path) -> Expanded:
    """
    Find the files and folders that a path, a folder or a pattern stands for.

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
        If the path leads outside, there is no such file or folder, or its name cannot be kept.
    """
    asked = inner_path(text)
    if (folder / asked).is_file():
        refuse_unstorable(asked)
        _refuse_unusable(folder, asked)
        return Expanded([asked], [])
    found = (path for path in _found(folder, asked, text) if path not in (without, folder))
    paths = sorted({PurePosixPath(path.relative_to(folder).as_posix()) for path in found})
    kept = [path for path in paths if not _is_left_out(path, asked)]
    if not kept:
        raise InvalidValueError(f"`{text}` stands for no file", hint="check it, or add the files")
    for path in kept:
        refuse_unstorable(path)
    folders = [path for path in kept if _is_folder(folder / path)]
    files = [path for path in kept if not _is_folder(folder / path)]
    for path in files:
        _refuse_unusable(folder, path)
    return Expanded(files, folders)


def is_utf8(path: str) -> bool:
    """Tell whether the name of a file is one that text can hold."""
    return path == path.encode(errors="replace").decode()


def _found(folder: Path, asked: PurePosixPath, text: str) -> Iterator[Path]:
    if (folder / asked).is_dir():
        return _all_of(folder / asked)
    if not _GLOB.search(text):
        raise _missing(folder, text)
    try:
        matches = list(folder.glob(str(asked)))
    except ValueError as error:
        raise InvalidValueError(
            f"`{text}` is not a pattern", hint="let `**` stand alone between two `/`"
        ) from error
    return (path for match in matches for path in _all_of(match))


def _is_left_out(path: PurePosixPath, asked: PurePosixPath) -> bool:
    """Leave out collected results, and hidden files unless the user spelled their dot."""
    return path.parts[0] == RESULTS_FOLDER or (_is_hidden(path) and not _is_hidden(asked))


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _all_of(path: Path) -> Iterator[Path]:
    """Find a path and what is below: folders, files, and links, of which `rglob` follows none."""
    if not path.is_dir():
        yield path
        return
    if not path.is_symlink():
        yield path
    yield from (one for one in path.rglob("*") if one.is_file() or one.is_dir() or one.is_symlink())


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def refuse_unstorable(path: PurePosixPath) -> None:
    """
    Refuse a path that Azure Storage takes for no blob's name: inputs are kept under theirs.

    Raises
    ------
    InvalidValueError
        If it is not UTF-8, or a name in it holds what none may, ends in a dot or is too long.
    """
    name = str(path)
    shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
    shown = _CONTROL_CHARACTERS.sub(lambda found: ascii(found.group())[1:-1], shown)
    if not is_utf8(name):
        raise InvalidValueError(f"the name of `{shown}` is not UTF-8", hint=_RENAME)
    if "\\" in name or _CONTROL_CHARACTERS.search(name):
        what = f"the name of `{shown}` holds a backslash, a line break or another control character"
        raise InvalidValueError(what, hint=_RENAME)
    _refuse_last_dots(path, _RENAME)
    for part in path.parts:
        if len(part) > _LONGEST_NAME:
            what = f"the name `{shortened(part)}` has over {_LONGEST_NAME} characters"
            raise InvalidValueError(what, hint=_RENAME)


def _refuse_unusable(folder: Path, path: PurePosixPath) -> None:
    """Refuse links that lead out of the folder, to a folder or to nothing, and closed files."""
    file = folder / path
    if file.is_symlink() and not file.exists():
        raise _link_to_nothing(path)
    if not (file.is_symlink() or file.is_file()):
        raise InvalidValueError(f"`{path}` is not a file", hint="leave it out of the inputs")
    if not (file.is_file() and file.resolve().is_relative_to(folder.resolve())):
        raise InvalidValueError(
            f"`{path}` is a link, and leads to no file in this folder",
            hint="copy what it leads to into the folder of the study file",
        )
    if not access(file, R_OK):
        what = f"the file `{path}` cannot be read: Permission denied"
        raise InvalidValueError(what, hint="check its permissions")


def _link_to_nothing(path: PurePosixPath | str) -> InvalidValueError:
    return InvalidValueError(f"`{path}` is a link to nothing", hint="mend or remove the link")


def _missing(folder: Path, text: str) -> InvalidValueError:
    path = folder / text
    if path.is_symlink():
        return _link_to_nothing(text)
    if path.exists():
        return InvalidValueError(f"`{text}` is not a file", hint="name a file")
    meant = _nearest_path(folder, PurePosixPath(text))
    if meant is None:
        hint = "put it into the folder of the study file, or correct the path"
    else:
        hint = f"did you mean `{meant}`?"
    return InvalidValueError(f"there is no file `{text}`", hint=hint)


def _nearest_path(folder: Path, path: PurePosixPath) -> PurePosixPath | None:
    """Find what was probably meant by a path, whose folders may be called otherwise, too."""
    *above, name = path.parts
    found = PurePosixPath()
    for part in above:
        places = [one.name for one in sorted((folder / found).iterdir()) if one.is_dir()]
        meant = part if part in places else nearest(part, places)
        if meant is None:
            return None
        found /= meant
    file = nearest(name, (one.name for one in sorted((folder / found).iterdir())))
    return found / file if file else None
