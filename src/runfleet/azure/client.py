"""One Batch account: Azure, or the emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from runfleet.azure.channel import OUTAGE_HINT, Channel
from runfleet.azure.clock import service_time
from runfleet.azure.images import image_from_wire, pick_image
from runfleet.azure.jobs import JobOperations
from runfleet.azure.pools import PoolOperations
from runfleet.azure.settings import Image
from runfleet.azure.tasks import TaskOperations
from runfleet.patience import BackOff
from runfleet.storage.urls import is_loopback

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential, TokenCredential

# A service on this machine that does not answer has ended; it is not on its way back.
_LOCAL_BACK_OFF = BackOff(
    first=0.05, longest=2.0, failure_patience=60.0, outage_patience=5.0, contact_patience=5.0
)


class AzureBatch(PoolOperations, JobOperations, TaskOperations):
    """
    A Batch account, through the official SDK.

    Throttling and lost connections are waited out. What the service refuses is raised as a
    `BatchError`: `NotFoundError`, `ConflictError` and so on, by what a caller would do.

    Parameters
    ----------
    endpoint
        The account's URL, `https://NAME.REGION.batch.azure.com`.
    credential
        `AzureNamedKeyCredential` with the account's name and key, or a token credential.
    back_off
        How long to wait for a service in trouble; None for what suits the endpoint.
    ca_file
        PEM file of the certificates to trust; None for the usual ones.
    outage_hint
        What a user should do if nobody answers at the endpoint.
    revive
        Starts a service that has ended while it was asked nothing; None where nobody can.
    account
        What tells it from other Batch accounts that use its storage account; None for the host of
        the endpoint, empty where there can be no others.
    """

    def __init__(
        self,
        endpoint: str,
        credential: AzureNamedKeyCredential | TokenCredential,
        *,
        back_off: BackOff | None = None,
        ca_file: str | None = None,
        outage_hint: str = OUTAGE_HINT,
        revive: Callable[[], object] | None = None,
        account: str | None = None,
    ) -> None:
        local = is_loopback(endpoint)
        waiting = back_off or (_LOCAL_BACK_OFF if local else BackOff())
        self._channel = Channel(endpoint, credential, waiting, ca_file, outage_hint, revive)
        self._images: tuple[Image, ...] = ()
        self.account = _host(self.endpoint) if account is None else account

    def close(self) -> None:
        """Give back the connections."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """The account's URL."""
        return self._channel.endpoint

    def service_time(self) -> datetime | None:
        """Ask the service for its time; see `runfleet.azure.clock`."""
        return service_time(self.endpoint, ca_file=self._channel.ca_file)

    def applications(self) -> dict[str, list[str]]:
        """List the applications that have packages, each with its versions."""
        listed = self._channel.list("/applications")
        return {wire["id"]: list(wire.get("versions") or ()) for wire in listed}

    def images(self) -> Iterator[Image]:
        """List the images that the service supports."""
        for wire in self._channel.list("/supportedimages"):
            yield image_from_wire(wire)

    def pick_image(self, name: str) -> Image:
        """
        Find the newest verified image of a name, with its node agent.

        The service is asked for its images once: there are hundreds, and they change by the month.

        Parameters
        ----------
        name
            `ubuntu-22.04`, `windows-2022`, or `PUBLISHER/OFFER/SKU`.

        Raises
        ------
        ImageNotFoundError
            If there is none; its hint lists the names.
        """
        self._images = self._images or tuple(self.images())
        return pick_image(self._images, name, today=datetime.now(UTC))


def _host(endpoint: str) -> str:
    """Tell the host of a URL, with its port only where that is not the usual one."""
    return urlsplit(endpoint).netloc.lower().removesuffix(":443")
