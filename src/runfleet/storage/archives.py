"""Folders as zip files, and back."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from runfleet.storage.errors import StorageError

_CHUNK = 1 << 20
_UNIX_MODE_SHIFT = 16
# What `zipfile` raises at damaged or encrypted files, and `unzip` at names that lead elsewhere.
_UNSOUND = (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError)


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
        If there is no file, or if a link leads back to a folder that it is in.
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
        If two have the same name, be it but for case.
    """
    named: dict[str, Path] = {}
    for file in files:
        twin = next((name for name in named if name.casefold() == file.name.casefold()), None)
        if twin is not None:
            raise ArchiveError(f"`{named[twin]}` and `{file}` would be the same file of a package")
        named[file.name] = file
    _zip(named, archive_path)


def _zip(files: Mapping[str, Path], archive_path: Path) -> None:
    # Times before 1980, which zip files cannot express, are moved there instead of being refused.
    with zipfile.ZipFile(
        archive_path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
    ) as archive:
        for name, file in files.items():
            archive.write(file, name)


def unzip(archive_path: str, folder: str) -> None:
    """
    Unpack a zip file into a folder, with modes and links as Unix tools keep them.

    Parameters
    ----------
    archive_path
        The zip file.
    folder
        An absolute path; nothing is written outside of it.

    Raises
    ------
    ValueError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile
        If it would write elsewhere, is encrypted, or is no sound zip file.
    """
    with zipfile.ZipFile(archive_path) as archive:
        for member in archive.infolist():
            _unpack(archive, member, folder)


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
    except _UNSOUND as error:
        raise ArchiveError(f"the zip file cannot be unpacked: {error}") from error


def files_below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """All files, also through links to folders, as nodes unpack files but no links."""
    real = folder.resolve()
    if real in above:
        raise ArchiveError(f"the link `{folder}` leads back to a folder that it is in")
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from files_below(entry, above | {real})
        else:
            yield entry


def _empty_folders_below(folder: Path) -> Iterator[Path]:
    folders = [entry for entry in folder.iterdir() if entry.is_dir()]
    for entry in folders:
        yield from _empty_folders_below(entry)
        if not any(entry.iterdir()):
            yield entry


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: str) -> None:
    target = _inside(folder, member.filename)
    mode = member.external_attr >> _UNIX_MODE_SHIFT
    if member.is_dir():
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    # What is there is replaced, never written to: it may be a link, or have another place.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(target)
    if stat.S_ISLNK(mode):
        _unpack_link(archive.read(member).decode(), target, folder)
        return
    with archive.open(member) as source, open(target, "xb") as file:
        shutil.copyfileobj(source, file, _CHUNK)
    if permissions := stat.S_IMODE(mode) & 0o777:
        os.chmod(target, permissions | stat.S_IRUSR | stat.S_IWUSR)


def _unpack_link(destination: str, target: str, folder: str) -> None:
    beside = os.path.join(os.path.dirname(os.path.relpath(target, folder)), destination)
    _inside(folder, beside)
    os.symlink(destination, target)


def _inside(folder: str, name: str) -> str:
    path = os.path.normpath(os.path.join(folder, name))
    if not path.startswith(folder + os.sep) and path != folder:
        raise ValueError(f"`{name}` lies outside the package")
    return path
