"""Application packages as the service refers to them, from the emulator's package folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.specs import ApplicationPackageReference
from runfleet.emulator.applications import Applications
from runfleet.emulator.environment import InstalledPackage
from runfleet.storage.packages import Package, PackageFolder


class Packages:
    """
    Finds the archive of a package, and its place on a node.

    Parameters
    ----------
    folder
        The emulator's package folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = PackageFolder(folder)
        self._applications = Applications(folder)

    def check(self, references: Iterable[ApplicationPackageReference]) -> None:
        """Refuse references to packages that are not there."""
        for reference in references:
            if self._archive(reference) is None:
                details = {"ApplicationId": reference.application_id}
                if reference.version:
                    details["Version"] = reference.version
                raise BatchRuleError("InvalidApplicationPackageReferences", details)

    def on_node(
        self, references: Iterable[ApplicationPackageReference], root: Path
    ) -> list[InstalledPackage]:
        """
        Where packages are, and where they go below a node's root.

        A package that has been removed since it was referred to keeps its place: it may be
        installed there, and if not, installing it fails with its name.
        """
        installed = []
        for reference in references:
            archive = self._archive(reference) or self._expected(reference)
            folder = root / "applications" / reference.application_id.lower() / archive.stem
            installed.append(InstalledPackage(reference, archive, folder))
        return installed

    def applications(self) -> dict[str, list[str]]:
        """The versions of every application."""
        versions: dict[str, list[str]] = {}
        for package in self._folder.packages():
            versions.setdefault(package.application_id, []).append(package.version)
        return versions

    def _archive(self, reference: ApplicationPackageReference) -> Path | None:
        if reference.version:
            exact = self._expected(reference)
            if exact.exists():
                return exact
        packages = self._folder.versions(reference.application_id)
        version = reference.version or self._default_version(reference.application_id, packages)
        return next((one.path for one in packages if one.version.lower() == version.lower()), None)

    def _default_version(self, application_id: str, packages: Sequence[Package]) -> str:
        """What users said; where they said nothing at all, the newest one."""
        application = self._applications.find(application_id)
        if application is None or not packages:
            return ""
        if application.is_declared:
            return application.default_version or ""
        return max(packages, key=lambda package: package.added).version

    def _expected(self, reference: ApplicationPackageReference) -> Path:
        return self._folder.archive(reference.application_id, reference.version or "default")
