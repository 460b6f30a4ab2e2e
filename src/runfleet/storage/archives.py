"""Folders as zip files, and back."""

from __future__ import annotations

import contextlib
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from runfleet.storage.errors import StorageError

_CHUNK = 1 << 20
_UNIX_MODE_SHIFT = 16

Check: TypeAlias = Callable[[], None]

# What `zipfile` raises at damaged or encrypted files.
_UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    EOFError,
)


class ArchiveError(StorageError):
    """A folder that cannot be zipped, or a zip file that cannot be unpacked."""


def zip_folder(folder: Path, archive_path: Path) -> None:
    """
    Write all files of a folder, also those behind links, into a zip file with their modes.

    Folders without any are in it, too.

    The same files, with the same times, give the same zip file.

    Raises
    ------
    ArchiveError
        If there is no file, or something that is none; if a link leads to nothing, or back to a
        folder that it is in; or if a name is not UTF-8.
    """
    files = sorted(files_below(folder))
    if not files:
        raise ArchiveError(f"the folder `{folder}` holds no file to pack")
    kept = [*files, *sorted(_empty_folders_below(folder))]
    _zip({str(path.relative_to(folder)): path for path in kept}, archive_path)


def zip_files(files: Iterable[Path], archive_path: Path) -> None:
    """
    Write files, side by side, into a zip file with their modes.

    Raises
    ------
    ArchiveError
        If two have the same name, be it but for case, or if one is not UTF-8.
    """
    named: dict[str, Path] = {}
    for file in files:
        twin = next((name for name in named if name.casefold() == file.name.casefold()), None)
        if twin is not None:
            raise ArchiveError(f"`{named[twin]}` and `{file}` would be the same file of a package")
        named[file.name] = file
    _zip(named, archive_path)


def _zip(files: Mapping[str, Path], archive_path: Path) -> None:
    try:
        # Times before 1980, which zip files cannot express, are moved there, not refused.
        with zipfile.ZipFile(
            archive_path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
        ) as archive:
            for name, file in files.items():
                _check_name(name)
                archive.write(file, name)
    except OSError as error:
        place = error.filename or archive_path
        raise ArchiveError(f"cannot pack `{place}`: {error.strerror or error}") from error


def _check_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise ArchiveError(
            f"the name of `{shown}` is not UTF-8", hint="rename it: zip files hold no other names"
        ) from error


def unzip(archive_path: str, folder: str, *, check: Check = lambda: None) -> None:
    """
    Unpack a zip file into a folder, with modes and links as Unix tools keep them.

    Parameters
    ----------
    archive_path
        The zip file.
    folder
        An absolute path, and there; nothing is written outside of it.
    check
        Called now and then; what it raises ends the unpacking.

    Raises
    ------
    ArchiveError
        If it would write elsewhere, is encrypted, or is no sound zip file.
    OSError
        If the zip file cannot be read, or the folder cannot be written to.
    """
    with _sound(), zipfile.ZipFile(archive_path) as archive:
        unpacking = _Unpacking(archive, folder, check)
        for member in archive.infolist():
            unpacking.unpack(member)


def unpack(archive_path: Path, folder: Path) -> None:
    """
    Unpack a zip file into a folder, which is made if need be, over what is there.

    Raises
    ------
    ArchiveError
        If it is no sound zip file, or the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unzip(str(archive_path), os.path.abspath(folder))
    except OSError as error:
        raise ArchiveError(
            f"cannot unpack into `{folder}`: {error.strerror or error}: {error.filename}"
        ) from error


def mode_of(member: zipfile.ZipInfo) -> int:
    """Tell the mode of a member as Unix has it: its kind and its permissions; 0 if not known."""
    return member.external_attr >> _UNIX_MODE_SHIFT


def files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """
    All files, also through links to folders, as nodes unpack files but no links.

    Raises
    ------
    ArchiveError
        If a folder cannot be read or a link leads back to one, or if anything is no file.
    """
    real = folder.resolve()
    if real in above:
        raise ArchiveError(f"the link `{folder}` leads back to a folder that it is in")
    for entry in _entries(folder):
        if entry.is_dir():
            yield from files_below(entry, above | {real})
        elif entry.is_file():
            yield entry
        elif entry.exists():
            # Whoever reads a pipe waits until somebody writes to it.
            raise ArchiveError(f"`{entry}` is no file and no folder", hint="take it out")
        else:
            hint = "mend it, or take it out"
            raise ArchiveError(f"the link `{entry}` leads to nothing", hint=hint)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise ArchiveError(f"the folder `{folder}` cannot be read: {error.strerror}") from error


def _empty_folders_below(folder: Path) -> Iterator[Path]:
    folders = [entry for entry in folder.iterdir() if entry.is_dir()]
    for entry in folders:
        yield from _empty_folders_below(entry)
        if not any(entry.iterdir()):
            yield entry


@contextlib.contextmanager
def _sound() -> Iterator[None]:
    """Tell what is no sound zip file from what the operating system refuses."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        # What `bz2` finds damaged.
        raise _unsound(error) from error
    except _UNSOUND as error:
        raise _unsound(error) from error


def _unsound(error: Exception) -> ArchiveError:
    return ArchiveError(f"the zip file cannot be unpacked: {error}")


class _Unpacking:
    """
    Unpacks members of an archive into a folder.

    A link may lead on to others, and where they end is not written in its name: whatever is there
    before a folder is made is looked at.  Nor is the folder itself made again, which somebody may
    have taken away meanwhile.
    """

    def __init__(self, archive: zipfile.ZipFile, folder: str, check: Check) -> None:
        self._archive = archive
        self._folder = folder
        self._real = os.path.realpath(folder)
        self._check = check
        self._inside = {folder}

    def unpack(self, member: zipfile.ZipInfo) -> None:
        self._check()
        target = self._place(member.filename, member.filename)
        if member.is_dir():
            self._make_folders(target)
        elif target == self._folder:
            raise _outside(member.filename)
        else:
            self._make_folders(os.path.dirname(target))
            self._unpack_file(member, target)

    def _unpack_file(self, member: zipfile.ZipInfo, target: str) -> None:
        mode = mode_of(member)
        # What is there is replaced, never written to: it may be a link, or have another place.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target)
        if stat.S_ISLNK(mode):
            self._link(self._archive.read(member).decode(), target)
            return
        with self._archive.open(member) as source, open(target, "xb") as file:
            while chunk := source.read(_CHUNK):
                self._check()
                file.write(chunk)
        if permissions := stat.S_IMODE(mode) & 0o777:
            os.chmod(target, permissions | stat.S_IRUSR | stat.S_IWUSR)

    def _link(self, destination: str, target: str) -> None:
        self._place(os.path.join(os.path.dirname(target), destination), destination)
        os.symlink(destination, target)
        self._inside = {self._folder}

    def _place(self, path: str, name: str) -> str:
        """The absolute path of what a member names, if no link is on the way."""
        path = os.path.normpath(os.path.join(self._folder, path))
        if not _is_within(path, self._folder):
            raise _outside(name)
        return path

    def _make_folders(self, path: str) -> None:
        """Make a folder in the folder, with those above it, as far as they are not there."""
        missing = []
        while path not in self._inside:
            missing.append(path)
            path = os.path.dirname(path)
        for one in reversed(missing):
            self._make_folder(one)

    def _make_folder(self, path: str) -> None:
        try:
            os.mkdir(path)
        except FileExistsError:
            if not _is_within(os.path.realpath(path), self._real):
                raise _outside(os.path.relpath(path, self._folder)) from None
        self._inside.add(path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _outside(name: str) -> ArchiveError:
    return ArchiveError(f"the zip file cannot be unpacked: `{name}` lies outside the package")
