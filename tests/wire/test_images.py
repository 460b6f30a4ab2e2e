"""Images and applications, as clients read them."""

import pytest
from azure.batch import models

from runfleet.batch.images import IMAGES
from runfleet.wire.applications import application_json
from runfleet.wire.errors import WireError
from runfleet.wire.images import check_machine, image_json

JAMMY = {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-LTS"}
CUSTOM = {"virtualMachineImageId": "/subscriptions/s"}


def machine(image, agent="batch.node.ubuntu 22.04"):
    return {"imageReference": image, "nodeAgentSKUId": agent}


def test_sdk_15_reads_the_supported_images():
    images = [models.BatchSupportedImage(image_json(image)) for image in IMAGES]
    ubuntu = next(i for i in images if i.node_agent_sku_id == "batch.node.ubuntu 24.04")
    assert ubuntu.image_reference.publisher == "canonical"
    assert ubuntu.image_reference.version == "latest"
    assert ubuntu.verification_type == models.ImageVerificationType.VERIFIED
    assert {image.os_type for image in images} == set(models.OSType)


def test_an_image_is_told_once():
    references = [image_json(image)["imageReference"] for image in IMAGES]
    assert len({tuple(reference.values()) for reference in references}) == len(references)


def test_sdk_15_reads_an_application():
    read = models.BatchApplication(application_json("epanet", ["2.2", "2.3.5"], None))
    assert (read.id, read.display_name, read.versions) == ("epanet", "epanet", ["2.2", "2.3.5"])


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: f"{image.offer} {image.sku}")
def test_every_image_goes_with_its_node_agent(image):
    reference = image_json(image)["imageReference"]
    check_machine(machine(reference, image.node_agent))


@pytest.mark.parametrize(
    "image",
    [
        JAMMY,
        {**JAMMY, "version": "22.04.202401", "exactVersion": "22.04.202401"},
        CUSTOM,
        {"sharedGalleryImageId": "/sharedGalleries/s"},
        {"communityGalleryImageId": "/communityGalleries/s", "version": "latest"},
        {"publisher": "somebody", "offer": "else", "sku": "1"},
    ],
)
def test_images_that_are_not_listed_go_with_any_known_node_agent(image):
    check_machine(machine(image, "batch.node.ubuntu 22.04"))
    if image.get("publisher") != JAMMY["publisher"]:
        check_machine(machine(image, "Batch.Node.Windows AMD64"))
        check_machine(machine(image, "batch.node.ubuntu 20.04"))


@pytest.mark.parametrize("agent", ["batch.node.ubunt 24.04", "batch.node.debian", ""])
@pytest.mark.parametrize("image", [JAMMY, CUSTOM])
def test_a_node_agent_that_nobody_knows_is_refused(image, agent):
    with pytest.raises(WireError) as caught:
        check_machine(machine(image, agent))
    error = caught.value
    assert (error.status, error.code) == (404, "NodeAgentSKUNotFound")
    assert error.details == {
        "PropertyName": "nodeAgentSKUId",
        "PropertyValue": agent,
        "Reason": "must be one such as `batch.node.debian 11`, `batch.node.el 8`, "
        "`batch.node.el 9`, `batch.node.ubuntu 22.04`, `batch.node.ubuntu 24.04`, "
        "`batch.node.windows amd64`",
    }


@pytest.mark.parametrize("agent", ["batch.node.windows amd64", "batch.node.ubuntu 24.04"])
def test_a_node_agent_of_another_image_is_refused(agent):
    with pytest.raises(WireError) as caught:
        check_machine(machine(JAMMY, agent))
    assert caught.value.code == "InvalidPropertyValue"
    assert caught.value.details == {
        "PropertyName": "nodeAgentSKUId",
        "PropertyValue": agent,
        "Reason": "does not go with the image, which needs `batch.node.ubuntu 22.04`",
    }


@pytest.mark.parametrize(
    "image",
    [{}, {"version": "latest"}, {**JAMMY, **CUSTOM}, {**CUSTOM, "sharedGalleryImageId": "x"}],
)
def test_an_image_is_named_in_one_way(image):
    with pytest.raises(WireError) as caught:
        check_machine(machine(image))
    assert caught.value.details["PropertyName"] == "imageReference"
    assert caught.value.details["Reason"] == (
        "must name one image, by its publisher, offer and sku, or by one of virtualMachineImageId, "
        "sharedGalleryImageId, communityGalleryImageId"
    )
