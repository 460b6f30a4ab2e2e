"""What the account of this machine has for studies, while its emulator does not run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runfleet.azure import Image, OperatingSystem
from runfleet.azure.images import pick_image
from runfleet.batch.images import IMAGES
from runfleet.batch.states import OsType
from runfleet.home import Folders
from runfleet.storage.packages import PackageFolder

_SYSTEMS = {OsType.LINUX: OperatingSystem.LINUX, OsType.WINDOWS: OperatingSystem.WINDOWS}


@dataclass(frozen=True)
class LocalOffers:
    """
    The packages of a home folder, and the images that emulators have.

    Parameters
    ----------
    home
        See `runfleet.home`.
    """

    home: Path

    def applications(self) -> dict[str, list[str]]:
        """List the applications that have packages, each with its versions."""
        versions: dict[str, list[str]] = {}
        for package in PackageFolder(Folders(self.home).packages).packages():
            versions.setdefault(package.application_id, []).append(package.version)
        return versions

    def pick_image(self, name: str) -> Image:
        """Find the image of a name; raises `ImageNotFoundError` if there is none."""
        images = (
            Image(one.publisher, one.offer, one.sku, one.node_agent, _SYSTEMS[one.os_type])
            for one in IMAGES
        )
        return pick_image(images, name, today=datetime.now(UTC))

    def get_pool(self, pool_id: str) -> None:
        """Find no pool: what pools there are, only a running emulator tells."""
        del pool_id
