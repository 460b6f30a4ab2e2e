"""Folders go to any storage account and come back, and only what has changed is moved."""

import os
import zipfile
from functools import partial

import pytest

from runfleet.storage import (
    InvalidNameError,
    StorageError,
    Transferred,
    download_folder,
    download_zipped,
    upload_folder,
    upload_zipped,
)

CONTAINER = "study-one"
FILES = {"a.txt": b"a", "deep/er/ä b.bin": b"bb", "empty": b"", "big": os.urandom(9 << 20)}
SIZE = sum(map(len, FILES.values()))


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "here"


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("prefix", ["", "in", "in/to"])
def test_a_folder_goes_and_comes_back_with_progress(storage, folder, tmp_path, prefix):
    seen = []
    moved = upload_folder(storage, CONTAINER, folder, prefix, on_progress=seen.append)
    assert moved == Transferred(files=4, size=SIZE, unchanged=0)
    start = f"{prefix}/" if prefix else ""
    assert {blob.name for blob in storage.list_blobs(CONTAINER)} == {start + name for name in FILES}
    storage.put_bytes(CONTAINER, f"{prefix}-not/other" if prefix else "zz", b"")
    back = download_folder(storage, CONTAINER, tmp_path / "back", prefix, on_progress=seen.append)
    assert back.size == SIZE
    assert contents(tmp_path / "back").items() >= FILES.items()
    assert [(seen[-1].moved, seen[-1].total)] == [(SIZE, SIZE)]
    assert all(one.moved <= one.total for one in seen)


def test_folders_may_be_named_by_text(storage, folder, tmp_path):
    assert upload_folder(storage, CONTAINER, str(folder), "in").files == 4
    assert download_folder(storage, CONTAINER, str(tmp_path / "back"), "in").files == 4
    upload_zipped(storage, CONTAINER, "in.zip", str(folder))
    download_zipped(storage, CONTAINER, "in.zip", str(tmp_path / "unpacked"))
    assert contents(tmp_path / "back") == contents(tmp_path / "unpacked") == FILES


def test_only_what_has_changed_is_moved(storage, folder, tmp_path):
    upload_folder(storage, CONTAINER, folder, "in")
    assert upload_folder(storage, CONTAINER, folder, "in") == Transferred(0, 0, 4)
    (folder / "a.txt").write_bytes(b"A")
    (folder / "new").write_bytes(b"new")
    assert upload_folder(storage, CONTAINER, folder, "in/") == Transferred(2, 4, 3)
    assert download_folder(storage, CONTAINER, folder, "in") == Transferred(0, 0, 5)
    (folder / "big").write_bytes(b"broken")
    assert download_folder(storage, CONTAINER, folder, "in").files == 1
    assert contents(folder) == {**FILES, "a.txt": b"A", "new": b"new"}


def test_a_folder_goes_as_one_zip_file(storage, folder, tmp_path):
    (folder / "a.txt").chmod(0o755)
    first = upload_zipped(storage, CONTAINER, "zips/here.zip", folder)
    assert (first.files, first.unchanged) == (1, 0)
    assert upload_zipped(storage, CONTAINER, "zips/here.zip", folder) == Transferred(0, 0, 1)
    for _ in range(2):  # the second time over what the first has left
        download_zipped(storage, CONTAINER, "zips/here.zip", tmp_path / "back")
        assert contents(tmp_path / "back") == FILES
    assert os.access(tmp_path / "back" / "a.txt", os.X_OK)
    storage.get_file(CONTAINER, "zips/here.zip", tmp_path / "here.zip")
    assert set(zipfile.ZipFile(tmp_path / "here.zip").namelist()) == set(FILES)


def test_what_cannot_be_moved_is_told(storage, tmp_path):
    with pytest.raises(StorageError, match="there is no folder"):
        upload_folder(storage, CONTAINER, tmp_path / "missing")
    with pytest.raises(StorageError, match="there is no folder"):
        upload_zipped(storage, CONTAINER, "a.zip", tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StorageError, match="holds no file"):
        upload_zipped(storage, CONTAINER, "a.zip", tmp_path / "empty")
    storage.put_bytes(CONTAINER, "a.zip", b"no zip file")
    with pytest.raises(StorageError, match="cannot be unpacked"):
        download_zipped(storage, CONTAINER, "a.zip", tmp_path / "back")
    assert upload_folder(storage, CONTAINER, tmp_path / "empty") == Transferred(0, 0, 0)


@pytest.mark.parametrize("upload", [upload_folder, partial(upload_zipped, blob="all.zip")])
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "is no file and no folder"),
        (lambda path: path.symlink_to("nowhere"), "leads to nothing"),
        (lambda path: path.symlink_to("."), "leads back to a folder that it is in"),
    ],
)
def test_what_is_no_file_is_not_waited_for(storage, folder, upload, make, reason):
    make(folder / "deep" / "odd")
    with pytest.raises(StorageError, match=rf"odd` {reason}$"):
        upload(storage, container=CONTAINER, folder=folder)


def test_a_blob_whose_name_leads_elsewhere_is_refused(azurite, tmp_path):
    """Other programs can make such names; nothing at all is written then."""
    from azure.storage.blob import ContainerClient

    from runfleet.storage import AzureBlob

    storage = AzureBlob.from_connection_string(azurite.connection_string)
    storage.create_container("escaping")
    client = ContainerClient.from_connection_string(azurite.connection_string, "escaping")
    client.upload_blob("in/a", b"", overwrite=True)
    client.upload_blob("in/..\\..\\b", b"", overwrite=True)
    with pytest.raises(InvalidNameError):
        download_folder(storage, "escaping", tmp_path / "back", "in")
    assert not (tmp_path / "back").exists()
