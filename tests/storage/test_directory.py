"""What a folder in the place of a storage account adds."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from runfleet.storage import (
    BlobNotFoundError,
    ContainerNotFoundError,
    DirectoryStorage,
    InvalidNameError,
    StorageError,
)


@pytest.fixture
def storage(tmp_path):
    made = DirectoryStorage(tmp_path / "storage")
    made.create_container("study-one")
    return made


def test_a_blob_is_a_plain_file_that_a_user_can_look_at(storage):
    storage.put_bytes("study-one", "runs/run-1/stdout.txt", b"hello")
    assert (storage.root / "study-one/runs/run-1/stdout.txt").read_bytes() == b"hello"


def test_a_reader_sees_the_old_content_or_the_new_never_half_of_it(storage):
    contents = {bytes([letter]) * 300_000 for letter in b"ab"}
    storage.put_bytes("study-one", "a", min(contents))
    stop = threading.Event()

    def write():
        while not stop.is_set():
            for content in contents:
                storage.put_bytes("study-one", "a", content)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(storage.get_bytes("study-one", "a") in contents for _ in range(200))
    finally:
        stop.set()
        writer.join()


def test_writers_in_other_processes_and_threads_do_not_meet(storage):
    """Many writers of one new folder while its last blob is deleted over and over: none fails."""
    script = (
        "import sys; from pathlib import Path; from runfleet.storage import DirectoryStorage\n"
        "storage = DirectoryStorage(Path(sys.argv[1]))\n"
        "for n in range(400):\n"
        "    name = f'deep/folder/{sys.argv[2]}-{n}'\n"
        "    storage.put_bytes('study-one', name, b'x')\n"
        "    storage.delete_blob('study-one', name)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(storage.root), str(number)])
        for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]


def test_containers_are_made_while_others_write(storage):
    """What was being written when leftovers were looked for may be in its place since."""
    stop = threading.Event()

    def write():
        while not stop.is_set():
            storage.put_bytes("study-one", "a", b"x")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(1_000):
            storage.create_container("study-two")
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_what_is_being_written_is_never_listed_and_is_swept_when_old(storage):
    storage.put_bytes("study-one", "a", b"x")
    (partial,) = [path for path in storage.root.iterdir() if path.name.startswith(".")]
    leftover, fresh = partial / "left-by-a-killed-process", partial / "being-written"
    leftover.write_bytes(b"half")
    fresh.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(leftover, (two_days_ago, two_days_ago))
    assert [blob.name for blob in storage.list_blobs("study-one")] == ["a"]
    storage.create_container("study-two")
    assert os.listdir(partial) == ["being-written"]


def test_links_are_not_followed_out_of_the_account(storage, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x")
    (storage.root / "study-one" / "way-out").symlink_to(outside)
    assert list(storage.list_blobs("study-one")) == []


def test_a_blob_cannot_be_called_as_a_folder_of_another(storage):
    storage.put_bytes("study-one", "a/b", b"")
    with pytest.raises(StorageError, match="blob `a` cannot be written") as caught:
        storage.put_bytes("study-one", "a", b"")
    assert caught.value.hint == "in a folder a blob cannot be called as the folder of another"
    with pytest.raises(StorageError, match="blob `a/b/c` cannot be written"):
        storage.put_bytes("study-one", "a/b/c", b"")
    with pytest.raises(BlobNotFoundError):
        storage.get_bytes("study-one", "a")


def test_a_full_or_missing_source_is_a_storage_error(storage, tmp_path):
    with pytest.raises(StorageError, match=r"No such file or directory: .*no-such-file"):
        storage.put_file("study-one", "a", tmp_path / "no-such-file")


def test_a_full_disk_is_named_and_not_the_file_that_was_to_go_there(disk, tmp_path):
    """Which is what the system names first."""
    storage = DirectoryStorage(disk.folder / "storage")
    storage.create_container("study-one")
    source = tmp_path / "terrain.bin"
    source.write_bytes(bytes(1_000_000))
    disk.fill(left=0)
    with pytest.raises(StorageError) as caught:
        storage.put_file("study-one", "in/terrain.bin", source)
    assert caught.value.message == (
        "blob `in/terrain.bin` cannot be written to container `study-one`: there is no space left "
        f"in `{storage.root}`"
    )
    assert caught.value.hint == (
        "make room on that disk, and the same command goes on where it ended; or set RUNFLEET_HOME "
        "to a folder on another disk, and begin anew there"
    )
    assert list(storage.list_blobs("study-one")) == []
    disk.free()
    storage.put_file("study-one", "in/terrain.bin", source)


def test_a_lock_that_cannot_be_taken_is_a_storage_error(storage):
    (storage.root / ".lock").mkdir()
    with pytest.raises(StorageError, match=r"blob `a` cannot be written .*/\.lock"):
        storage.replace_bytes("study-one", "a", b"1", instead_of=None)


def test_what_cannot_be_a_container_is_not_listed_as_one(storage):
    storage.put_bytes("study-one", "a", b"")
    (storage.root / "No container").mkdir()
    (storage.root / "a-file").touch()
    assert list(storage.list_containers()) == ["study-one"]


def test_a_container_made_by_hand_is_one(tmp_path):
    (tmp_path / "by-hand" / "sub").mkdir(parents=True)
    (tmp_path / "by-hand" / "sub" / "file").write_text("x")
    storage = DirectoryStorage(tmp_path)
    assert [blob.name for blob in storage.list_blobs("by-hand")] == ["sub/file"]
    storage.put_bytes("by-hand", "b", b"")
    storage.delete_container("by-hand")
    assert not (tmp_path / "by-hand").exists()


@pytest.fixture
def output(tmp_path):
    """A file that nobody writes to any more."""
    path = tmp_path / "out.txt"
    path.write_text("new\n")
    return path


def test_what_is_adopted_is_the_file_itself(storage, output):
    storage.put_bytes("study-one", "r/out.txt", b"old\n")
    assert storage.adopt("study-one", "r/out.txt", str(output), largest_copy=0)
    kept = storage.root / "study-one" / "r" / "out.txt"
    assert kept.samefile(output)
    assert not list(storage.root.glob(".partial/*"))


def test_a_copy_is_adopted_of_what_somebody_else_may_write_to(storage, output):
    shared = output.with_name("shared.txt")
    shared.hardlink_to(output)
    assert not storage.adopt("study-one", "out.txt", str(output), largest_copy=3)
    assert not storage.exists("study-one", "out.txt")
    assert storage.adopt("study-one", "out.txt", str(output))
    shared.write_text("changed\n")
    assert storage.get_bytes("study-one", "out.txt") == b"new\n"


def test_nothing_is_adopted_by_a_container_that_is_not_there(storage, output):
    with pytest.raises(ContainerNotFoundError):
        storage.adopt("study-two", "out.txt", str(output))
    with pytest.raises(InvalidNameError):
        storage.adopt("study-one", "../out.txt", str(output))


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no file system that keeps any time")
def test_a_blob_from_outside_the_calendar_is_listed_at_its_end():
    """Outputs have the times that models gave them."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        storage = DirectoryStorage(Path(folder))
        storage.create_container("study-one")
        storage.put_bytes("study-one", "odd", b"")
        os.utime(storage.root / "study-one" / "odd", (10**14, 10**14))
        (blob,) = storage.list_blobs("study-one")
    assert blob.last_modified.astimezone(timezone(timedelta(hours=14))).year == 9999
