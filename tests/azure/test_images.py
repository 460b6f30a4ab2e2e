"""Images by the names that people give them."""

from datetime import UTC, datetime, timedelta

import pytest

from runfleet.azure import Image, ImageNotFoundError, OperatingSystem, image_name
from runfleet.azure.images import image_from_wire, pick_image

TODAY = datetime(2026, 11, 21, tzinfo=UTC)
LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS


def linux(publisher, offer, sku, agent, **more):
    return Image(publisher, offer, sku, f"batch.node.{agent}", LINUX, **more)


def windows(sku, publisher="microsoftwindowsserver"):
    return Image(publisher, "windowsserver", sku, "batch.node.windows amd64", WINDOWS)


JAMMY = linux("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", "ubuntu 22.04")
IMAGES = [
    linux("microsoft-dsvm", "ubuntu-hpc", "2204", "ubuntu 22.04"),
    linux("canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "ubuntu 22.04"),
    JAMMY,
    linux("canonical", "ubuntu-24_04-lts", "server-arm64", "ubuntu 24.04-arm64"),
    linux("canonical", "ubuntu-24_04-lts", "server", "ubuntu 24.04", verified=False),
    linux(
        "canonical", "ubuntuserver", "18.04-lts", "ubuntu 18.04", end_of_life=TODAY - timedelta(1)
    ),
    linux("almalinux", "almalinux", "8-gen2", "el 8"),
    linux("canonical", "ubuntu-26_04-lts", "cvm", "ubuntu 26.04"),
    linux("canonical", "ubuntu-26_04-lts", "minimal", "ubuntu 26.04"),
    linux("canonical", "ubuntu-26_04-lts", "server", "ubuntu 26.04"),
    windows("2022-datacenter-core-smalldisk"),
    windows("2022-datacenter"),
    windows("2022-datacenter", publisher="somebody-else"),
]


@pytest.mark.parametrize(
    ("name", "publisher", "sku"),
    [
        ("ubuntu-22.04", "canonical", "22_04-lts"),
        ("Ubuntu-22.04", "canonical", "22_04-lts"),
        ("ubuntu-24.04-arm64", "canonical", "server-arm64"),
        ("ubuntu-26.04", "canonical", "server"),
        ("almalinux-8", "almalinux", "8-gen2"),
        ("windows-2022", "microsoftwindowsserver", "2022-datacenter"),
        ("Microsoft-DSVM/ubuntu-hpc/2204", "microsoft-dsvm", "2204"),
    ],
)
def test_a_name_finds_the_plain_image(name, publisher, sku):
    image = pick_image(IMAGES, name, today=TODAY)
    assert (image.publisher, image.sku) == (publisher, sku)


def test_the_image_supported_longest_is_the_newest():
    old = linux("canonical", "old-offer", "22", "ubuntu 22.04", end_of_life=TODAY + timedelta(30))
    new = linux("canonical", "new-offer", "2204", "ubuntu 22.04", end_of_life=TODAY + timedelta(90))
    assert pick_image([old, new], "ubuntu-22.04", today=TODAY) == new


@pytest.mark.parametrize("name", ["ubuntu-24.04", "ubuntu-18.04", "ubuntu-2204", "beos-5"])
def test_what_is_unverified_ended_or_unknown_is_not_found(name):
    with pytest.raises(ImageNotFoundError) as caught:
        pick_image(IMAGES, name, today=TODAY)
    assert str(caught.value) == f"there is no verified image `{name}`"
    names = "`almalinux-8`, `ubuntu-22.04`, `ubuntu-24.04-arm64`, `ubuntu-26.04`, `windows-2022`"
    assert f"known are {names}" in (caught.value.hint or "")


def test_a_near_miss_is_guessed():
    with pytest.raises(ImageNotFoundError) as caught:
        pick_image(IMAGES, "ubuntu-2204", today=TODAY)
    assert (caught.value.hint or "").startswith("did you mean `ubuntu-22.04`? ")


def test_special_images_have_no_short_name():
    assert image_name(IMAGES[0]) is None
    assert image_name(JAMMY) == "ubuntu-22.04"


def test_an_image_of_the_service_is_read():
    wire = {
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        "imageReference": {
            "publisher": "canonical",
            "offer": "0001-com-ubuntu-server-jammy",
            "sku": "22_04-lts",
            "version": "latest",
        },
        "osType": "linux",
        "verificationType": "verified",
        "batchSupportEndOfLife": "2027-04-01T00:00:00Z",
    }
    assert image_from_wire(wire) == linux(
        "canonical",
        "0001-com-ubuntu-server-jammy",
        "22_04-lts",
        "ubuntu 22.04",
        end_of_life=datetime(2027, 4, 1, tzinfo=UTC),
    )


def test_the_service_is_asked_for_its_images_once(service, reply):
    reference = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    wire = {"nodeAgentSKUId": "batch.node.ubuntu 24.04", "imageReference": reference}
    wire |= {"osType": "linux", "verificationType": "verified"}
    service.answer = lambda request: reply(200, {"value": [wire]})
    client = service.client()
    assert client.pick_image("ubuntu-24.04") == client.pick_image("Ubuntu-24.04")
    assert len(service.requests) == 1
