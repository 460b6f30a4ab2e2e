"""Images by the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from runfleet.azure.errors import ImageNotFoundError
from runfleet.azure.settings import Image, OperatingSystem
from runfleet.azure.values import time_from_wire
from runfleet.nearest_word import nearest

# One publisher's plain images stand for each system; others are asked for by their whole name.
_AGENT = re.compile(r"batch\.node\.(?P<family>\w+) (?P<version>[\w.-]+)")
_WINDOWS_SKU = re.compile(r"(?P<year>20\d\d)-datacenter.*")
_VARIANT = re.compile("core|cvm|edition|fips|gen1|gen2|hotpatch|minimal|pro|smalldisk")
_FOREVER = datetime.max.replace(tzinfo=UTC)


def image_from_wire(wire: Mapping[str, Any]) -> Image:
    """Read an item of `supportedimages`."""
    reference = wire["imageReference"]
    return Image(
        publisher=reference["publisher"],
        offer=reference["offer"],
        sku=reference["sku"],
        version=reference.get("version", "latest"),
        node_agent=wire["nodeAgentSKUId"],
        operating_system=OperatingSystem(wire["osType"].lower()),
        verified=wire.get("verificationType", "").lower() == "verified",
        end_of_life=time_from_wire(wire.get("batchSupportEndOfLife")),
    )


def image_name(image: Image) -> str | None:
    """
    Name an image as people do: `ubuntu-22.04`, `almalinux-9`, `windows-2022`.

    Returns
    -------
    name
        None for images that are special in some way, such as those for GPUs; they go by
        `PUBLISHER/OFFER/SKU` only.
    """
    if image.operating_system is OperatingSystem.WINDOWS:
        match = _WINDOWS_SKU.fullmatch(image.sku.lower())
        plain = image.publisher.lower() == "microsoftwindowsserver"
        return f"windows-{match['year']}" if match and plain else None
    match = _AGENT.fullmatch(image.node_agent)
    if match is None:
        return None
    publisher = image.publisher.lower()
    families = {"ubuntu": "canonical", "debian": "debian"}
    if publisher == families.get(match["family"]):
        return f"{match['family']}-{match['version']}"
    return f"{publisher}-{match['version']}" if match["family"] == "el" else None


def pick_image(images: Iterable[Image], name: str, *, today: datetime) -> Image:
    """
    Find the newest verified image of a name.

    Parameters
    ----------
    images
        All that the service supports.
    name
        As `image_name` gives it, or `PUBLISHER/OFFER/SKU`.
    today
        Images whose support has ended by then are left out.

    Raises
    ------
    ImageNotFoundError
        If there is none; the hint lists the names.
    """
    usable = [image for image in images if _is_usable(image, today)]
    found = [image for image in usable if name.lower() in _names(image)]
    if not found:
        raise _not_found(name, usable)
    return min(found, key=_rank)


def _rank(image: Image) -> tuple[float, int, str]:
    """Put the one supported longest first, which is the newest, and plain ones before variants."""
    return -_end(image).timestamp(), len(_VARIANT.findall(image.sku.lower())), image.sku


def _is_usable(image: Image, today: datetime) -> bool:
    return image.verified and _end(image) > today


def _end(image: Image) -> datetime:
    return image.end_of_life or _FOREVER


def _names(image: Image) -> set[str]:
    names = {f"{image.publisher}/{image.offer}/{image.sku}".lower()}
    short = image_name(image)
    return names | {short} if short else names


def _not_found(name: str, images: Iterable[Image]) -> ImageNotFoundError:
    known = sorted({short for image in images if (short := image_name(image))})
    meant = nearest(name, known)
    hint = f"did you mean `{meant}`? " if meant else ""
    hint += "known are " + ", ".join(f"`{item}`" for item in known) if known else ""
    return ImageNotFoundError(f"there is no verified image `{name}`", hint=hint or None)
