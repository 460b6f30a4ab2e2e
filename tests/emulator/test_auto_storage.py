"""Files of tasks in a storage account in place of the emulator's folder."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runfleet.storage.auto_storage import link_auto_storage, open_auto_storage

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory, azurite, run_emulator):
    """An emulator whose storage account is Azurite."""
    home = tmp_path_factory.mktemp("linked")
    link_auto_storage(home, azurite.connection_string)
    with run_emulator(home) as running:
        yield running


@pytest.fixture
def storage(emulator, unused):
    """The emulator's own storage account, with a container of the test's own."""
    account = open_auto_storage(emulator.home)
    account.create_container(unused)
    return account


def output(pattern, url, path):
    return {
        "filePattern": pattern,
        "destination": {"container": {"containerUrl": url, "path": path}},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }


def test_resource_files_of_every_kind(account, job, storage, unused, sh):
    """Items 124 and 125, by signed URLs and from the auto-storage account."""
    for name in ("in/a.txt", "in/deep/b.txt", "out/c.txt"):
        storage.put_bytes(unused, name, name.encode())
    container = storage.container_url(unused, life=DAY)
    files = [
        {"storageContainerUrl": container, "blobPrefix": "in/", "filePath": "f"},
        {"autoStorageContainerName": unused, "blobPrefix": "out"},
        {"httpUrl": storage.blob_url(unused, "in/a.txt", life=DAY), "filePath": "one.txt"},
    ]
    account.run(job, "t", sh("find . -type f | sort; cat one.txt"), resourceFiles=files)
    assert account.read(job, "t").split() == [
        "./f/in/a.txt",
        "./f/in/deep/b.txt",
        "./one.txt",
        "./out/c.txt",
        "in/a.txt",
    ]


def test_a_missing_container_of_the_account(account, job, storage):
    files = [{"autoStorageContainerName": "missing"}]
    info = account.run(job, "t", resourceFiles=files)["executionInfo"]
    assert info["failureInfo"]["code"] == "BlobNotFound"
    assert "sig=" not in str(info)


def test_outputs_are_uploaded_by_a_signed_url(account, job, storage, unused, sh):
    """Items 126 and 128."""
    url = storage.container_url(unused, life=DAY, write=True)
    missing = storage.container_url("missing", life=DAY, write=True)
    files = [output("../std*.txt", url, "p"), output("../std*.txt", missing, "p")]
    info = account.run(job, "t", sh("echo out"), outputFiles=files)["executionInfo"]
    assert storage.get_bytes(unused, "p/stdout.txt") == b"out\n"
    assert info["failureInfo"]["code"] == "FileUploadContainerNotFound"
    assert (info["exitCode"], info["result"]) == (0, "failure")
    assert "sig=" not in account.read(job, "t", "fileuploaderr.txt")
