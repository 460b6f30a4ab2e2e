"""What every storage account does; each implementation runs the whole suite."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfleet.storage import (
    BlobNotFoundError,
    ContainerNotFoundError,
    ContentChangedError,
    DirectoryStorage,
    InvalidNameError,
    StorageError,
)

CONTAINER = "study-one"


def names(storage, prefix=""):
    return [blob.name for blob in storage.list_blobs(CONTAINER, prefix)]


def test_a_blob_is_read_back_whole_and_in_part(storage):
    storage.put_bytes(CONTAINER, "runs/1/out.txt", b"0123456789")
    assert storage.get_bytes(CONTAINER, "runs/1/out.txt") == b"0123456789"
    assert storage.get_bytes(CONTAINER, "runs/1/out.txt", offset=7) == b"789"
    assert storage.get_bytes(CONTAINER, "runs/1/out.txt", offset=2, length=3) == b"234"
    assert storage.get_bytes(CONTAINER, "runs/1/out.txt", offset=100, length=3) == b""
    assert storage.get_bytes(CONTAINER, "runs/1/out.txt", offset=9, length=10**12) == b"9"


def test_only_a_folder_of_this_machine_answers_at_once(storage):
    assert storage.is_remote is not isinstance(storage, DirectoryStorage)


def test_putting_again_replaces(storage):
    storage.put_bytes(CONTAINER, "a", b"a long content")
    storage.put_bytes(CONTAINER, "a", b"short")
    assert storage.get_bytes(CONTAINER, "a") == b"short"


def test_a_blob_is_replaced_by_who_knows_what_it_holds(storage):
    assert storage.replace_bytes(CONTAINER, "a b#", b"1", instead_of=None)
    assert not storage.replace_bytes(CONTAINER, "a b#", b"2", instead_of=None)
    assert not storage.replace_bytes(CONTAINER, "a b#", b"2", instead_of=b"0")
    assert storage.get_bytes(CONTAINER, "a b#") == b"1"
    assert storage.replace_bytes(CONTAINER, "a b#", b"2", instead_of=b"1")
    assert storage.get_bytes(CONTAINER, "a b#") == b"2"
    storage.delete_blob(CONTAINER, "a b#")
    assert not storage.replace_bytes(CONTAINER, "a b#", b"3", instead_of=b"2")


@pytest.mark.parametrize("there", [None, b"", b"before"])
def test_of_many_who_replace_a_blob_one_does(storage, there):
    if there is not None:
        storage.put_bytes(CONTAINER, "a", there)
    contents = [str(number).encode() for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        written = list(
            threads.map(
                lambda content: storage.replace_bytes(CONTAINER, "a", content, instead_of=there),
                contents,
            )
        )
    assert storage.get_bytes(CONTAINER, "a") == contents[written.index(True)]
    assert written.count(True) == 1


def test_a_file_put_is_a_copy(storage, tmp_path):
    """Editing the original, or the file gotten, leaves the blob alone."""
    original = tmp_path / "it's mine.inp"
    original.write_text("before")
    storage.put_file(CONTAINER, "in/it's mine.inp", original)
    original.write_text("after")
    gotten = tmp_path / "new" / "folder" / "copy.inp"
    storage.get_file(CONTAINER, "in/it's mine.inp", gotten)
    assert gotten.read_text() == "before"
    gotten.write_text("changed")
    assert storage.get_bytes(CONTAINER, "in/it's mine.inp") == b"before"
    assert os.listdir(gotten.parent) == ["copy.inp"]


def test_files_may_be_named_by_text_or_by_path(storage, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one").write_bytes(b"1")
    storage.put_file(CONTAINER, "a", "one")
    storage.put_files(CONTAINER, [("one", "b"), (tmp_path / "one", "c")])
    a, b, c = storage.list_blobs(CONTAINER)
    assert storage.has_content(CONTAINER, a, "one")
    storage.get_file(CONTAINER, "a", "two")
    storage.get_files(CONTAINER, [(b, "three"), (c, tmp_path / "new" / "four")])
    files = [tmp_path / "two", tmp_path / "three", tmp_path / "new" / "four"]
    assert [file.read_bytes() for file in files] == [b"1"] * 3


def test_a_folder_is_no_file_to_put(storage, tmp_path):
    with pytest.raises(StorageError) as caught:
        storage.put_file(CONTAINER, "g.bin", tmp_path)
    assert caught.value.message == (
        f"blob `g.bin` cannot be written to container `{CONTAINER}`: `{tmp_path}` is a folder"
    )
    assert caught.value.hint == (
        "`upload_folder` uploads a whole folder, `upload_zipped` as one zip file"
    )


def test_many_blobs_are_copied_to_files_in_new_folders(storage, tmp_path):
    contents = {"a/empty": b"", "a/small": b"1", "b": b"x" * 3_000_000}
    for name, content in contents.items():
        storage.put_bytes(CONTAINER, name, content)
    (tmp_path / "b").write_bytes(b"an older and longer one")
    listed = storage.list_blobs(CONTAINER)
    storage.get_files(CONTAINER, ((blob, str(tmp_path / blob.name)) for blob in listed))
    assert {name: (tmp_path / name).read_bytes() for name in contents} == contents


def test_names_may_be_as_long_as_azure_allows(storage, tmp_path):
    blob = "x" * 254
    storage.put_bytes(CONTAINER, blob, b"1")
    storage.get_file(CONTAINER, blob, tmp_path / "one" / blob)
    storage.get_files(CONTAINER, [(next(storage.list_blobs(CONTAINER)), tmp_path / "many" / blob)])
    assert (tmp_path / "one" / blob).read_bytes() == b"1"
    assert (tmp_path / "many" / blob).read_bytes() == b"1"
    assert os.listdir(tmp_path / "one") == [blob]


def test_a_blob_that_is_gone_when_many_are_copied_is_named(storage, tmp_path):
    storage.put_bytes(CONTAINER, "gone", b"1")
    listed = list(storage.list_blobs(CONTAINER))
    storage.delete_blob(CONTAINER, "gone")
    with pytest.raises(BlobNotFoundError, match="`gone`"):
        storage.get_files(CONTAINER, [(blob, str(tmp_path / blob.name)) for blob in listed])


def test_many_files_are_put_in_one_call(storage, tmp_path):
    contents = {f"deep/{number}": b"x" * number for number in range(30)}
    for number, content in enumerate(contents.values()):
        (tmp_path / str(number)).write_bytes(content)
    moved = []
    files = ((str(tmp_path / str(number)), name) for number, name in enumerate(contents))
    storage.put_files(CONTAINER, files, on_bytes=moved.append)
    assert {name: storage.get_bytes(CONTAINER, name) for name in contents} == contents
    assert sum(moved) == sum(map(len, contents.values()))


@pytest.mark.parametrize("size", [0, 7, 9 << 20])
def test_a_file_that_was_edited_is_not_put(storage, tmp_path, size):
    """Nothing ever has the name that tells another content."""
    path = tmp_path / "a"
    path.write_bytes(bytes(size))
    digest = hashlib.sha256(bytes(size)).hexdigest()
    storage.put_file(CONTAINER, "there", path, sha256=digest)
    assert storage.get_bytes(CONTAINER, "there") == bytes(size)
    path.write_bytes(bytes(size) + b"1")
    with pytest.raises(ContentChangedError, match="has changed since it was looked at") as caught:
        storage.put_files(CONTAINER, [(str(path), "new")], sha256={"new": digest})
    assert caught.value.path == path
    assert names(storage) == ["there"]
    storage.put_files(CONTAINER, [(path, "new")], sha256={"other": digest})
    assert names(storage) == ["new", "there"]


def test_a_blob_is_copied_to_another_place(storage):
    storage.put_bytes(CONTAINER, "ä b/c", b"content")
    storage.put_bytes(CONTAINER, "there", b"older and longer")
    storage.copy_blob(CONTAINER, "ä b/c", CONTAINER, "there")
    assert storage.get_bytes(CONTAINER, "there") == b"content"
    with pytest.raises(BlobNotFoundError, match="`missing`"):
        storage.copy_blob(CONTAINER, "missing", CONTAINER, "there")
    with pytest.raises(ContainerNotFoundError, match="not-there"):
        storage.copy_blob(CONTAINER, "there", "not-there", "a")


def test_content_is_told_from_other_content_of_the_same_size(storage, tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    storage.put_file(CONTAINER, "a", tmp_path / "a")
    (blob,) = storage.list_blobs(CONTAINER, "a")
    assert storage.has_content(CONTAINER, blob, tmp_path / "a")
    (tmp_path / "a").write_bytes(b"CONTENT")
    assert not storage.has_content(CONTAINER, blob, tmp_path / "a")


def test_content_is_told_from_other_content_of_the_same_size_and_time(storage, tmp_path):
    """As archives and `cp -p` write, and however often it is asked for."""
    path = tmp_path / "a"
    path.write_bytes(b"content")
    os.utime(path, (1e9, 1e9))
    storage.put_file(CONTAINER, "a", path)
    (blob,) = storage.list_blobs(CONTAINER, "a")
    assert storage.has_content(CONTAINER, blob, path)
    path.write_bytes(b"CONTENT")
    os.utime(path, (1e9, 1e9))
    assert not storage.has_content(CONTAINER, blob, path)


def test_large_content_is_compared_to_its_end(storage, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(300_000))
    storage.put_file(CONTAINER, "a", path)
    (blob,) = storage.list_blobs(CONTAINER, "a")
    assert storage.has_content(CONTAINER, blob, path)
    path.write_bytes(bytes(299_999) + b"1")
    assert not storage.has_content(CONTAINER, blob, path)


def test_a_listing_is_sorted_by_name_and_tells_sizes(storage):
    for name in ["b", "a/c", "a-b", "a/b/c", "a0", "a.b"]:
        storage.put_bytes(CONTAINER, name, name.encode())
    assert names(storage) == sorted(["b", "a/c", "a-b", "a/b/c", "a0", "a.b"])
    assert [blob.size for blob in storage.list_blobs(CONTAINER, "a/")] == [5, 3]
    age = datetime.now(UTC) - next(storage.list_blobs(CONTAINER)).last_modified
    assert abs(age) < timedelta(minutes=1)


def test_a_prefix_may_end_within_a_name(storage):
    for name in ["runs/j/run-1/out", "runs/j/run-10/out", "runs/j/run-2/out", "runs/k/run-1/out"]:
        storage.put_bytes(CONTAINER, name, b"")
    assert names(storage, "runs/j/run-1") == ["runs/j/run-1/out", "runs/j/run-10/out"]
    assert names(storage, "runs/j/run-1/") == ["runs/j/run-1/out"]
    assert names(storage, "nothing/here") == []


@pytest.mark.parametrize("count", [3, 60])
def test_folders_are_listed_each_with_its_blobs(storage, count):
    """Whether they are few or many: those that are asked for, and an empty one with nothing."""
    folders = [f"run-{number}" for number in range(count)]
    for name in [*folders, "run-", f"run-{count}"]:
        storage.put_bytes(CONTAINER, f"runs/j/{name}/deep/out", name.encode())
    storage.put_bytes(CONTAINER, "runs/j/run-1/log", b"")
    storage.put_bytes(CONTAINER, "runs/j/file", b"")
    listed = dict(storage.list_folders(CONTAINER, "runs/j/", ["none", *folders]))
    assert listed.keys() == {"none", *folders}
    assert listed["none"] == []
    assert [blob.name for blob in listed["run-1"]] == ["runs/j/run-1/deep/out", "runs/j/run-1/log"]
    assert [blob.size for blob in listed["run-2"]] == [5]


def test_deleted_blobs_are_gone_and_deleting_twice_is_fine(storage):
    storage.put_bytes(CONTAINER, "a/b/c", b"1")
    storage.put_bytes(CONTAINER, "a/d", b"2")
    storage.delete_blob(CONTAINER, "a/b/c")
    storage.delete_blob(CONTAINER, "a/b/c")
    assert not storage.exists(CONTAINER, "a/b/c")
    assert storage.exists(CONTAINER, "a/d")
    storage.put_bytes(CONTAINER, "a/b", b"a blob where there was a folder")
    assert names(storage) == ["a/b", "a/d"]


def test_a_prefix_is_deleted_without_its_neighbours(storage):
    for name in ["runs/1/a", "runs/1/b/c", "runs/10/a", "inputs/x"]:
        storage.put_bytes(CONTAINER, name, b"")
    storage.delete_prefix(CONTAINER, "runs/1/")
    assert names(storage) == ["inputs/x", "runs/10/a"]


def test_containers_are_made_and_deleted_any_number_of_times(storage):
    storage.put_bytes(CONTAINER, "a", b"kept")
    storage.create_container(CONTAINER)
    assert names(storage) == ["a"]
    storage.delete_container(CONTAINER)
    storage.delete_container(CONTAINER)
    with pytest.raises(ContainerNotFoundError, match="there is no container `study-one`"):
        storage.list_blobs(CONTAINER)


def test_containers_are_listed(storage):
    storage.create_container("another")
    assert {"another", CONTAINER} <= set(storage.list_containers())
    storage.delete_container("another")
    assert "another" not in set(storage.list_containers())


def test_what_is_not_there_is_told_by_name(storage, tmp_path):
    with pytest.raises(
        BlobNotFoundError, match="there is no blob `no/such` in container `study-one`"
    ):
        storage.get_bytes(CONTAINER, "no/such")
    with pytest.raises(BlobNotFoundError):
        storage.get_file(CONTAINER, "no/such", tmp_path / "x")
    with pytest.raises(ContainerNotFoundError):
        storage.put_bytes("not-there", "a", b"")
    with pytest.raises(ContainerNotFoundError):
        storage.get_bytes("not-there", "a")


@pytest.mark.parametrize(
    "container", ["", "ab", "Upper", "a_b", "-abc", "abc-", "a--b", "a" * 64, "../up", "a/b"]
)
def test_container_names_are_azures(storage, container):
    with pytest.raises(InvalidNameError):
        storage.create_container(container)


@pytest.mark.parametrize(
    "blob",
    ["", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/.", "a.", "a\\b", "a\0", "a\nb", "y" * 255],
)
def test_blob_names_are_azures_and_stay_inside(storage, blob):
    with pytest.raises(InvalidNameError):
        storage.put_bytes(CONTAINER, blob, b"")
    with pytest.raises(InvalidNameError):
        storage.get_bytes(CONTAINER, blob)


SEGMENTS = st.text(st.characters(exclude_categories=["C"], exclude_characters="\\/"), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join))
def test_any_name_is_refused_or_listed_as_it_was_given(storage, name):
    try:
        storage.put_bytes(CONTAINER, name, b"x")
    except StorageError:
        return
    assert names(storage, name) == [name]
    storage.delete_blob(CONTAINER, name)
    assert names(storage) == []


@pytest.mark.parametrize("life", [timedelta(0), timedelta(days=-1), 5, None])
def test_urls_work_for_some_time(storage, life):
    storage.put_bytes(CONTAINER, "a", b"1")
    for url in (
        lambda: storage.blob_url(CONTAINER, "a", life=life),
        lambda: storage.container_url(CONTAINER, life=life),
    ):
        with pytest.raises(StorageError) as caught:
            url()
        assert caught.value.message == f"a URL cannot work for `{life!r}`"
        assert "life=timedelta(days=2)" in caught.value.hint
