"""The `az` commands that make a Batch account with its storage account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runfleet.errors import RunfleetError
from runfleet.nearest_word import nearest

_GROUP = re.compile(r"[\w().-]{0,89}[\w()-]")
_STORAGE = re.compile(r"[a-z0-9]{3,24}")
_BATCH = re.compile(r"[a-z0-9]{3,24}")
_LOCATION = re.compile(r"[a-z0-9]+")

# Regions of the public cloud; there are more by and by, and other clouds have others.
_REGIONS = """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast
    belgiumcentral brazilsouth brazilsoutheast canadacentral canadaeast centralindia centralus
    chilecentral eastasia eastus eastus2 francecentral francesouth germanynorth
    germanywestcentral indonesiacentral israelcentral italynorth japaneast japanwest
    jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral
    newzealandnorth northcentralus northeurope norwayeast norwaywest polandcentral
    qatarcentral southafricanorth southafricawest southcentralus southeastasia southindia
    spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest uaecentral
    uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
"""

Command = tuple[str, ...]


class NameRefusedError(RunfleetError):
    """A name that Azure does not take."""


@dataclass(frozen=True)
class NewAccount:
    """
    What is to be made on Azure.

    Parameters
    ----------
    batch_account, storage_account
        3 to 24 small letters and digits; nobody else in the world may have that storage account,
        and nobody else in the region that Batch account.
    resource_group
        Made if it is missing.
    location
        The region: `westeurope`.
    subscription
        None for the one that `az` is set to.

    Raises
    ------
    NameRefusedError
        If Azure would not take a name.
    """

    batch_account: str
    storage_account: str
    resource_group: str
    location: str
    subscription: str | None = None

    def __post_init__(self) -> None:
        letters = "take 3 to 24 small letters and digits, nothing else"
        _check(_BATCH, self.batch_account, "a Batch account", letters)
        _check(_STORAGE, self.storage_account, "a storage account", letters)
        group = "take up to 90 letters, digits, `_`, `-`, `.` and brackets, no dot at the end"
        _check(_GROUP, self.resource_group, "a resource group", group)
        region = "write it in one word, as `az account list-locations` does: `westeurope`"
        _check(_LOCATION, self.location, "a region", region)
        _check_spelling(self.location)

    @property
    def endpoint(self) -> str:
        """The URL that the Batch account will have."""
        return f"https://{self.batch_account}.{self.location}.batch.azure.com"

    @property
    def storage_url(self) -> str:
        """The URL that the storage account's blobs will have."""
        return f"https://{self.storage_account}.blob.core.windows.net"

    def commands(self) -> Iterator[Command]:
        """Write the commands in their order; each of them can be given again."""
        group = f"--resource-group {self.resource_group}"
        place = f"--location {self.location}"
        yield self._az("provider register --namespace Microsoft.Batch")
        yield self._az(f"group create --name {self.resource_group} {place}")
        yield self._az(
            f"storage account create --name {self.storage_account} {group} {place} "
            "--sku Standard_LRS --kind StorageV2 --min-tls-version TLS1_2 "
            "--allow-blob-public-access false"
        )
        yield self._az(
            f"batch account create --name {self.batch_account} {group} {place} "
            f"--storage-account {self.storage_account}"
        )

    @property
    def batch_key_command(self) -> Command:
        """The command that prints the key of the Batch account."""
        return self._az(
            f"batch account keys list --name {self.batch_account} "
            f"--resource-group {self.resource_group} --query primary --output tsv"
        )

    @property
    def storage_key_command(self) -> Command:
        """The command that prints a key of the storage account."""
        return self._az(
            f"storage account keys list --account-name {self.storage_account} "
            f"--resource-group {self.resource_group} --query [0].value --output tsv"
        )

    def _az(self, words: str) -> Command:
        subscription = ("--subscription", self.subscription) if self.subscription else ()
        return ("az", *words.split(), *subscription)


def _check(allowed: re.Pattern[str], name: str, what: str, hint: str) -> None:
    if not allowed.fullmatch(name):
        raise NameRefusedError(f"`{name}` cannot name {what}", hint=hint)


def _check_spelling(location: str) -> None:
    """Refuse what is nearly the name of a region; what is nothing like one may be a new one."""
    regions = _REGIONS.split()
    meant = nearest(location, regions, cutoff=0.85)
    if meant and location not in regions and not location[-1].isdigit():
        raise NameRefusedError(
            f"there is no region `{location}`",
            hint=f"did you mean `{meant}`? `az account list-locations` lists all regions",
        )
