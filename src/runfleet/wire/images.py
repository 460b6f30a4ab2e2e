"""The operating system images that pools may ask for, as the list of them has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from runfleet.batch.images import IMAGES, Image
from runfleet.wire import models
from runfleet.wire.bodies import JsonObject
from runfleet.wire.errors import WireError, invalid_property

_AGENTS = tuple(sorted({image.node_agent for image in IMAGES}))
# Azure comes to have others, and had others: the systems stay, their versions go by.
_AGENT = re.compile(
    r"batch\.node\.(windows amd64"
    r"|(ubuntu|debian|el|centos|mariner|azurelinux|rhel|sles|opensuse) \d[\w.-]*)"
)
_MARKETPLACE = ("publisher", "offer", "sku")
_ID_MEMBERS = ("virtualMachineImageId", "sharedGalleryImageId", "communityGalleryImageId")


def image_json(image: Image) -> JsonObject:
    """An image as the list of supported images has it."""
    reference = {
        "publisher": image.publisher,
        "offer": image.offer,
        "sku": image.sku,
        "version": "latest",
    }
    shape: JsonObject = {
        "nodeAgentSKUId": image.node_agent,
        "imageReference": reference,
        "osType": image.os_type,
        "verificationType": "verified",
    }
    return shape | ({"capabilities": list(image.capabilities)} if image.capabilities else {})


def check_machine(machine: models.VirtualMachineConfiguration) -> None:
    """
    Refuse machines whose image is not named, or named twice, or does not go with their node agent.

    Raises
    ------
    WireError
        ``InvalidPropertyValue`` or ``NodeAgentSKUNotFound``.
    """
    reference, agent = machine["imageReference"], machine["nodeAgentSKUId"]
    _check_reference(reference)
    if not _AGENT.fullmatch(agent.lower()):
        reason = f"must be one such as {_list(_AGENTS)}"
        details = {"PropertyName": "nodeAgentSKUId", "PropertyValue": agent, "Reason": reason}
        raise WireError("NodeAgentSKUNotFound", details)
    wanted = _agents_of(reference)
    if wanted and agent.lower() not in wanted:
        reason = f"does not go with the image, which needs {_list(wanted)}"
        raise invalid_property("nodeAgentSKUId", agent, reason)


def _check_reference(reference: Mapping[str, Any]) -> None:
    ids = [name for name in _ID_MEMBERS if reference.get(name)]
    is_of_marketplace = any(reference.get(name) for name in _MARKETPLACE)
    if len(ids) + is_of_marketplace == 1:
        return
    named = f"publisher, offer and sku, or by one of {', '.join(_ID_MEMBERS)}"
    reason = f"must name one image, by its {named}"
    raise invalid_property("imageReference", dict(reference), reason)


def _agents_of(reference: Mapping[str, Any]) -> list[str]:
    """The agents that go with an image of the marketplace, if the list has that."""
    named = tuple(reference.get(name, "").lower() for name in _MARKETPLACE)
    return [
        image.node_agent for image in IMAGES if (image.publisher, image.offer, image.sku) == named
    ]


def _list(agents: Iterable[str]) -> str:
    return ", ".join(f"`{agent}`" for agent in agents)
