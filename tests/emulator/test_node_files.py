"""Lists of the files of a node."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import pytest

from runfleet.emulator.node_files import walk
from runfleet.wire.files import file_json

NAMES = [
    b"a",
    b"a-b",
    b"a.d",
    b"a.d/x",
    b"a/b",
    b"a/b.txt",
    b"a/b/c",
    b"a0",
    b"d\xff",
    b"d\xff/x",
    b"d\xc3\xa4",
    b"empty",
]
"""The keys of a folder's files; its folders are those with others below them, and `empty`."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / os.fsdecode(name)
        if name == b"empty" or any(other.startswith(name + b"/") for other in NAMES):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return tmp_path


def keys(folder: Path, after: str = "", *, recursive: bool = True) -> list[str]:
    return [key for key, _ in walk(folder, recursive=recursive, after=after)]


def test_whole_names_are_sorted_by_their_bytes(folder: Path) -> None:
    assert keys(folder) == sorted(name.decode("latin-1") for name in NAMES)
    assert keys(folder, recursive=False) == [key for key in keys(folder) if "/" not in key]


@pytest.mark.parametrize("recursive", [True, False])
def test_a_list_goes_on_behind_any_name(folder: Path, recursive: bool) -> None:
    """Also behind one that is gone by now, or never was."""
    whole = keys(folder, recursive=recursive)
    for after in ["", "a/", "a/b/b", "a/b/d", "a0/", "b", "z", "\u20ac", *keys(folder)]:
        shown = after.encode("latin-1", errors="replace").decode("latin-1")
        expected = [key for key in whole if key > shown]
        assert keys(folder, after, recursive=recursive) == expected


def test_a_list_reads_no_further_than_it_is_asked_for(folder: Path) -> None:
    """What is made meanwhile in folders further on is in it."""
    list_ = walk(folder, recursive=True)
    assert [key for key, _ in itertools.islice(list_, 2)] == ["a", "a-b"]
    (folder / "a/new").touch()
    assert "a/new" in [key for key, _ in list_]


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no file system that keeps any time")
@pytest.mark.parametrize(("seconds", "year"), [(10**14, 9999), (-(10**14), 1)])
def test_a_file_from_outside_the_calendar_is_listed_at_its_end(seconds: int, year: int) -> None:
    """A program that writes nonsense into a time costs nobody the list."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        Path(folder, "odd").touch()
        os.utime(Path(folder, "odd"), (seconds, seconds))
        ((key, info),) = walk(Path(folder), recursive=True)
    assert (key, info.last_modified.year) == ("odd", year)
    assert file_json(info, folder_url="")["properties"]["lastModified"].startswith(f"{year:04}-")
