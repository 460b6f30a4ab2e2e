"""The operating system images that pools may ask for, as the list of them has them."""

from __future__ import annotations

from runfleet.batch.images import Image
from runfleet.wire.bodies import JsonObject


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
