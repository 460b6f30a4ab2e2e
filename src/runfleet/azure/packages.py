"""The application packages of an account on Azure, through its management API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runfleet.azure.account_settings import AccountSettings
from runfleet.azure.errors import BatchError, ConflictError, NotFoundError
from runfleet.azure.management import management_client, translated
from runfleet.storage.packages import check_package_name

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

OnProgress = Callable[[int, int], None]
"""Is told how many bytes of how many have been uploaded."""

_FORMAT = "zip"
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class AccountPackage:
    """
    One version of an application.

    Parameters
    ----------
    application_id, version
        Its name.
    is_active
        Whether nodes can install it; if not, adding it was interrupted.
    is_default
        Whether it is installed for those who name no version.
    activated
        When it was last activated.
    """

    application_id: str
    version: str
    is_active: bool
    is_default: bool
    activated: datetime | None


class AccountPackages:
    """
    The application packages of one account.

    Parameters
    ----------
    settings
        The account; its subscription and resource group have to be known.
    credential
        Of somebody whom Microsoft Entra knows: keys do not open the management API.
    """

    def __init__(self, settings: AccountSettings, credential: TokenCredential) -> None:
        self._client = management_client(settings, credential)
        self._place = (settings.resource_group or "", settings.batch_account)
        self._ca_file = settings.ca_file

    def list(self) -> Iterator[AccountPackage]:
        """List every version of every application."""
        with translated():
            for application in self._client.application.list(*self._place):
                for package in self._versions(application.name):
                    yield _package(application, package)

    def get(self, application_id: str, version: str) -> AccountPackage:
        """Find one version of an application; raises `NotFoundError` if there is none."""
        application = self._find_application(application_id)
        package = self._find(application_id, version)
        if application is None or package is None:
            raise NotFoundError(
                f"there is no package `{application_id}` {version}",
                hint="`runfleet package list` lists them",
            )
        return _package(application, package)

    def add(
        self,
        application_id: str,
        version: str,
        archive: Path,
        *,
        replace: bool = False,
        on_progress: OnProgress | None = None,
    ) -> None:
        """
        Upload a version of an application and activate it; go on with one that was interrupted.

        Parameters
        ----------
        application_id, version
            Its name; the application is made with its first version.
        archive
            The zip file.
        replace
            Whether a version that is there may be replaced: what it holds cannot be seen.
        on_progress
            Is told how far the upload is.

        Raises
        ------
        ConflictError
            If the version is there and is not to be replaced.
        """
        check_package_name(application_id, version)
        if not replace:
            self._refuse_known(application_id, version)
        if self._find_application(application_id) is None:
            with translated():
                self._client.application.create(*self._place, application_id)
        packages, names = self._client.application_package, (application_id, version)
        with translated():
            made = packages.create(*self._place, *names)
        self._upload(archive, made.storage_url, on_progress or _unheard)
        with translated():
            packages.activate(*self._place, *names, {"format": _FORMAT})

    def set_default(self, application_id: str, version: str) -> None:
        """Have a version installed for those who name none."""
        with translated():
            said = {"properties": {"defaultVersion": version}}
            self._client.application.update(*self._place, application_id, said)

    def remove(self, application_id: str, version: str) -> None:
        """Remove one version of an application."""
        with translated():
            self._client.application_package.delete(*self._place, application_id, version)

    def _versions(self, application_id: str) -> Iterator[Any]:
        versions: Iterator[Any] = self._client.application_package.list(
            *self._place, application_id
        )
        return versions

    def _find_application(self, application_id: str) -> Any:
        try:
            with translated():
                return self._client.application.get(*self._place, application_id)
        except NotFoundError:
            return None

    def _find(self, application_id: str, version: str) -> Any:
        try:
            with translated():
                return self._client.application_package.get(*self._place, application_id, version)
        except NotFoundError:
            return None

    def _refuse_known(self, application_id: str, version: str) -> None:
        known = self._find(application_id, version)
        if known is not None and known.state == "Active":
            raise ConflictError(
                f"the package `{application_id}` {version} is there already",
                hint="add it under a new version, or replace this one with `--replace`",
            )

    def _upload(self, archive: Path, url: str | None, on_progress: OnProgress) -> None:
        # Imported when it is needed: it takes longer than the rest of a short command.
        from azure.storage.blob import BlobClient

        if not url:
            raise BatchError(
                "the account gives no place to upload packages to",
                hint="link a storage account to the Batch account: packages are kept there",
            )
        size = archive.stat().st_size
        with (
            translated("the storage account of the Batch account"),
            BlobClient.from_blob_url(url, connection_verify=self._ca_file or True) as blob,
            archive.open("rb") as file,
        ):
            blob.upload_blob(
                file,
                length=size,
                overwrite=True,
                max_concurrency=_CONNECTIONS,
                progress_hook=lambda done, _: on_progress(done, size),
            )


def _unheard(_done: int, _total: int) -> None:
    pass


def _package(application: Any, package: Any) -> AccountPackage:
    return AccountPackage(
        application.name,
        package.name,
        package.state == "Active",
        package.name == application.default_version,
        package.last_activation_time,
    )
