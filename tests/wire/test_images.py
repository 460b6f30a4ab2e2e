"""Images and applications, as clients read them."""

from azure.batch import models

from runfleet.batch.images import IMAGES
from runfleet.wire.applications import application_json
from runfleet.wire.images import image_json


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
