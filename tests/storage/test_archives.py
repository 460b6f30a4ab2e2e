"""Unpacking zip files, whatever is in them."""

import os
import random
import stat
import zipfile

import pytest

from runfleet.storage.archives import ArchiveError, unpack

LINK = stat.S_IFLNK | 0o777
FILE = stat.S_IFREG | 0o644
METHODS = [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.fixture
def archive(tmp_path):
    """Make a zip file of names, modes and contents."""

    def make(*members):
        path = tmp_path / "model.zip"
        with zipfile.ZipFile(path, "w") as zipped:
            for name, mode, content in members:
                member = zipfile.ZipInfo(name)
                member.external_attr = mode << 16
                zipped.writestr(member, content)
        return path

    return make


@pytest.fixture
def folder(tmp_path):
    """Where to; what lies beside it is outside."""
    return tmp_path / "it's beside" / "unpacked here"


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_file_is_told(tmp_path, folder, method):
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w", method) as zipped:
        zipped.writestr("x.txt", random.Random(1).randbytes(5000).hex())
    content = bytearray(path.read_bytes())
    content[60:80] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="the zip file cannot be unpacked"):
        unpack(path, folder)


@pytest.mark.parametrize("name", ["m/evil.txt", "m/evil/x.txt", "m/evil/"])
def test_links_that_lead_out_together_are_not_followed(archive, folder, name):
    """Each of them stays inside if the other is taken for a folder."""
    links = ("d/l", LINK, ".."), ("m", LINK, "d/l/..")
    path = archive(("d/k.txt", FILE, "k"), *links, (name, FILE, "" if name[-1] == "/" else "evil"))
    with pytest.raises(ArchiveError, match="`m` lies outside"):
        unpack(path, folder)
    assert os.listdir(folder.parent) == [folder.name]


def test_a_link_in_the_way_is_not_followed_out(archive, folder):
    folder.mkdir(parents=True)
    (folder / "out").symlink_to("..")
    with pytest.raises(ArchiveError, match="`out` lies outside"):
        unpack(archive(("out/evil.txt", FILE, "evil")), folder)
    assert os.listdir(folder.parent) == [folder.name]


def test_a_link_that_takes_the_place_of_another_is_looked_at_again(archive, folder):
    first = ("d/l", LINK, ".."), ("m", LINK, "d"), ("m/a.txt", FILE, "a")
    path = archive(*first, ("./m", LINK, "d/l/.."), ("m/evil.txt", FILE, "evil"))
    with pytest.raises(ArchiveError, match="`m` lies outside"):
        unpack(path, folder)
    assert (folder / "d/a.txt").read_text() == "a"
    assert os.listdir(folder.parent) == [folder.name]


def test_links_within_are_followed(archive, folder):
    path = archive(("lib64/", stat.S_IFDIR | 0o755, ""), ("lib", LINK, "lib64"))
    unpack(path, folder)
    unpack(archive(("lib/a/b.so", FILE, "so"), ("lib/c.so", FILE, "so")), folder)
    assert (folder / "lib64/a/b.so").read_text() == (folder / "lib64/c.so").read_text() == "so"


def test_a_folder_itself_may_be_a_link(archive, folder, tmp_path):
    folder.parent.mkdir()
    folder.symlink_to(tmp_path, target_is_directory=True)
    unpack(archive(("./", stat.S_IFDIR | 0o755, ""), ("a/b.txt", FILE, "b")), folder)
    assert (tmp_path / "a/b.txt").read_text() == "b"


@pytest.mark.parametrize("name", [".", "a/.."])
def test_a_file_cannot_be_the_folder(archive, folder, name):
    with pytest.raises(ArchiveError, match="lies outside"):
        unpack(archive((name, FILE, "x")), folder)
