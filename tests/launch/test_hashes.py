"""What files hold, learnt once."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from runfleet.launch.errors import LaunchError
from runfleet.launch.hashes import HashCache, Snapshot, hash_cache

LONG_AGO = 1_600_000_000_000_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that nobody has touched for long, as far as its times tell."""
    path = tmp_path / "input.txt"
    path.write_text("one")
    return path


@pytest.fixture(autouse=True)
def _all_are_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runfleet.launch.hashes._YOUNG_NANOSECONDS", -LONG_AGO)


def digest(content: str) -> str:
    return sha256(content.encode()).hexdigest()


def test_an_unchanged_file_is_not_read_again(file: Path, tmp_path: Path) -> None:
    with hash_cache(tmp_path / "hashes") as hashes:
        assert hashes.digest(file) == digest("one")
    with hash_cache(tmp_path / "hashes") as hashes:
        known = hashes.known[str(file)]
        hashes.known[str(file)] = (known[0], "as remembered")
        assert hashes.digest(file) == "as remembered"
        assert not hashes.changed


def test_a_file_with_the_times_of_another_is_read(file: Path) -> None:
    """As archives and `cp -p` write them."""
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    hashes = HashCache()
    hashes.digest(file)
    file.write_text("two")
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    assert hashes.digest(file) == digest("two")


def test_a_file_that_has_just_been_written_is_read_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next change may come before the clock of the file system has moved."""
    monkeypatch.setattr("runfleet.launch.hashes._YOUNG_NANOSECONDS", 3_600_000_000_000)
    hashes = HashCache()
    assert hashes.digest(file) == digest("one")
    assert not hashes.known


@pytest.mark.parametrize(
    "junk", ["[]", "{", '{"a": 3}', '{"a": [1, 2, "old"]}', '{"a": [[1, 2, 3], "b"]}']
)
def test_whatever_is_wrong_with_the_cache_files_are_hashed(
    file: Path, tmp_path: Path, junk: str
) -> None:
    (tmp_path / "hashes").write_text(junk)
    with hash_cache(tmp_path / "hashes") as hashes:
        assert hashes.digest(file) == digest("one")


def test_hashes_are_remembered_whatever_happens(file: Path, tmp_path: Path) -> None:
    with pytest.raises(LaunchError), hash_cache(tmp_path / "hashes") as hashes:
        list(map(hashes.digest, [file, tmp_path / "not there"]))
    with hash_cache(tmp_path / "hashes") as hashes:
        assert str(file) in hashes.known


def test_a_snapshot_keeps_what_a_file_held(file: Path, tmp_path: Path) -> None:
    files = Snapshot(HashCache())
    (tmp_path / "copies").mkdir()
    copy = files.copied(file, tmp_path / "copies")
    file.write_text("two, longer")
    assert files.digest(file) == files.digest(copy) == digest("one")
    with pytest.raises(LaunchError) as told:
        files.copied(file, tmp_path / "copies")
    assert told.value.message == f"`{file}` has changed while the study was submitted"


def test_a_file_that_was_found_edited_is_read_again(file: Path) -> None:
    """Not every file system tells it by the times of the file."""
    hashes = HashCache()
    assert hashes.digest(file) == digest("one")
    ((mark, _),) = hashes.known.values()
    hashes.known[str(file)] = (mark, digest("another"))
    assert hashes.digest(file) == digest("another")
    Snapshot(hashes).edited(file)
    assert hashes.digest(file) == digest("one")
