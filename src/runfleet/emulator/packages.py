"""Application packages as the service refers to them, from the emulator's package folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.specs import ApplicationPackageReference
from runfleet.emulator.applications import Applications
from runfleet.storage.packages import Package, PackageFolder


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """
    An application package on a node.

    Parameters
    ----------
    reference
        The package, as it was asked for.
    archive
        Where it comes from: a file in the folder of its application.
    folder
        Where it is unpacked.
    """

    reference: ApplicationPackageReference
    archive: Path
    folder: Path

    @property
    def application_id(self) -> str:
        """The id of its application, as that has it: one refers to it in any case."""
        return self.archive.parent.name


class Packages:
    """
    Finds the archive of a package, and its place on a node.

    Parameters
    ----------
    folder
        The emulator's package folder.

    Attributes
    ----------
    applications
        What the management plane makes of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = PackageFolder(folder)
        self.applications = Applications(folder)

    def check(self, references: Iterable[ApplicationPackageReference]) -> None:
        """Refuse references to packages that are not there."""
        for refusal in self.refusals(references).values():
            raise refusal

    def refusals(
        self, references: Iterable[ApplicationPackageReference]
    ) -> dict[ApplicationPackageReference, BatchRuleError]:
        """Why references are refused, those to packages that are not there."""
        distinct = dict.fromkeys(references)
        return {one: _refusal(one) for one in distinct if self._archive(one) is None}

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
        application = self.applications.find(application_id)
        if application is None or not packages:
            return ""
        if application.is_declared:
            return application.default_version or ""
        return max(packages, key=lambda package: package.added).version

    def _expected(self, reference: ApplicationPackageReference) -> Path:
        return self._folder.archive(reference.application_id, reference.version or "default")


def _refusal(reference: ApplicationPackageReference) -> BatchRuleError:
    details = {"ApplicationId": reference.application_id}
    if reference.version:
        details["Version"] = reference.version
    return BatchRuleError("InvalidApplicationPackageReferences", details)
