"""What is known of an Azure account, without its secrets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class LoginKind(StrEnum):
    """How one logs in: with the account's key, or as somebody whom Microsoft Entra knows."""

    KEY = "key"
    ENTRA = "entra"


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """
    A storage account.

    Parameters
    ----------
    url
        Of its blobs, `https://NAME.blob.core.windows.net`.
    login
        How one logs in.
    """

    url: str
    login: LoginKind = LoginKind.KEY

    @property
    def account(self) -> str:
        """Its name: the first part of the host or, for Azurite, of the path."""
        parts = urlsplit(self.url)
        return parts.path.strip("/").partition("/")[0] or _first_label(self.url)


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """
    A Batch account with its storage account.

    Parameters
    ----------
    name
        What the user calls it.
    endpoint
        The Batch account's URL, `https://NAME.REGION.batch.azure.com`.
    login
        How one logs in to the Batch account.
    storage
        Where studies keep their files.
    batch_account
        The name of the Batch account.
    subscription, resource_group, location
        Where the management API finds it; None where the user did not say.
    ca_file
        PEM file of the certificates to trust, except of the storage account, where those of the
        environment count; None for the usual ones.
    management
        URL of the management API; None for Azure's public one.
    """

    name: str
    endpoint: str
    login: LoginKind
    storage: StorageSettings
    batch_account: str
    subscription: str | None = None
    resource_group: str | None = None
    location: str | None = None
    ca_file: str | None = None
    management: str | None = None


def account_of_endpoint(endpoint: str) -> str | None:
    """Tell the name of the Batch account whose URL it is; None if the host is an address."""
    name = _first_label(endpoint)
    host = urlsplit(endpoint).hostname or ""
    return None if name == host or name.isdigit() or ":" in host else name


def location_of_endpoint(endpoint: str) -> str | None:
    """Tell the region from a Batch account's URL; None if it has no such form."""
    host = urlsplit(endpoint).hostname or ""
    name, _, rest = host.partition(".")
    region, _, service = rest.partition(".")
    return region if name and service.startswith("batch.") else None


def _first_label(url: str) -> str:
    return (urlsplit(url).hostname or "").partition(".")[0]
