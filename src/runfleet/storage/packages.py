"""Application packages of the local account: one zip file a version, in a folder."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from runfleet.storage.archives import ArchiveError, mode_of, zip_files, zip_folder
from runfleet.storage.errors import StorageError
from runfleet.storage.file_times import modification_time

_APPLICATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VERSION = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]{1,64}")
_SUFFIX = ".zip"
# Programs that are, or may be, zip files themselves.
_ZIPPED_PROGRAMS = {".exe", ".jar", ".pyz"}


class PackageError(StorageError):
    """A package that cannot be added, found or removed."""


@dataclass(frozen=True, slots=True)
class Package:
    """
    One version of an application.

    Parameters
    ----------
    application_id, version
        Its name, as tasks refer to it.
    path
        The zip file.
    size
        Of the zip file, in bytes.
    added
        When it was added, in UTC.
    """

    application_id: str
    version: str
    path: Path
    size: int
    added: datetime


class PackageFolder:
    """
    The application packages in a folder, as `<id>/<version>.zip`.

    As on Azure, ids and versions keep their case but are found without regard to it.

    Parameters
    ----------
    root
        The folder; it need not be there yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def application(self, application_id: str) -> Path:
        """Where the versions of an application are, if its id is spelled so."""
        return self.root / application_id

    def archive(self, application_id: str, version: str) -> Path:
        """Where the zip file of a version is, if both are spelled so."""
        return self.application(application_id) / f"{version}{_SUFFIX}"

    def add(
        self, application_id: str, version: str, *sources: Path, replace: bool = False
    ) -> Package:
        """
        Add a version of an application; adding the same content again changes nothing.

        Parameters
        ----------
        application_id
            1 to 64 letters, digits, hyphens and underscores.
        version
            1 to 64 letters, digits, hyphens, underscores and dots.
        sources
            A folder, which is zipped with its executable bits; a zip file, which is copied; or
            files that are to lie side by side.
        replace
            Whether a version that is there with other content may be replaced.

        Raises
        ------
        PackageError
            If a name is not allowed, the sources cannot be packed, or the version is there with
            other content.
        """
        check_package_name(application_id, version)
        target = self._path(application_id, version)
        self.root.mkdir(parents=True, exist_ok=True)
        with packed(sources, self.root / f".{application_id}-{version}.{os.getpid()}") as archive:
            if not _is_there(target, archive):
                if target.exists() and not replace:
                    raise _other_content(application_id, version)
                target.parent.mkdir(exist_ok=True)
                os.replace(archive, target)
        return _package(target)

    def packages(self) -> list[Package]:
        """Every version of every application, sorted by id and version."""
        return [one for name in self._applications() for one in self.spelled(name)]

    def spelled(self, application_id: str) -> list[Package]:
        """The versions of one application, if its id is spelled so."""
        return list(map(_package, sorted(self.application(application_id).glob(f"?*{_SUFFIX}"))))

    def versions(self, application_id: str) -> list[Package]:
        """The versions of one application; none if it is not known."""
        spellings = (name for name in self._applications() if _same(name, application_id))
        return [one for name in spellings for one in self.spelled(name)]

    def get(self, application_id: str, version: str) -> Package:
        """Find one version of an application; raises `PackageError` if there is none."""
        for package in self.versions(application_id):
            if _same(package.version, version):
                return package
        raise PackageError(
            f"there is no package `{application_id}` {version}",
            hint=f"packages here: {', '.join(map(_title, self.packages())) or 'none'}",
        )

    def remove(self, application_id: str, version: str) -> None:
        """Remove one version of an application; raises `PackageError` if there is none."""
        package = self.get(application_id, version)
        package.path.unlink()
        with contextlib.suppress(OSError):
            package.path.parent.rmdir()

    def _applications(self) -> list[str]:
        """The names of what may be folders of applications, in order."""
        if not self.root.exists():
            return []
        return sorted(name for name in os.listdir(self.root) if not name.startswith("."))

    def _path(self, application_id: str, version: str) -> Path:
        """Where a version is or will be kept: letters in the case that was there first."""
        spelled = application_id
        for package in self.versions(application_id):
            spelled = package.application_id
            if _same(package.version, version):
                return package.path
        return self.archive(spelled, version)


def check_package_name(application_id: str, version: str) -> None:
    """Refuse an application id or a version that Batch does not allow, with `PackageError`."""
    if not _APPLICATION_ID.fullmatch(application_id):
        raise PackageError(
            f"`{application_id}` cannot be the id of an application package",
            hint="take 1 to 64 letters, digits, hyphens and underscores",
        )
    if not _VERSION.fullmatch(version):
        raise PackageError(
            f"`{version}` cannot be the version of an application package",
            hint="take 1 to 64 letters, digits, hyphens, underscores and dots",
        )


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _title(package: Package) -> str:
    return f"`{package.application_id}` {package.version}"


def _package(path: Path) -> Package:
    facts = path.stat()
    added = modification_time(facts)
    return Package(path.parent.name, path.stem, path, facts.st_size, added)


@contextlib.contextmanager
def packed(sources: Sequence[Path], target: Path) -> Iterator[Path]:
    """
    Make a zip file of a package, which is gone afterwards unless it was moved.

    Parameters
    ----------
    sources
        A folder, which is zipped with its executable bits; a zip file, which is copied; or files
        that are to lie side by side.
    target
        The zip file to make.

    Raises
    ------
    PackageError
        If the sources cannot be packed, or what is done with the zip file meanwhile fails.
    """
    try:
        _pack(sources, target)
        yield target
    except OSError as error:
        place = error.filename or sources[0]
        raise PackageError(f"cannot pack `{place}`: {error.strerror or error}") from error
    except ArchiveError as error:
        raise PackageError(error.message, hint=error.hint) from error
    except zipfile.BadZipFile as error:
        raise PackageError(f"the zip file `{sources[0]}` is damaged: {error}") from error
    finally:
        target.unlink(missing_ok=True)


def _pack(sources: Sequence[Path], packed: Path) -> None:
    for source in sources:
        if not source.exists():
            raise PackageError(
                f"there is no file or folder `{source}`", hint="check its name and folder"
            )
    first = sources[0]
    if len(sources) == 1 and first.is_dir():
        zip_folder(first, packed)
    elif len(sources) == 1 and _is_archive(first):
        _check_zip(first)
        shutil.copyfile(first, packed)
    else:
        _check_files(sources)
        zip_files(sources, packed)


def _is_archive(source: Path) -> bool:
    return source.suffix.lower() not in _ZIPPED_PROGRAMS and zipfile.is_zipfile(source)


def _check_files(sources: Sequence[Path]) -> None:
    for source in sources:
        if source.is_dir():
            raise PackageError(
                f"`{source}` is a folder, and a package is one folder, or files side by side",
                hint="put all that belongs to the program into one folder and name that",
            )
        if source.suffix.lower() == ".zip":
            raise PackageError(
                f"`{source}` is no zip file that a package can be made of by itself",
                hint="name one zip file, one folder, or the program's files",
            )


def _check_zip(source: Path) -> None:
    names = [entry.filename for entry in _entries(source)]
    if not names:
        raise PackageError(f"the zip file `{source}` holds no file")
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise PackageError(f"the zip file `{source}` holds `{name}`, outside of its own folder")


def _entries(archive_path: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(archive_path) as archive:
        return [entry for entry in archive.infolist() if not entry.is_dir()]


def _is_there(target: Path, archive: Path) -> bool:
    """Tell whether a version is there with the content of an archive; a damaged one is not."""
    with contextlib.suppress(zipfile.BadZipFile):
        return target.exists() and _content(target) == _content(archive)
    return False


def _other_content(application_id: str, version: str) -> PackageError:
    return PackageError(
        f"the package `{application_id}` {version} is there with other content",
        hint="add it under a new version, or replace this one with `--replace`",
    )


def _content(archive_path: Path) -> dict[str, tuple[int, int, int]]:
    """What an archive unpacks to: mode, size and checksum by name; times do not matter."""
    with zipfile.ZipFile(archive_path) as archive:
        return {
            entry.filename: (mode_of(entry), entry.file_size, entry.CRC)
            for entry in archive.infolist()
        }
