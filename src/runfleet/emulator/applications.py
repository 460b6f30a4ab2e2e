"""Applications and their versions, as the management plane makes and changes them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from runfleet.storage.files import written_whole
from runfleet.storage.packages import PackageError, PackageFolder, check_package_name
from runfleet.wire.errors import WireError

_SETTINGS = "application.json"
_UPLOAD = ".upload"


@dataclass(frozen=True, slots=True)
class Application:
    """
    What users said about an application.

    Parameters
    ----------
    application_id, display_name
        What it is called, and what people call it.
    changed
        When it was made or changed.
    allow_updates
        Whether its versions may be replaced and deleted.
    default_version
        What is installed for those who name no version.
    is_declared
        Whether users said anything; of one that `runfleet package` put there, they did not.
    """

    application_id: str
    changed: datetime
    display_name: str | None = None
    allow_updates: bool = True
    default_version: str | None = None
    is_declared: bool = True


@dataclass(frozen=True, slots=True)
class Version:
    """
    One version of an application.

    Parameters
    ----------
    application_id, version
        Its name.
    package
        Its zip file, as nodes install it; there once it has been activated.
    upload
        The folder of what is being uploaded for it; there until that is activated.
    """

    application_id: str
    version: str
    package: Path
    upload: Path

    @property
    def is_active(self) -> bool:
        """Whether nothing more is to be uploaded and activated."""
        return not self.upload.exists()

    @property
    def blob(self) -> Path:
        """The file that is uploaded."""
        return self.upload / "blob"

    @property
    def activated(self) -> datetime | None:
        """When it was last activated."""
        return _changed(self.package) if self.package.exists() else None

    @property
    def changed(self) -> datetime:
        """When it was made or activated."""
        return self.activated or _changed(self.upload)


class Applications:
    """
    The applications in the emulator's package folder, where `runfleet package` puts them too.

    Beside the zip files of its versions, an application's folder may hold a file with its
    settings, and for a version that is not active yet a folder with what is uploaded.

    Parameters
    ----------
    root
        The folder; it need not be there yet.
    """

    def __init__(self, root: Path) -> None:
        self._packages = PackageFolder(root)

    def all(self) -> list[Application]:
        """Every application, by id."""
        return [_read_settings(folder) for folder in self._folders()]

    def installable(self) -> Iterator[tuple[Application, list[str]]]:
        """Every application that has packages, by id, with the versions that it has."""
        for application in self.all():
            if versions := self._installable(application):
                yield application, versions

    def get_installable(self, application_id: str) -> tuple[Application, list[str]]:
        """Find one of these; raises ``ApplicationNotFound`` if there is none."""
        application = self.get(application_id)
        if versions := self._installable(application):
            return application, versions
        raise WireError("ApplicationNotFound")

    def find(self, application_id: str) -> Application | None:
        """Find an application, in whatever case its id is written; None if there is none."""
        folders = (path for path in self._named() if _same(path.name, application_id))
        found = next(filter(_is_used, sorted(folders)), None)
        return None if found is None else _read_settings(found)

    def get(self, application_id: str) -> Application:
        """Find an application; raises ``ApplicationNotFound`` if there is none."""
        application = self.find(application_id)
        if application is None:
            raise WireError("ApplicationNotFound")
        return application

    def put(self, application: Application) -> Application:
        """Make an application, or change its settings; its default version must be active."""
        _check_name(application.application_id)
        if application.default_version is not None:
            default = self.version(application.application_id, application.default_version)
            if not default.package.exists():
                raise WireError("ApplicationPackageNotFound")
        folder = self._packages.application(application.application_id)
        folder.mkdir(parents=True, exist_ok=True)
        _write_settings(folder, application)
        return _read_settings(folder)

    def delete(self, application_id: str) -> None:
        """Delete an application that has no versions."""
        application = self.get(application_id)
        if self.versions(application.application_id):
            raise WireError("ApplicationHasPackages")
        shutil.rmtree(self._packages.application(application.application_id))

    def versions(self, application_id: str) -> list[Version]:
        """The versions of an application by name, those that are not active yet included."""
        spelled = self.get(application_id).application_id
        active = {package.version for package in self._packages.versions(spelled)}
        begun = _uploads(self._packages.application(spelled))
        return [self._version(spelled, name) for name in sorted({*active, *begun})]

    def version(self, application_id: str, version: str) -> Version:
        """Find a version; raises ``ApplicationPackageNotFound`` if there is none."""
        for one in self.versions(application_id):
            if _same(one.version, version):
                return one
        raise WireError("ApplicationPackageNotFound")

    def create_version(self, application_id: str, version: str) -> Version:
        """Make a version to upload something for; what is active stays so until then."""
        application = self.get(application_id)
        _check_name(application.application_id, version)
        known = next((v for v in self.versions(application_id) if _same(v.version, version)), None)
        if known and known.package.exists():
            _check_updates(application)
        made = known or self._version(application.application_id, version)
        made.upload.mkdir(exist_ok=True)
        return made

    def activate(self, application_id: str, version: str) -> Version:
        """Let nodes install what has been uploaded; again, if there is nothing new."""
        found = self.version(application_id, version)
        if found.blob.exists():
            if found.package.exists():
                _check_updates(self.get(application_id))
            os.utime(found.blob)
            found.blob.replace(found.package)
            shutil.rmtree(found.upload)
        elif not found.is_active:
            raise WireError("ApplicationPackageBlobNotFound")
        return found

    def delete_version(self, application_id: str, version: str) -> None:
        """Delete a version; if it was the default one, there is none any more."""
        application = self.get(application_id)
        found = self.version(application_id, version)
        _check_updates(application)
        if _same(application.default_version or "", version):
            self.put(replace(application, default_version=None))
        found.package.unlink(missing_ok=True)
        shutil.rmtree(found.upload, ignore_errors=True)

    def _installable(self, application: Application) -> list[str]:
        return [one.version for one in self._packages.spelled(application.application_id)]

    def _version(self, application_id: str, version: str) -> Version:
        package = self._packages.archive(application_id, version)
        return Version(application_id, version, package, package.parent / f".{version}{_UPLOAD}")

    def _folders(self) -> list[Path]:
        return sorted(filter(_is_used, self._named()))

    def _named(self) -> Iterator[Path]:
        root = self._packages.root
        everything = root.iterdir() if root.exists() else iter(())
        return (path for path in everything if not path.name.startswith("."))


def _is_used(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _uploads(folder: Path) -> Iterator[str]:
    """Name the versions for which something is being uploaded."""
    begun = (path for path in folder.iterdir() if path.suffix == _UPLOAD)
    return (path.stem.removeprefix(".") for path in begun)


def _read_settings(folder: Path) -> Application:
    """What an application's file says; one without, by `runfleet package`, is as it comes."""
    path = folder / _SETTINGS
    if not path.exists():
        return Application(folder.name, _changed(folder), is_declared=False)
    return Application(folder.name, _changed(path), **json.loads(path.read_bytes()))


def _write_settings(folder: Path, application: Application) -> None:
    settings = {
        "display_name": application.display_name,
        "allow_updates": application.allow_updates,
        "default_version": application.default_version,
    }
    with written_whole(folder / _SETTINGS) as partial:
        partial.write_text(json.dumps(settings))


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _check_name(application_id: str, version: str = "1") -> None:
    try:
        check_package_name(application_id, version)
    except PackageError as error:
        raise WireError("InvalidPropertyValue", {"Reason": error.message}) from error


def _check_updates(application: Application) -> None:
    if not application.allow_updates:
        raise WireError("ApplicationUpdatesNotAllowed")


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
