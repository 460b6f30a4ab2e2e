"""Blobs in a storage account: what the node agent fetches and uploads by signed URLs."""

import os
import time
from datetime import timedelta

import pytest
import requests
from azure.storage.blob import BlobClient

from runfleet.agent.messages import FilesToUpload, FileToFetch
from runfleet.storage import AzureBlob

HOUR = timedelta(hours=1)
CONTAINER = "agent"


@pytest.fixture
def storage(azurite):
    made = AzureBlob.from_connection_string(azurite.connection_string)
    made.create_container(CONTAINER)
    made.delete_prefix(CONTAINER, "")
    return made


def test_a_blob_is_fetched_by_its_signed_url(agent, storage):
    content = os.urandom(20_000_000)
    storage.put_bytes(CONTAINER, "in/ä b#%.bin", content)
    storage.put_bytes(CONTAINER, "in/empty", b"")
    urls = [storage.blob_url(CONTAINER, name, life=HOUR) for name in ("in/ä b#%.bin", "in/empty")]
    execution = agent.task(
        "true", files=(FileToFetch(urls[0], file_path="big"), FileToFetch(urls[1], file_path="no"))
    )
    assert agent.run(execution).exit_code == 0
    assert (agent.wd(execution) / "big").read_bytes() == content
    assert (agent.wd(execution) / "no").read_bytes() == b""


def test_a_container_is_fetched_by_its_signed_url(agent, storage):
    names = [f"in/{number:02}" for number in range(30)]
    for name in [*names, "other"]:
        storage.put_bytes(CONTAINER, name, name.encode())
    url = storage.container_url(CONTAINER, life=HOUR)
    execution = agent.task("true", files=(FileToFetch(url, is_container=True, blob_prefix="in/"),))
    assert agent.run(execution).exit_code == 0
    found = {path.name: path.read_text() for path in (agent.wd(execution) / "in").iterdir()}
    assert found == {name.removeprefix("in/"): name for name in names}
    assert not (agent.wd(execution) / "other").exists()


def test_what_stands_for_a_folder_is_not_fetched(agent, storage):
    """Accounts for data lakes have a blob for each folder, beside those in it."""
    put_folder_mark(storage, "in/folder")
    put_folder_mark(storage, "in/no folder", content=b"content")
    for name in ("in/empty", "in/folder/file"):
        storage.put_bytes(CONTAINER, name, b"")
    url = storage.container_url(CONTAINER, life=HOUR)
    execution = agent.task("true", files=(FileToFetch(url, is_container=True, blob_prefix="in/"),))
    assert agent.run(execution).exit_code == 0
    wd = agent.wd(execution)
    found = {path.relative_to(wd).as_posix() for path in wd.rglob("*") if path.is_file()}
    assert found == {"in/empty", "in/folder/file", "in/no folder"}


def put_folder_mark(storage, name, content=b""):
    url = storage.blob_url(CONTAINER, name, life=HOUR, write=True)
    client = BlobClient.from_blob_url(url)
    client.upload_blob(content, metadata={"Hdi_isFolder": "true"})


@pytest.mark.parametrize("size", [5, 20_000_000])
def test_outputs_are_uploaded_with_their_headers(agent, storage, size):
    url = storage.container_url(CONTAINER, life=HOUR, write=True)
    headers = {"x-ms-blob-content-type": "text/csv", "x-ms-meta-run": "r1"}
    upload = FilesToUpload("*.csv", url, "out", headers=headers)
    execution = agent.shell(f"head -c {size} /dev/urandom > 'ä b.csv'", uploads=(upload,))
    assert agent.run(execution).failure is None
    written = (agent.wd(execution) / "ä b.csv").read_bytes()
    assert storage.get_bytes(CONTAINER, "out/ä b.csv") == written
    client = BlobClient.from_blob_url(storage.blob_url(CONTAINER, "out/ä b.csv", life=HOUR))
    facts = client.get_blob_properties()
    assert facts.content_settings.content_type == "text/csv"
    assert facts.metadata == {"run": "r1"}


def of_a_missing_blob(storage):
    return storage.blob_url(CONTAINER, "missing", life=HOUR)


def of_a_missing_container(storage):
    return storage.blob_url("missing", "a", life=HOUR)


def expired(storage):
    url = storage.blob_url(CONTAINER, "a", life=timedelta(seconds=1))
    while requests.head(url, timeout=10).ok:
        time.sleep(0.05)
    return url


@pytest.mark.parametrize(
    ("make_url", "code"),
    [
        (of_a_missing_blob, "BlobNotFound"),
        (of_a_missing_container, "BlobNotFound"),
        (expired, "BlobAccessDenied"),
    ],
)
def test_what_the_account_refuses_is_told_as_batch_does(agent, storage, make_url, code):
    storage.put_bytes(CONTAINER, "a", b"content")
    ended = agent.run(agent.task("true", files=(FileToFetch(make_url(storage), file_path="a"),)))
    assert ended.failure.code == code
    assert "sig=" not in str(ended.failure)


@pytest.mark.parametrize(
    ("container", "write", "code"),
    [
        ("missing", True, "FileUploadContainerNotFound"),
        (CONTAINER, False, "FileUploadAccessDenied"),
    ],
)
def test_a_container_that_takes_no_outputs(agent, storage, container, write, code):
    url = storage.container_url(container, life=HOUR, write=write)
    ended = agent.run(agent.shell("echo 1 > out", uploads=(FilesToUpload("out", url),)))
    assert (ended.exit_code, ended.failure.code) == (0, code)
    assert "sig=" not in str(ended.failure)
