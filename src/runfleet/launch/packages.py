"""The application packages that a study needs of its account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from runfleet.azure import PackageReference as AzureReference
from runfleet.azure.refusals import default_version_hint
from runfleet.study import Study, StudyError
from runfleet.study.model import PackageReference


class Applications(Protocol):
    """Whoever knows the application packages of an account."""

    def applications(self) -> Mapping[str, Sequence[str]]:
        """List the applications that have packages, each with its versions."""
        ...


class DefaultVersions(Protocol):
    """Whoever knows which versions are installed where none is named."""

    def default_version(self, application_id: str) -> str | None:
        """Name that version of an application; None if there is none."""
        ...


def references_to(packages: Iterable[PackageReference]) -> list[AzureReference]:
    """Refer to packages as the tasks of an account do."""
    return [AzureReference(package.id, package.version) for package in packages]


def check_packages(account: Applications, study: Study) -> None:
    """
    Refuse a study before anything is made for it whose programs are not there.

    Raises
    ------
    StudyError
        If the account lacks a package; about all of them.
    """
    missing = [_package_missing(study, one) for one in _missing_packages(account, study)]
    if missing:
        first, *others = missing
        raise first.with_others(others)


def unversioned(study: Study) -> list[int]:
    """Say at which places a study names packages without their version."""
    return [n for n, package in enumerate(study.model.packages) if package.version is None]


def check_default_versions(account: DefaultVersions, study: Study) -> None:
    """
    Refuse a study that leaves the version of a package to an account which does not say one.

    Raises
    ------
    StudyError
        If an application has no default version; about all of them.
    BatchError
        If that cannot be seen.
    """
    lacking = [
        _default_missing(study, index)
        for index in unversioned(study)
        if account.default_version(study.model.packages[index].id) is None
    ]
    if lacking:
        first, *others = lacking
        raise first.with_others(others)


def _default_missing(study: Study, index: int) -> StudyError:
    package = study.model.packages[index]
    return study.error(
        ("model", "packages", index),
        f"the account has no default version of the application package `{package}`",
        default_version_hint(package.id),
    )


def _missing_packages(account: Applications, study: Study) -> list[int]:
    """Say which packages of a study the account has not got; ids and versions have no case."""
    if not study.model.packages:
        return []
    known = {
        application.lower(): {version.lower() for version in versions}
        for application, versions in account.applications().items()
    }
    return [
        index
        for index, package in enumerate(study.model.packages)
        if not _is_among(known.get(package.id.lower(), set()), package.version)
    ]


def _package_missing(study: Study, index: int) -> StudyError:
    """Say that the account lacks a package, and how to add it."""
    package = study.model.packages[index]
    return study.error(
        ("model", "packages", index),
        f"the account lacks the application package `{package}`",
        f"add it with `runfleet package add {package.id} {package.version or 'VERSION'} "
        "FOLDER_OR_ZIP`, and run the study again",
    )


def _is_among(versions: set[str], wanted: str | None) -> bool:
    return bool(versions) if wanted is None else wanted.lower() in versions
