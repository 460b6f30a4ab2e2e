"""Application packages as the service refers to them, from the emulator's package folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.specs import ApplicationPackageReference
from runfleet.emulator.environment import InstalledPackage
from runfleet.storage.packages import PackageFolder


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
            archive = self._archive(reference) or self._missing(reference)
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
            exact = self._missing(reference)
            if exact.exists():
                return exact
        candidates = [
            package
            for package in self._folder.versions(reference.application_id)
            if not reference.version or package.version.lower() == reference.version.lower()
        ]
        newest = max(candidates, key=lambda package: package.added, default=None)
        return newest.path if newest else None

    def _missing(self, reference: ApplicationPackageReference) -> Path:
        name = f"{reference.version or 'default'}.zip"
        return self._folder.root / reference.application_id / name
