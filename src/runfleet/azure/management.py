"""What only the management API knows of a Batch account: its quotas, its mode, the sizes it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runfleet.azure.account_settings import AccountSettings
from runfleet.azure.errors import BatchError, NotFoundError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

USER_SUBSCRIPTION = "UserSubscription"
"""The pool allocation mode that spot nodes need."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """
    What an account may have.

    Parameters
    ----------
    dedicated_cores, spot_cores
        Of all pools together; None where the account has no such limit.
    family_cores
        Dedicated cores by family of sizes; empty where the account has no such limits. They hold
        together with that of all dedicated cores.
    allocation_mode
        `BatchService` or `UserSubscription`.
    """

    dedicated_cores: int | None
    spot_cores: int | None
    family_cores: Mapping[str, int]
    allocation_mode: str


@dataclass(frozen=True, slots=True)
class OfferedSize:
    """
    A size of machine that a region has.

    Parameters
    ----------
    name
        `Standard_F4s_v2`.
    family
        To which family's quota its cores count.
    cores, memory_gib
        None where the service does not say.
    """

    name: str
    family: str
    cores: int | None
    memory_gib: float | None


class Management:
    """
    The management API of one account.

    Parameters
    ----------
    settings
        The account; its subscription has to be known.
    credential
        Of somebody whom Microsoft Entra knows: keys do not open this API.
    """

    def __init__(self, settings: AccountSettings, credential: TokenCredential) -> None:
        self._settings = settings
        self._client = management_client(settings, credential)

    def quotas(self) -> Quotas:
        """Ask for the quotas of the account; its resource group has to be known."""
        from azure.mgmt.batch.models import PoolAllocationMode

        with translated():
            account = self._client.batch_account.get(
                self._settings.resource_group, self._settings.batch_account
            )
            # "If this flag is true, dedicated core quota is enforced via both the
            # dedicatedCoreQuotaPerVMFamily and dedicatedCoreQuota properties on the account. If
            # this flag is false, ... only via the dedicatedCoreQuota property" [swg].
            holds = account.dedicated_core_quota_per_vm_family_enforced
            families = (holds and account.dedicated_core_quota_per_vm_family) or []
        return Quotas(
            account.dedicated_core_quota,
            account.low_priority_core_quota,
            {family.name.lower(): family.core_quota for family in families},
            PoolAllocationMode(account.pool_allocation_mode).value,
        )

    def default_version(self, application_id: str) -> str | None:
        """Ask which version of an application those get who name none; None for no version."""
        with translated():
            application = self._client.application.get(
                self._settings.resource_group, self._settings.batch_account, application_id
            )
        version: str | None = application.default_version
        return version

    def sizes(self) -> Iterator[OfferedSize]:
        """List the sizes that the account's region has; the region has to be known."""
        with translated():
            for sku in self._client.location.list_supported_virtual_machine_skus(
                self._settings.location
            ):
                facts = {item.name: item.value for item in sku.capabilities or ()}
                cores, memory = facts.get("vCPUs"), facts.get("MemoryGB")
                yield OfferedSize(
                    sku.name,
                    sku.family_name or "",
                    int(cores) if cores else None,
                    float(memory) if memory else None,
                )


def management_client(settings: AccountSettings, credential: TokenCredential) -> Any:
    """Make the SDK's client."""
    # Imported when it is needed: it takes longer than the rest of a short command.
    from azure.mgmt.batch import BatchManagementClient

    return BatchManagementClient(
        credential,
        settings.subscription or "",
        base_url=settings.management,
        connection_verify=settings.ca_file or True,
    )


@contextmanager
def translated(who: str = "the management API") -> Iterator[None]:
    """Raise the SDK's errors as ours; `who` is asked."""
    from azure.core.exceptions import AzureError, ResourceNotFoundError

    try:
        yield
    except ResourceNotFoundError as error:
        raise NotFoundError(f"{who} does not know it: {_text_of(error)}") from error
    except AzureError as error:
        raise BatchError(
            f"{who} refuses or does not answer: {_text_of(error)}",
            hint="check subscription and resource group of the account, and that you may read it",
        ) from error


def _text_of(error: Exception) -> str:
    return str(error).partition("\n")[0]
