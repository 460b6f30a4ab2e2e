"""What a storage account of Azure has that a folder has not: keys, signed URLs, a network."""

import base64
import os
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob import BlobClient, ContainerClient

from runfleet.patience import BackOff
from runfleet.storage import (
    AzureBlob,
    BlobNotFoundError,
    StorageAccessError,
    StorageError,
    StorageUnavailableError,
    download_folder,
)

HOUR = timedelta(hours=1)
CONTAINER = "azure-blob"
AT_ONCE = BackOff(contact_patience=0)


@pytest.fixture(scope="module")
def storage(azurite):
    made = AzureBlob.from_connection_string(azurite.connection_string)
    made.create_container(CONTAINER)
    return made


def read(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def test_what_stands_for_a_folder_is_known_from_empty_files(storage, tmp_path):
    """By its metadata, and not by its name."""
    url = storage.container_url(CONTAINER, life=HOUR, write=True)
    client = ContainerClient.from_container_url(url)
    client.upload_blob("in/folder", b"", metadata={"hdi_isfolder": "true"})
    for name in ("in/folder/file", "in/empty", "in/marked/"):
        client.upload_blob(name, b"")
    listed = [blob.name for blob in storage.list_blobs(CONTAINER, "in/")]
    assert listed == ["in/empty", "in/folder/file"]
    assert download_folder(storage, CONTAINER, tmp_path / "in", "in").files == 2
    assert (tmp_path / "in/folder/file").exists()


def test_what_stands_for_a_folder_is_deleted_with_all_else(storage):
    client = ContainerClient.from_container_url(
        storage.container_url(CONTAINER, life=HOUR, write=True)
    )
    client.upload_blob("old/folder", b"", metadata={"hdi_isfolder": "true"})
    storage.delete_prefix(CONTAINER, "old/")
    assert list(client.list_blobs("old/")) == []


@pytest.mark.parametrize("size", [0, 1, 8 << 20, (8 << 20) + 1, 20_000_000])
def test_files_of_any_size_go_and_come_back_whole(storage, tmp_path, size):
    (tmp_path / "there").write_bytes(os.urandom(size))
    moved = []
    storage.put_file(CONTAINER, "big", tmp_path / "there", on_bytes=moved.append)
    assert sum(moved) == size
    storage.get_file(CONTAINER, "big", tmp_path / "back", on_bytes=moved.append)
    assert sum(moved) == 2 * size
    assert (tmp_path / "back").read_bytes() == (tmp_path / "there").read_bytes()


def test_a_signed_url_reads_its_blob_and_no_other(storage):
    storage.put_bytes(CONTAINER, "ä b/c#%?.txt", b"content")
    storage.put_bytes(CONTAINER, "other", b"secret")
    url = storage.blob_url(CONTAINER, "ä b/c#%?.txt", life=HOUR)
    assert read(url) == b"content"
    signature = url.partition("?")[2]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        read(f"{storage.account_url}/{CONTAINER}/other?{signature}")
    with pytest.raises(Exception, match="AuthorizationPermissionMismatch"):
        BlobClient.from_blob_url(url).upload_blob(b"changed", overwrite=True)


def test_a_signed_url_may_let_write(storage):
    url = storage.blob_url(CONTAINER, "written", life=HOUR, write=True)
    BlobClient.from_blob_url(url).upload_blob(b"by a node")
    assert storage.get_bytes(CONTAINER, "written") == b"by a node"


def test_a_url_is_signed_for_just_what_is_asked_for(storage):
    """The letters may be given in any order; the service takes them in one."""
    storage.put_bytes(CONTAINER, "doomed", b"")
    url = storage.signed_url(CONTAINER, "doomed", permissions="dr", life=HOUR)
    with pytest.raises(Exception, match="AuthorizationPermissionMismatch"):
        BlobClient.from_blob_url(url).upload_blob(b"", overwrite=True)
    BlobClient.from_blob_url(url).delete_blob()
    assert not storage.exists(CONTAINER, "doomed")
    whole = storage.signed_url(CONTAINER, permissions="lwdr", life=HOUR)
    assert "sp=rwdl" in whole
    with pytest.raises(StorageError, match="`rz` are no permissions"):
        storage.signed_url(CONTAINER, permissions="rz", life=HOUR)


def test_a_container_url_lists_reads_and_if_asked_writes(storage):
    storage.put_bytes(CONTAINER, "listed/a", b"1")
    reader = ContainerClient.from_container_url(storage.container_url(CONTAINER, life=HOUR))
    assert [blob.name for blob in reader.list_blobs("listed/")] == ["listed/a"]
    assert reader.download_blob("listed/a").readall() == b"1"
    with pytest.raises(Exception, match="AuthorizationPermissionMismatch"):
        reader.upload_blob("listed/b", b"2")
    url = storage.container_url(CONTAINER, life=HOUR, write=True)
    ContainerClient.from_container_url(url).upload_blob("listed/b", b"2")
    assert storage.get_bytes(CONTAINER, "listed/b") == b"2"


def test_the_sdk_reads_what_was_written_and_finds_its_hash(storage, tmp_path, azurite):
    """Also of a file that went in blocks, whose hash the service does not make."""
    (tmp_path / "big").write_bytes(os.urandom(9 << 20))
    storage.put_file(CONTAINER, "hashed/big", tmp_path / "big")
    storage.put_bytes(CONTAINER, "hashed/small", b"small")
    big, small = storage.list_blobs(CONTAINER, "hashed/")
    client = BlobClient.from_connection_string(azurite.connection_string, CONTAINER, big.name)
    assert client.get_blob_properties().content_settings.content_md5 == big.md5
    assert base64.b64encode(small.md5) == b"61wTmahxIRx+ftcy0V46iw=="


@pytest.mark.parametrize("named", [True, False])
def test_an_account_is_opened_by_url_and_key(azurite, named):
    key = AzureNamedKeyCredential(azurite.account, azurite.key) if named else azurite.key
    storage = AzureBlob(azurite.url + "/", key)
    storage.create_container("by-key")
    assert list(storage.list_blobs("by-key")) == []
    assert storage.blob_url("by-key", "a", life=HOUR).startswith(f"{azurite.url}/by-key/a?")


@pytest.mark.parametrize(
    ("suffix", "host"),
    [
        ("EndpointSuffix=core.chinacloudapi.cn", "hydro.blob.core.chinacloudapi.cn"),
        ("EndpointSuffix=core.usgovcloudapi.net", "hydro.blob.core.usgovcloudapi.net"),
        ("BlobEndpoint=https://files.example.org/", "files.example.org"),
    ],
)
def test_urls_are_of_the_accounts_own_domain(azurite, suffix, host):
    text = f"DefaultEndpointsProtocol=https;AccountName=hydro;AccountKey={azurite.key};{suffix}"
    storage = AzureBlob.from_connection_string(text)
    assert storage.account_name == "hydro"
    assert storage.blob_url("one", "a/b", life=HOUR).startswith(f"https://{host}/one/a/b?")
    assert "spr=https&" in storage.container_url("one", life=HOUR)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "AccountName=hydro", "AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"],
)
def test_a_connection_string_that_lacks_something_is_not_repeated(text):
    with pytest.raises(StorageError, match="lacks its name or its key") as caught:
        AzureBlob.from_connection_string(text)
    assert "c2VjcmV0" not in f"{caught.value.message} {caught.value.hint}"


def test_a_key_that_cannot_be_one_is_told_at_once():
    """The message does not repeat it."""
    with pytest.raises(StorageAccessError) as caught:
        AzureBlob("https://rivers.blob.core.windows.net", "zzz")
    assert str(caught.value) == "the key of storage account `rivers` is not in base64"


def test_a_wrong_key_is_told_without_any_signature(azurite):
    storage = AzureBlob(azurite.url, base64.b64encode(b"wrong").decode())
    for action in (
        lambda: storage.create_container("wrong-key"),
        lambda: storage.put_bytes("wrong-key", "a", b""),
        lambda: list(storage.list_blobs("wrong-key")),
    ):
        with pytest.raises(StorageAccessError, match="403 A") as caught:
            action()
        assert "sig=" not in caught.value.message
    assert "check the account's key, this machine's clock" in caught.value.hint
    assert "wrong" not in repr(storage)


def test_an_account_that_cannot_be_reached_is_told_so(azurite):
    storage = AzureBlob("http://127.0.0.1:9/devstoreaccount1", azurite.key, back_off=AT_ONCE)
    with pytest.raises(StorageUnavailableError, match=r"127\.0\.0\.1:9: Connection refused"):
        storage.get_bytes("some", "a")


def test_an_account_that_is_closed_says_so(azurite, tmp_path):
    storage = AzureBlob.from_connection_string(azurite.connection_string)
    storage.create_container(CONTAINER)
    storage.put_bytes(CONTAINER, "a", b"1")
    storage.close()
    for action in (
        lambda: storage.create_container(CONTAINER),
        lambda: list(storage.list_containers()),
        lambda: list(storage.list_blobs(CONTAINER)),
        lambda: storage.get_bytes(CONTAINER, "a"),
        lambda: storage.delete_prefix(CONTAINER, "a"),
    ):
        with pytest.raises(StorageError, match="to storage account `devstoreaccount1` has been cl"):
            action()


@pytest.mark.parametrize("url", ["hydro", "file:///tmp/x", ""])
def test_what_is_no_url_of_an_account_is_refused(url):
    with pytest.raises(StorageError, match="is no URL of a storage account"):
        AzureBlob(url, "a2V5")


def test_a_prefix_of_many_blobs_is_deleted_in_batches(storage):
    for number in range(300):
        storage.put_bytes(CONTAINER, f"many/{number}", b"")
    storage.delete_prefix(CONTAINER, "many/")
    assert list(storage.list_blobs(CONTAINER, "many/")) == []


def test_a_blob_that_vanishes_from_a_container_is_told_by_name(storage, tmp_path):
    with pytest.raises(BlobNotFoundError):
        storage.get_file(CONTAINER, "gone", tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_local_storage_is_used_without_the_sdk():
    """Importing it would take longer than all else of a short command."""
    script = (
        "import sys, runfleet.storage\n"
        "assert not {'azure', 'urllib3', 'requests'} & set(sys.modules), sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
