"""The way to an Azure account; imported when there is one, for it brings much along."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from runfleet.azure import AzureBatch
from runfleet.azure.account_settings import AccountSettings, LoginKind
from runfleet.azure.credentials import entra_credential, key_credential
from runfleet.azure.management import Management
from runfleet.azure.packages import AccountPackages
from runfleet.launch.accounts.keys import KeyKind, Keys
from runfleet.launch.errors import AccountError
from runfleet.launch.pool import PoolPlan, plan_azure_pool
from runfleet.storage import Storage
from runfleet.storage.signatures import check_delegated_life
from runfleet.study import Study

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential, TokenCredential


@dataclass(frozen=True)
class AzureAccess:
    """
    A Batch account and a storage account, Azure's or anything that speaks their protocols.

    Parameters
    ----------
    settings
        What they are.
    keys
        Finds their keys.
    owner
        On whose behalf pools are made.
    """

    settings: AccountSettings
    keys: Keys
    owner: str

    @property
    def login(self) -> LoginKind:
        """How one logs in to its Batch account."""
        return self.settings.login

    def open_batch(self) -> AzureBatch:
        """Make the client of the Batch account."""
        settings = self.settings
        credential = self._credential(KeyKind.BATCH)
        return AzureBatch(settings.endpoint, credential, ca_file=settings.ca_file)

    def open_storage(self) -> Storage:
        """Make the client of the storage account."""
        # Imported late: the SDK behind it takes longer than the rest of a short command.
        from runfleet.storage import AzureBlob

        settings = self.settings
        credential = self._credential(KeyKind.STORAGE)
        return AzureBlob(settings.storage.url, credential, ca_file=settings.ca_file)

    def open_management(self) -> Management | None:
        """Make the client of the management API, if subscription and group are known."""
        settings = self.settings
        known = settings.subscription and settings.resource_group and settings.location
        return Management(settings, self._entra) if known else None

    def open_packages(self) -> AccountPackages:
        """Make the client of the application packages; subscription and group must be known."""
        settings = self.settings
        if not (settings.subscription and settings.resource_group):
            raise AccountError(
                f"of account `{settings.name}` subscription and resource group are not known, "
                "without which packages cannot be managed",
                hint="write them into `accounts.yaml`, beside its endpoint: "
                "`subscription: ID`, `resource_group: NAME`",
            )
        return AccountPackages(settings, self._entra)

    def offers(self) -> None:
        """Give nothing: what it has is asked for when a study is submitted, or by the doctor."""

    def check_url_life(self, life: timedelta) -> None:
        """Raise `LifeTooLongError` for what is signed without a key and had to work too long."""
        if self.settings.storage.login is LoginKind.ENTRA:
            check_delegated_life(life)

    def plan_pool(self, study: Study) -> PoolPlan:
        """Plan a pool of real machines."""
        return plan_azure_pool(study.pool, self.settings.login, owner=self.owner)

    def search_path(self) -> None:
        """Give nothing: what is on its machines is known there only."""

    def _credential(self, kind: KeyKind) -> AzureNamedKeyCredential | TokenCredential:
        settings = self.settings
        login = settings.login if kind is KeyKind.BATCH else settings.storage.login
        if login is LoginKind.ENTRA:
            return self._entra
        name = settings.batch_account if kind is KeyKind.BATCH else settings.storage.account
        return key_credential(name, self.keys.find(settings, kind))

    @cached_property
    def _entra(self) -> TokenCredential:
        return entra_credential()
